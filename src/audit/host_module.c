/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The kernel guard's own answers (include/uapi/cordon.h): what it lets each
 * port send and receive. */

#include <cordon-config.h>
#include "audit/host_private.h"

#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/arena.h"
#include "lib/nlattr.h"
#include "openvswitch/types.h"
#include "uapi/cordon.h"
#include "util.h"

/* Lists of a port or segment, which may go on in the next message. */
enum list {
    MACS,
    ROAMING,
    PAIRS,
    VRIDS,
    BROADCAST,
    DECLARED,
    BELIEVED,
    GATEWAYS,
    TRUSTED,
    MEMBERS,
    N_LISTS
};

struct tables {
    struct host_module *module;
    struct host_list ports, segments;
    struct host_list lists[N_LISTS]; /* Of the last one. */
};

static struct prefix
prefix_of(const struct cordon_prefix *p)
{
    struct prefix prefix = { .addr = { .family = p->family } };

    memcpy(prefix.addr.b, p->addr, sizeof prefix.addr.b);
    prefix.len = MIN(p->len, p->family == AF_INET ? 32 : 128);
    return prefix;
}

static void
read_macs(struct host_list *list, const struct nlattr *nest)
{
    struct nlattr *attr;
    int rest;

    if (!nest) {
        return;
    }
    nla_for_each_nested (attr, nest, rest) {
        struct eth_addr mac;

        if (host_bytes(attr, &mac, sizeof mac)) {
            *(struct eth_addr *) host_list_add(list, sizeof mac) = mac;
        }
    }
}

static void
read_prefixes(struct host_list *list, const struct nlattr *nest)
{
    struct nlattr *attr;
    int rest;

    if (!nest) {
        return;
    }
    nla_for_each_nested (attr, nest, rest) {
        struct cordon_prefix p;

        if (host_bytes(attr, &p, sizeof p)) {
            *(struct prefix *) host_list_add(list, sizeof(struct prefix)) =
                prefix_of(&p);
        }
    }
}

static void
read_pairs(struct host_list *list, const struct nlattr *nest)
{
    struct nlattr *attr;
    int rest;

    if (!nest) {
        return;
    }
    nla_for_each_nested (attr, nest, rest) {
        struct cordon_pair p;

        if (host_bytes(attr, &p, sizeof p)) {
            struct host_pair *pair = host_list_add(list, sizeof *pair);

            memcpy(&pair->mac, p.mac, sizeof pair->mac);
            pair->prefix = prefix_of(&p.prefix);
        }
    }
}

static void
read_members(struct host_list *list, const struct nlattr *nest)
{
    struct nlattr *attr;
    int rest;

    if (!nest) {
        return;
    }
    nla_for_each_nested (attr, nest, rest) {
        struct cordon_member m;

        if (host_bytes(attr, &m, sizeof m)) {
            struct host_member *member = host_list_add(list, sizeof *member);

            member->community = m.community;
            memcpy(&member->mac, m.mac, sizeof member->mac);
        }
    }
}

static void
host_cb(struct host_build *b, const struct host_message *m, void *module_)
{
    struct host_list underlay = { .items = NULL };
    struct nlattr *tb[CORDON_A_MAX + 1];
    struct host_module *module = module_;

    host_attrs(m, tb, CORDON_A_MAX);
    module->version = host_text(b, tb[CORDON_A_HOST_VERSION]);
    module->mark_mask = attr_u32(tb[CORDON_A_HOST_MARK_MASK], 0);
    host_bytes(tb[CORDON_A_HOST_BRIDGE_MAC], &module->bridge_mac,
               sizeof module->bridge_mac);
    read_prefixes(&underlay, tb[CORDON_A_HOST_UNDERLAY]);
    module->underlay = host_list_take(b, &underlay, sizeof *module->underlay,
                                      &module->n_underlay);
}

/* Gives the lists that were read to the last segment. */
static void
end_segment(struct host_build *b, struct tables *t)
{
    struct host_segment *s;

    if (!t->segments.n) {
        return;
    }
    s = ALIGNED_CAST(struct host_segment *, t->segments.items) + t->segments.n
        - 1;
    s->broadcast = host_list_take(b, &t->lists[BROADCAST],
                                  sizeof *s->broadcast, &s->n_broadcast);
    s->declared = host_list_take(b, &t->lists[DECLARED], sizeof *s->declared,
                                 &s->n_declared);
    s->believed = host_list_take(b, &t->lists[BELIEVED], sizeof *s->believed,
                                 &s->n_believed);
    s->gateways = host_list_take(b, &t->lists[GATEWAYS], sizeof *s->gateways,
                                 &s->n_gateways);
    s->trusted = host_list_take(b, &t->lists[TRUSTED], sizeof *s->trusted,
                                &s->n_trusted);
    s->members = host_list_take(b, &t->lists[MEMBERS], sizeof *s->members,
                                &s->n_members);
}

static void
segment_cb(struct host_build *b, const struct host_message *m, void *tables)
{
    struct nlattr *tb[CORDON_A_MAX + 1];
    struct host_segment *s;
    struct tables *t = tables;
    uint32_t id;

    host_attrs(m, tb, CORDON_A_MAX);
    id = attr_u32(tb[CORDON_A_SEGMENT_ID], 0);
    s = ALIGNED_CAST(struct host_segment *, t->segments.items);
    if (!t->segments.n || s[t->segments.n - 1].id != id) {
        end_segment(b, t);
        s = host_list_add(&t->segments, sizeof *s);
        s->id = id;
        s->vlan = attr_u16(tb[CORDON_A_SEGMENT_VLAN], 0);
    }
    read_prefixes(&t->lists[BROADCAST], tb[CORDON_A_SEGMENT_BROADCAST]);
    read_prefixes(&t->lists[DECLARED], tb[CORDON_A_SEGMENT_DECLARED]);
    read_pairs(&t->lists[BELIEVED], tb[CORDON_A_SEGMENT_BELIEVED]);
    read_macs(&t->lists[GATEWAYS], tb[CORDON_A_SEGMENT_GATEWAYS]);
    read_macs(&t->lists[TRUSTED], tb[CORDON_A_SEGMENT_TRUSTED]);
    read_members(&t->lists[MEMBERS], tb[CORDON_A_SEGMENT_MEMBERS]);
}

