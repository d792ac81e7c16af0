/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the guard's sets hold for a segment: whom guests may believe, what is
 * declared for others, the VLAN. Pure. */

#include <cordon-config.h>
#include "dataplane/linux/guard_element.h"

#include <netinet/in.h>

#include "plan/plan.h"
#include "plan/segment.h"
#include "plan/shared.h"
#include "policy/policy.h"
#include "util.h"

static void
add_declared(struct guard_maker *m, uint32_t segment, uint32_t mark,
             const struct prefix *p)
{
    struct guard_element e =
        guard_element(guard_pair_set("declared", p), 0, segment);

    guard_put_u32(&e, mark);
    guard_finish_prefix(m, &e, p);
}

/* What is no host is all of fe80::/64. */
static void
add_believed(struct guard_maker *m, uint32_t segment, uint32_t mark,
             const struct plan_pair *pair)
{
    const struct addr *a = &pair->address.addr;
    struct guard_element e;

    if (!prefix_is_host(&pair->address)) {
        guard_add_mac(m, "believed-any", segment, mark, pair->mac);
        return;
    }
    e = guard_element(a->family == AF_INET ? "believed4" : "believed6", 0,
                      segment);
    guard_put_u32(&e, mark);
    guard_put_mac(&e, pair->mac);
    guard_put_addr(&e, a);
    guard_finish(m, &e);
}

static void
add_broadcast(struct guard_maker *m, uint32_t segment, uint32_t mark,
              const struct addr *a)
{
    struct guard_element e = guard_element("broadcast4", 0, segment);

    guard_put_u32(&e, mark);
    guard_put_addr(&e, a);
    guard_finish(m, &e);
}

static void
add_neighbour(struct guard_maker *m, uint32_t segment, uint32_t mark,
              const struct plan_member *member)
{
    struct guard_element e = guard_element("neighbours", 0, segment);

    guard_put_u32(&e, member->community);
    guard_put_u32(&e, mark);
    guard_put_mac(&e, member->mac);
    guard_finish(m, &e);
}

static void
add_trunk(struct guard_maker *m, const struct plan_segment *s, uint32_t mark)
{
    ovs_be16 vlan = htons(s->vlan);
    struct guard_element e;

    e = guard_element("vlans", 0, s->id);
    e.o.value[0] = mark;
    guard_put(&e, &vlan, 2, 2);
    guard_finish(m, &e);

    e = guard_element("trunk", 0, s->id);
    guard_put(&e, &vlan, 2, 4);
    guard_put_u32(&e, mark);
    guard_finish(m, &e);
}

void
guard_want_segment(struct guard_maker *m, const struct plan_segment *s)
{
    uint32_t mark = segment_mark(s->id, m->plan->host->mark_mask);
    struct shared_facts shared;
    struct segment_facts f;

    segment_facts(m->plan, s, m->arena, &f);
    for (size_t i = 0; i < f.n_broadcasts; i++) {
        add_broadcast(m, s->id, mark, &f.broadcasts[i]);
    }
    for (size_t i = 0; i < f.n_gateways; i++) {
        guard_add_mac(m, "gateway", s->id, mark, f.gateways[i]);
    }
    for (size_t i = 0; i < f.n_believed; i++) {
        add_believed(m, s->id, mark, &f.believed[i]);
    }
    for (size_t i = 0; i < f.n_declared; i++) {
        add_declared(m, s->id, mark, &f.declared[i]);
    }
    shared_facts(m->plan, s, m->arena, &shared);
    for (size_t i = 0; i < shared.n_trusted; i++) {
        guard_add_mac(m, "trusted", s->id, mark, shared.trusted[i]);
    }
    for (size_t i = 0; i < shared.n_members; i++) {
        add_neighbour(m, s->id, mark, &shared.members[i]);
    }
    add_trunk(m, s, mark);
}
