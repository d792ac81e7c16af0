/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Puts records into messages and reads them back. Called by module.c. */

#include <cordon-config.h>
#include "dataplane/guard/message.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/guard/record.h"
#include "lib/arena.h"
#include "lib/nlattr.h"
#include "lib/nlsock.h"
#include "util.h"

/* Elements of lists in one message, so that it fits into a page. */
#define ELEMENTS_MAX 64

struct nl_msg *
module_message(uint16_t family, uint8_t command)
{
    struct genlmsghdr genl = {
        .cmd = command,
        .version = CORDON_GENL_VERSION,
    };

    return nlsock_msg(family, NLM_F_REQUEST | NLM_F_ACK, &genl, sizeof genl);
}

/* One list of a request. */
struct list {
    int attr, element; /* CORDON_A_*. */
    const void *v;
    size_t n, size; /* Elements, and bytes of each. */
};

/* A request that is being queued: as one message, or as a table if its lists
 * are long. */
struct request {
    struct nlsock *sock;
    uint16_t family;
    uint8_t command;
    bool table;
    uint32_t tag;
    struct nl_msg *msg;
};

static void
begin(struct request *r, const struct list *lists, size_t n_lists)
{
    size_t n = 0;

    for (size_t i = 0; i < n_lists; i++) {
        n += lists[i].n;
    }
    r->table = n > ELEMENTS_MAX;
    r->msg = module_message(r->family,
                            r->table ? CORDON_CMD_TABLE_BEGIN : r->command);
    if (r->table) {
        put_u16(r->msg, CORDON_A_TABLE, r->command);
    }
}

static void
send_message(struct request *r)
{
    nlsock_queue(r->sock, r->msg, r->tag);
}

/* Puts the lists and queues all. */
static void
finish(struct request *r, const struct list *lists, size_t n_lists)
{
    size_t room = ELEMENTS_MAX;

    for (size_t i = 0; i < n_lists; i++) {
        const struct list *l = &lists[i];
        size_t done = 0;

        while (done < l->n) {
            size_t n = MIN(room, l->n - done);
            struct nlattr *nest;

            if (!n) {
                send_message(r);
                r->msg = module_message(r->family, CORDON_CMD_TABLE_ADD);
                room = ELEMENTS_MAX;
                continue;
            }
            nest = put_nest(r->msg, l->attr);
            for (size_t j = 0; j < n; j++) {
                put_attr(r->msg, l->element,
                         (const char *) l->v + (done + j) * l->size, l->size);
            }
            nla_nest_end(r->msg, nest);
            done += n;
            room -= n;
        }
    }
    send_message(r);
    if (r->table) {
        r->msg = module_message(r->family, CORDON_CMD_TABLE_COMMIT);
        send_message(r);
    }
}

#define PREFIXES(ATTR, V, N)                                      \
    {                                                             \
        ATTR, CORDON_A_PREFIX, V, N, sizeof(struct cordon_prefix) \
    }
#define PAIRS(ATTR, V, N)                                     \
    {                                                         \
        ATTR, CORDON_A_PAIR, V, N, sizeof(struct cordon_pair) \
    }
#define MACS(ATTR, V, N)                                  \
    {                                                     \
        ATTR, CORDON_A_MAC, V, N, sizeof(struct eth_addr) \
    }

#define MEMBERS(ATTR, V, N)                                       \
    {                                                             \
        ATTR, CORDON_A_MEMBER, V, N, sizeof(struct cordon_member) \
    }

/* The underlay has no table: a policy's has no more prefixes than fit. */
void
module_queue_host(struct nlsock *sock, uint16_t family,
                  const struct module_host *h, uint32_t tag)
{
    const struct list lists[] = {
        PREFIXES(CORDON_A_HOST_UNDERLAY, h->underlay, h->n_underlay),
    };
    struct request r = {
        .sock = sock,
        .family = family,
        .command = CORDON_CMD_HOST_SET,
        .tag = tag,
    };

    begin(&r, lists, ARRAY_SIZE(lists));
    put_u32(r.msg, CORDON_A_HOST_MARK_MASK, h->mark_mask);
    put_attr(r.msg, CORDON_A_HOST_BRIDGE_MAC, h->bridge_mac.ea,
             sizeof h->bridge_mac.ea);
    finish(&r, lists, ARRAY_SIZE(lists));
}

