/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Talks to the kernel module. A device is known to it by ifindex and by a
 * cookie that no other device ever has: what is meant for a device that has
 * gone cannot reach one that came in its place. */

#include <cordon-config.h>
#include "dataplane/guard/module.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "dataplane/guard/message.h"
#include "dataplane/guard/private.h"
#include "dataplane/guard/record.h"
#include "lib/arena.h"
#include "lib/nlattr.h"
#include "lib/nlsock.h"
#include "plan/object.h"
#include "plan/plan.h"
#include "policy/policy.h"
#include "util.h"

/* A device as the module last showed it. */
struct life {
    uint32_t ifindex;
    uint64_t cookie;
    bool guest; /* Of that kind, as far as it is told. */
    char name[IFNAMSIZ];
};

static struct {
    struct nlsock *sock, *monitor;
    uint16_t family;    /* 0: not loaded. */
    uint32_t mark_mask; /* As last read. */
    struct life *lives; /* By ifindex. */
    size_t n_lives, allocated_lives;
} self;

const char *const module_limits[] = {
    "what runs ahead of the netdev hooks: XDP and tc at ingress; a port that "
    "has either is blocked, which happens within a second",
    NULL,
};

int
module_open(void)
{
    static const int group = GENL_ID_CTRL; /* "notify". */
    int error = nlsock_open(NETLINK_GENERIC, &self.sock);

    if (!error) {
        error = nlsock_open(NETLINK_GENERIC, &self.monitor);
    }
    if (!error
        && setsockopt(nlsock_fd(self.monitor), SOL_NETLINK,
                      NETLINK_ADD_MEMBERSHIP, &group, sizeof group)) {
        error = -errno;
    }
    if (error) {
        module_close();
    }
    return error;
}

void
module_close(void)
{
    nlsock_close(self.sock);
    nlsock_close(self.monitor);
    free(self.lives);
    memset(&self, 0, sizeof self);
}

struct nlsock *
module_sock(void)
{
    return self.sock;
}

bool
module_changed(void)
{
    return nlsock_drain(self.monitor, NULL, NULL);
}

int
module_fd(void)
{
    return nlsock_fd(self.monitor);
}

/* What is. */

struct reading {
    const struct plan *plan;
    struct arena *arena;
    struct objects *os;
    struct module_segment segment; /* The last ones read. */
    struct module_port port;
};

static int
read_family(const struct nlmsghdr *nlh, void *family_)
{
    struct nlattr *tb[CTRL_ATTR_MAX + 1];
    uint16_t *family = family_;
    int error =
        nlsock_parse(nlh, sizeof(struct genlmsghdr), tb, CTRL_ATTR_MAX, NULL);

    if (!error) {
        *family = attr_u16(tb[CTRL_ATTR_FAMILY_ID], 0);
    }
    return error;
}

/* It has another number each time that it is loaded. */
int
module_find_family(uint16_t *ret_family)
{
    struct genlmsghdr genl = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 };
    struct nl_msg *msg;
    int error;

    msg = nlsock_msg(GENL_ID_CTRL, NLM_F_REQUEST | NLM_F_ACK, &genl,
                     sizeof genl);
    put_string(msg, CTRL_ATTR_FAMILY_NAME, CORDON_GENL_NAME);
    self.family = 0;
    error = nlsock_get(self.sock, msg, read_family, &self.family);
    *ret_family = self.family;
    return error == -ENOENT ? 0 : error;
}

static int
read_host(const struct nlmsghdr *nlh, void *reading_)
{
    struct reading *r = reading_;
    struct nlattr *tb[CORDON_A_MAX + 1];
    struct module_host host;
    int error = module_attributes(nlh, tb);

    error = error ? error : module_read_host(tb, r->arena, &host);
    if (!error) {
        self.mark_mask = host.mark_mask;
        objects_add(r->os, &(struct object){
                               .kind = OBJECT_MODULE_HOST,
                               .text = module_host_text(&host, r->arena),
                           });
    }
    return error;
}

static int
read_segment(const struct nlmsghdr *nlh, void *reading_)
{
    struct reading *r = reading_;
    struct nlattr *tb[CORDON_A_MAX + 1];
    uint32_t last = r->segment.id;
    int error = module_attributes(nlh, tb);

    error = error ? error : module_read_segment(tb, r->arena, &r->segment);
    if (!error) {
        r->os->n -= r->segment.id == last; /* Continued. */
        module_add_segment(r->os, &r->segment, r->arena);
    }
    return error;
}