static void
end_port(struct host_build *b, struct tables *t)
{
    struct host_guarded *p;

    if (!t->ports.n) {
        return;
    }
    p = ALIGNED_CAST(struct host_guarded *, t->ports.items) + t->ports.n - 1;
    p->macs = host_list_take(b, &t->lists[MACS], sizeof *p->macs, &p->n_macs);
    p->roaming = host_list_take(b, &t->lists[ROAMING], sizeof *p->roaming,
                                &p->n_roaming);
    p->pairs =
        host_list_take(b, &t->lists[PAIRS], sizeof *p->pairs, &p->n_pairs);
    p->vrids =
        host_list_take(b, &t->lists[VRIDS], sizeof *p->vrids, &p->n_vrids);
}

static void
port_cb(struct host_build *b, const struct host_message *m, void *tables)
{
    struct nlattr *tb[CORDON_A_MAX + 1];
    struct tables *t = tables;
    struct host_guarded *p;
    uint32_t ifindex;

    host_attrs(m, tb, CORDON_A_MAX);
    ifindex = attr_u32(tb[CORDON_A_PORT_IFINDEX], 0);
    p = ALIGNED_CAST(struct host_guarded *, t->ports.items);
    if (!t->ports.n || p[t->ports.n - 1].ifindex != ifindex) {
        end_port(b, t);
        p = host_list_add(&t->ports, sizeof *p);
        p->ifindex = ifindex;
        p->state = attr_u8(tb[CORDON_A_PORT_STATE], CORDON_PORT_QUARANTINED);
        p->kind = attr_u8(tb[CORDON_A_PORT_KIND], CORDON_PORT_GUEST);
        p->segment = attr_u32(tb[CORDON_A_PORT_SEGMENT], 0);
        p->flags = attr_u32(tb[CORDON_A_PORT_FLAGS], 0);
        p->community = attr_u32(tb[CORDON_A_PORT_COMMUNITY], 0);
        p->mtu = attr_u32(tb[CORDON_A_PORT_MTU], 0);
        p->storm = attr_u32(tb[CORDON_A_PORT_STORM], 0);
        p->rate = attr_u32(tb[CORDON_A_PORT_RATE], 0);
        p->bytes = attr_u64(tb[CORDON_A_PORT_BYTES], 0);
    }
    read_macs(&t->lists[MACS], tb[CORDON_A_PORT_MACS]);
    read_macs(&t->lists[ROAMING], tb[CORDON_A_PORT_ROAMING]);
    read_pairs(&t->lists[PAIRS], tb[CORDON_A_PORT_PAIRS]);
    if (tb[CORDON_A_PORT_VRRP]) {
        const uint8_t *vrids = nla_data(tb[CORDON_A_PORT_VRRP]);

        for (int i = 0; i < nla_len(tb[CORDON_A_PORT_VRRP]); i++) {
            *(uint8_t *) host_list_add(&t->lists[VRIDS], 1) = vrids[i];
        }
    }
}

static int
compare_ports(const void *a_, const void *b_)
{
    const struct host_guarded *a = a_, *b = b_;

    return a->ifindex < b->ifindex ? -1 : a->ifindex > b->ifindex;
}

static int
compare_segments(const void *a_, const void *b_)
{
    const struct host_segment *a = a_, *b = b_;

    return a->id < b->id ? -1 : a->id > b->id;
}

/* Lists that no port or segment took. */
static void
drop_lists(struct tables *t)
{
    for (size_t i = 0; i < N_LISTS; i++) {
        free(t->lists[i].items);
        t->lists[i] = (struct host_list){ .items = NULL };
    }
}

void
host_decode_module(struct host_build *b)
{
    struct tables t = { .module = NULL };
    struct host_segment *segments;
    struct host_guarded *ports;

    if (snapshot_part(b->host->snapshot, "cordon.host")->kind
        != SNAPSHOT_NETLINK) {
        if (snapshot_part(b->host->snapshot, "cordon.host")->kind
            == SNAPSHOT_UNREAD) {
            host_unknown(b, 0, "the kernel guard did not answer");
        }
        return;
    }
    t.module = ARENA_ARRAY(b->arena, struct host_module, 1);
    t.module->version = "";
    host_each_message(b, "cordon.host", sizeof(struct genlmsghdr), host_cb,
                      t.module);
    host_each_message(b, "cordon.segment", sizeof(struct genlmsghdr),
                      segment_cb, &t);
    end_segment(b, &t);
    drop_lists(&t);
    host_each_message(b, "cordon.port", sizeof(struct genlmsghdr), port_cb,
                      &t);
    end_port(b, &t);
    drop_lists(&t);
    segments = host_list_take(b, &t.segments, sizeof *segments,
                              &t.module->n_segments);
    ports = host_list_take(b, &t.ports, sizeof *ports, &t.module->n_ports);
    if (segments) {
        qsort(segments, t.module->n_segments, sizeof *segments,
              compare_segments);
    }
    if (ports) {
        qsort(ports, t.module->n_ports, sizeof *ports, compare_ports);
    }
    t.module->segments = segments;
    t.module->ports = ports;
    b->host->module = t.module;
}