void
module_queue_segment(struct nlsock *sock, uint16_t family,
                     const struct module_segment *s, uint32_t tag)
{
    const struct list lists[] = {
        PREFIXES(CORDON_A_SEGMENT_BROADCAST, s->broadcasts, s->n_broadcasts),
        PAIRS(CORDON_A_SEGMENT_BELIEVED, s->believed, s->n_believed),
        MACS(CORDON_A_SEGMENT_GATEWAYS, s->gateways, s->n_gateways),
        PREFIXES(CORDON_A_SEGMENT_DECLARED, s->declared, s->n_declared),
        MACS(CORDON_A_SEGMENT_TRUSTED, s->trusted, s->n_trusted),
        MEMBERS(CORDON_A_SEGMENT_MEMBERS, s->members, s->n_members),
    };
    struct request r = {
        .sock = sock,
        .family = family,
        .command = CORDON_CMD_SEGMENT_SET,
        .tag = tag,
    };

    begin(&r, lists, ARRAY_SIZE(lists));
    put_u32(r.msg, CORDON_A_SEGMENT_ID, s->id);
    put_u16(r.msg, CORDON_A_SEGMENT_VLAN, s->vlan);
    finish(&r, lists, ARRAY_SIZE(lists));
}

void
module_queue_port(struct nlsock *sock, uint16_t family,
                  const struct module_port *p, uint64_t cookie, uint32_t tag)
{
    const struct list lists[] = {
        MACS(CORDON_A_PORT_MACS, p->macs, p->n_macs),
        MACS(CORDON_A_PORT_ROAMING, p->roaming, p->n_roaming),
        PAIRS(CORDON_A_PORT_PAIRS, p->pairs, p->n_pairs),
    };
    bool quarantined = p->state == CORDON_PORT_QUARANTINED;
    struct request r = {
        .sock = sock,
        .family = family,
        .command = quarantined ? CORDON_CMD_PORT_DEL : CORDON_CMD_PORT_SET,
        .tag = tag,
    };

    begin(&r, lists, ARRAY_SIZE(lists));
    put_u32(r.msg, CORDON_A_PORT_IFINDEX, p->ifindex);
    if (cookie) {
        put_attr(r.msg, CORDON_A_PORT_COOKIE, &cookie, sizeof cookie);
    }
    if (!quarantined) {
        put_u8(r.msg, CORDON_A_PORT_KIND, p->kind);
    }
    if (!quarantined && p->kind == CORDON_PORT_GUEST) {
        put_u32(r.msg, CORDON_A_PORT_SEGMENT, p->segment);
        put_u32(r.msg, CORDON_A_PORT_FLAGS, p->flags);
        put_u32(r.msg, CORDON_A_PORT_STORM, p->storm);
        if (p->community) {
            put_u32(r.msg, CORDON_A_PORT_COMMUNITY, p->community);
        }
        if (p->mtu) {
            put_u32(r.msg, CORDON_A_PORT_MTU, p->mtu);
        }
        if (p->frames) {
            put_u32(r.msg, CORDON_A_PORT_RATE, p->frames);
        }
        if (p->bytes) {
            put_u64(r.msg, CORDON_A_PORT_BYTES, p->bytes);
            put_u32(r.msg, CORDON_A_PORT_BURST, p->burst);
        }
        if (p->n_vrrp) {
            put_attr(r.msg, CORDON_A_PORT_VRRP, p->vrrp, p->n_vrrp);
        }
    }
    finish(&r, lists, ARRAY_SIZE(lists));
}

/* Reading. */

int
module_attributes(const struct nlmsghdr *nlh, struct nlattr **tb)
{
    return nlsock_parse(nlh, sizeof(struct genlmsghdr), tb, CORDON_A_MAX,
                        NULL);
}

/* Appends the elements of 'attr', of 'size' bytes each, to the '*n' at '*v_'
 * (a pointer to any object), in 'arena'. */
static int
read_list(const struct nlattr *attr, int element, size_t size,
          struct arena *arena, void *v_, size_t *n)
{
    struct nlattr *a;
    char *old, *v;
    int rem;

    if (!attr) {
        return 0;
    }
    memcpy(&old, v_, sizeof old);
    v = arena_alloc(arena, *n * size + MAX(nla_len(attr), 1));
    if (*n) {
        memcpy(v, old, *n * size);
    }
    memcpy(v_, &v, sizeof v);
    nla_for_each_nested (a, attr, rem) {
        if (nla_type(a) != element || (size_t) nla_len(a) != size) {
            return -EPROTO;
        }
        memcpy(v + (*n)++ * size, nla_data(a), size);
    }
    return 0;
}

static int
read_prefixes(const struct nlattr *attr, struct arena *arena,
              struct cordon_prefix **ret, size_t *ret_n)
{
    return read_list(attr, CORDON_A_PREFIX, sizeof **ret, arena, ret, ret_n);
}