static bool
is_planned(const struct plan *plan, uint32_t ifindex)
{
    if (plan_port_by_ifindex(plan, ifindex)) {
        return true;
    }
    for (size_t i = 0; i < plan->n_strays; i++) {
        if (plan->strays[i].ifindex == ifindex) {
            return true;
        }
    }
    return false;
}

/* True if the port of that device is to pass nothing. */
static bool
is_to_be_closed(const struct plan *plan, uint32_t ifindex)
{
    const struct plan_port *port = plan_port_by_ifindex(plan, ifindex);

    return port ? plan_port_closed(plan, port) != NULL
                : is_planned(plan, ifindex);
}

/* Notes the life of a device. */
static const struct life *
read_life(struct nlattr **tb, uint32_t ifindex)
{
    const struct nlattr *cookie = tb[CORDON_A_PORT_COOKIE];
    const struct nlattr *name = tb[CORDON_A_PORT_NAME];
    struct life *life;

    if (self.n_lives == self.allocated_lives) {
        self.lives =
            x2nrealloc(self.lives, &self.allocated_lives, sizeof *self.lives);
    }
    life = &self.lives[self.n_lives++];
    *life = (struct life){
        .ifindex = ifindex,
        .guest = attr_u8(tb[CORDON_A_PORT_KIND], CORDON_PORT_GUEST)
                 == CORDON_PORT_GUEST,
    };
    if (cookie && nla_len(cookie) == sizeof life->cookie) {
        life->cookie = nla_get_u64(cookie);
    }
    if (name) {
        snprintf(life->name, sizeof life->name, "%.*s", nla_len(name),
                 (const char *) nla_data(name));
    }
    return life;
}

static int
read_port(const struct nlmsghdr *nlh, void *reading_)
{
    struct reading *r = reading_;
    struct nlattr *tb[CORDON_A_MAX + 1];
    uint32_t last = r->port.ifindex;
    const struct life *life;
    int error = module_attributes(nlh, tb);

    error = error ? error : module_read_port(tb, r->arena, &r->port);
    if (error) {
        return error;
    }
    if (r->port.state == CORDON_PORT_BLOCKED
        && is_to_be_closed(r->plan, r->port.ifindex)) {
        r->port.state = CORDON_PORT_QUARANTINED; /* That it is, too. */
    }
    if (r->port.ifindex == last) {
        struct object *o = &r->os->v[r->os->n - 1];

        o->text = module_port_text(&r->port, r->arena); /* Continued. */
        return 0;
    }
    life = read_life(tb, r->port.ifindex);
    if (r->port.state == CORDON_PORT_GUARDED || !life->guest
        || is_planned(r->plan, r->port.ifindex)) {
        module_add_port(r->os, &r->port, arena_strdup(r->arena, life->name),
                        r->arena);
    }
    return 0;
}

static int
compare_lives(const void *a_, const void *b_)
{
    const struct life *a = a_, *b = b_;

    return a->ifindex < b->ifindex ? -1 : a->ifindex > b->ifindex;
}

int
module_observe(const struct plan *plan, struct arena *arena,
               struct objects *os)
{
    struct reading r = { .plan = plan, .arena = arena, .os = os };
    uint16_t family;
    int error = module_find_family(&family);

    self.n_lives = 0;
    if (error || !family) {
        return error;
    }
    error =
        nlsock_get(self.sock, module_message(self.family, CORDON_CMD_HOST_GET),
                   read_host, &r);
    if (!error) {
        error = nlsock_dump(
            self.sock, module_message(self.family, CORDON_CMD_SEGMENT_GET),
            read_segment, &r);
    }
    if (!error) {
        error = nlsock_dump(self.sock,
                            module_message(self.family, CORDON_CMD_PORT_GET),
                            read_port, &r);
    }
    if (self.n_lives) {
        qsort(self.lives, self.n_lives, sizeof *self.lives, compare_lives);
    }
    return error;
}

/* Changes. */

static const struct life *
find_life(uint32_t ifindex)
{
    struct life key = { .ifindex = ifindex };

    return self.n_lives ? bsearch(&key, self.lives, self.n_lives, sizeof key,
                                  compare_lives)
                        : NULL;
}

/* What 'plan' asks for on the device of 'o', which is wanted. */
static void
wanted_port(const struct plan *plan, const struct object *o,
            struct arena *arena, struct module_port *p)
{
    const struct plan_port *port = plan_port_by_ifindex(plan, o->ifindex);

    if (port) {
        module_port_of(plan, port, arena, p);
        return;
    }
    *p = (struct module_port){ .ifindex = o->ifindex, .state = o->value[0] };
    p->kind = o->ifindex == plan->uplink   ? CORDON_PORT_UPLINK
              : o->ifindex == plan->bridge ? CORDON_PORT_HOST
                                           : CORDON_PORT_GUEST;
}

/* The module lets go of a guest's device only if nftables hold it. What no
 * plan knows any more may be a guest's still: it goes into quarantine. */
static void
del_port(const struct plan *plan, uint32_t ifindex, const struct life *life,
         uint32_t tag)
{
    struct nl_msg *msg = module_message(self.family, CORDON_CMD_PORT_DEL);

    put_u32(msg, CORDON_A_PORT_IFINDEX, ifindex);
    if (life) {
        put_attr(msg, CORDON_A_PORT_COOKIE, &life->cookie,
                 sizeof life->cookie);
    }
    if ((life && !life->guest)
        || (plan->host->guard == GUARD_NFTABLES
            && is_planned(plan, ifindex))) {
        put_attr(msg, CORDON_A_PORT_RELEASE, NULL, 0);
    }
    nlsock_queue(self.sock, msg, tag);
}

static int
put_port(const struct plan *plan, const struct change *c, struct arena *arena,
         uint32_t tag, const char **ret_message)
{
    const struct object *o = change_object(c);
    const struct life *life = find_life(o->ifindex);
    struct module_port port;

    if (!c->want) {
        del_port(plan, o->ifindex, life, tag);
        return 0;
    }
    if (life && o->device && strcmp(life->name, o->device)) {
        *ret_message = arena_printf(arena, "the device is now %s", life->name);
        return -ESTALE;
    }
    wanted_port(plan, o, arena, &port);
    module_queue_port(self.sock, self.family, &port, life ? life->cookie : 0,
                      tag);
    return 0;
}

/* The module takes another mask only while no port is guarded. */
static void
put_host(const struct plan *plan, struct arena *arena, uint32_t tag)
{
    struct module_host host;

    module_host_of(plan, arena, &host);
    for (size_t i = 0; host.mark_mask != self.mark_mask && i < self.n_lives;
         i++) {
        struct module_port closed = { .ifindex = self.lives[i].ifindex };

        module_queue_port(self.sock, self.family, &closed,
                          self.lives[i].cookie, tag);
    }
    module_queue_host(self.sock, self.family, &host, tag);
}

static void
put_segment(const struct plan *plan, const struct change *c,
            struct arena *arena, uint32_t tag)
{
    struct module_segment segment;
    struct nl_msg *msg;

    for (size_t i = 0; c->want && i < plan->n_segments; i++) {
        if (plan->segments[i].id == c->want->segment) {
            module_segment_of(plan, &plan->segments[i], arena, &segment);
            module_queue_segment(self.sock, self.family, &segment, tag);
        }
    }
    if (!c->want) {
        msg = module_message(self.family, CORDON_CMD_SEGMENT_DEL);
        put_u32(msg, CORDON_A_SEGMENT_ID, c->have->segment);
        nlsock_queue(self.sock, msg, tag);
    }
}

int
module_put(const struct plan *plan, const struct change *c,
           struct arena *arena, uint32_t tag, const char **ret_message)
{
    if (!self.family) {
        *ret_message = "the kernel module \"cordon\" is not loaded; load it, "
                       "or write \"guard: auto\" under \"host\"";
        return -EOPNOTSUPP;
    }
    switch (change_object(c)->kind) {
    case OBJECT_MODULE_HOST:
        if (c->want) {
            put_host(plan, arena, tag);
        }
        return 0;

    case OBJECT_MODULE_SEGMENT:
        put_segment(plan, c, arena, tag);
        return 0;

    case OBJECT_MODULE_PORT:
        return put_port(plan, c, arena, tag, ret_message);

    default:
        OVS_NOT_REACHED();
    }
}