static int
read_pairs(const struct nlattr *attr, struct arena *arena,
           struct cordon_pair **ret, size_t *ret_n)
{
    return read_list(attr, CORDON_A_PAIR, sizeof **ret, arena, ret, ret_n);
}

static int
read_macs(const struct nlattr *attr, struct arena *arena,
          struct eth_addr **ret, size_t *ret_n)
{
    return read_list(attr, CORDON_A_MAC, sizeof **ret, arena, ret, ret_n);
}

int
module_read_host(struct nlattr **tb, struct arena *arena,
                 struct module_host *h)
{
    const struct nlattr *mac = tb[CORDON_A_HOST_BRIDGE_MAC];

    *h = (struct module_host){
        .mark_mask = attr_u32(tb[CORDON_A_HOST_MARK_MASK], 0),
    };
    if (mac && nla_len(mac) == sizeof h->bridge_mac) {
        memcpy(h->bridge_mac.ea, nla_data(mac), sizeof h->bridge_mac);
    }
    return read_prefixes(tb[CORDON_A_HOST_UNDERLAY], arena, &h->underlay,
                         &h->n_underlay);
}

int
module_read_segment(struct nlattr **tb, struct arena *arena,
                    struct module_segment *s)
{
    uint32_t id = attr_u32(tb[CORDON_A_SEGMENT_ID], 0);

    if (id != s->id) {
        *s = (struct module_segment){
            .id = id,
            .vlan = attr_u16(tb[CORDON_A_SEGMENT_VLAN], 0),
        };
    }
    if (!id
        || read_prefixes(tb[CORDON_A_SEGMENT_BROADCAST], arena, &s->broadcasts,
                         &s->n_broadcasts)
        || read_pairs(tb[CORDON_A_SEGMENT_BELIEVED], arena, &s->believed,
                      &s->n_believed)
        || read_macs(tb[CORDON_A_SEGMENT_GATEWAYS], arena, &s->gateways,
                     &s->n_gateways)
        || read_prefixes(tb[CORDON_A_SEGMENT_DECLARED], arena, &s->declared,
                         &s->n_declared)
        || read_macs(tb[CORDON_A_SEGMENT_TRUSTED], arena, &s->trusted,
                     &s->n_trusted)
        || read_list(tb[CORDON_A_SEGMENT_MEMBERS], CORDON_A_MEMBER,
                     sizeof *s->members, arena, &s->members, &s->n_members)) {
        return -EPROTO;
    }
    return 0;
}

int
module_read_port(struct nlattr **tb, struct arena *arena,
                 struct module_port *p)
{
    const struct nlattr *vrrp = tb[CORDON_A_PORT_VRRP];
    const struct nlattr *why = tb[CORDON_A_PORT_WHY];
    uint32_t ifindex = attr_u32(tb[CORDON_A_PORT_IFINDEX], 0);

    if (ifindex != p->ifindex) {
        *p = (struct module_port){
            .ifindex = ifindex,
            .state = attr_u8(tb[CORDON_A_PORT_STATE], CORDON_PORT_QUARANTINED),
            .kind = attr_u8(tb[CORDON_A_PORT_KIND], CORDON_PORT_GUEST),
            .segment = attr_u32(tb[CORDON_A_PORT_SEGMENT], 0),
            .flags = attr_u32(tb[CORDON_A_PORT_FLAGS], 0),
            .storm = attr_u32(tb[CORDON_A_PORT_STORM], 0),
            .community = attr_u32(tb[CORDON_A_PORT_COMMUNITY], 0),
            .mtu = attr_u32(tb[CORDON_A_PORT_MTU], 0),
            .frames = attr_u32(tb[CORDON_A_PORT_RATE], 0),
            .bytes = attr_u64(tb[CORDON_A_PORT_BYTES], 0),
            .burst = attr_u32(tb[CORDON_A_PORT_BURST], 0),
        };
    }
    if (why) {
        p->why = arena_printf(arena, "%.*s", nla_len(why),
                              (const char *) nla_data(why));
    }
    if (vrrp) {
        p->n_vrrp = nla_len(vrrp);
        p->vrrp = arena_alloc(arena, MAX(p->n_vrrp, 1));
        memcpy(p->vrrp, nla_data(vrrp), p->n_vrrp);
    }
    if (!ifindex
        || read_macs(tb[CORDON_A_PORT_MACS], arena, &p->macs, &p->n_macs)
        || read_macs(tb[CORDON_A_PORT_ROAMING], arena, &p->roaming,
                     &p->n_roaming)
        || read_pairs(tb[CORDON_A_PORT_PAIRS], arena, &p->pairs,
                      &p->n_pairs)) {
        return -EPROTO;
    }
    return 0;
}
