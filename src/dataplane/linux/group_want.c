/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From plan to objects of the table of tenants' rules: the rules of groups
 * that have a port here, the members of groups that those name, and what the
 * sets hold of each port. Pure. */

#include <cordon-config.h>
#include "dataplane/linux/group.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/linux/group_maker.h"
#include "dataplane/linux/nft_element.h"
#include "dataplane/linux/want.h"
#include "lib/arena.h"
#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "plan/object.h"
#include "plan/plan.h"
#include "policy/policy.h"
#include "util.h"

static void
add_set(struct group_maker *mk, const char *name)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    nft_set_format(group_set_by_name(name), &ds);
    objects_add(
        mk->m.objects,
        &(struct object){ .kind = OBJECT_GROUP_SET,
                          .name = name,
                          .text = arena_strdup(mk->m.arena, ds_cstr(&ds)),
                          .segment = OBJECT_NO_SEGMENT });
    ds_destroy(&ds);
}

struct guard_element
group_element(const char *set, uint32_t ifindex)
{
    return (struct guard_element){
        .set = group_set_by_name(set),
        .o = { .kind = OBJECT_GROUP_ELEMENT,
               .name = set,
               .ifindex = ifindex,
               .segment = ifindex ? 0 : OBJECT_NO_SEGMENT },
    };
}

void
group_add_flag(struct group_maker *mk, const char *set, uint32_t ifindex,
               uint32_t value)
{
    struct guard_element e = group_element(set, ifindex);

    e.o.value[0] = value;
    guard_put_u32(&e, ifindex);
    guard_finish(&mk->m, &e);
}

/* Adds the sets that members' addresses are in, and these. */
static void
add_members(struct group_maker *mk, const struct group_members *m)
{
    for (size_t i = 0; i < ARRAY_SIZE(m->sets); i++) {
        const struct group_set *s = &m->sets[i];
        struct guard_element e;

        if (s->keys.n) {
            e = group_element(s->name, 0);
            e.o.keys = &s->keys;
            add_set(mk, s->name);
            guard_finish(&mk->m, &e);
        }
    }
}

uint32_t
group_judged_bit(const struct group_maker *mk)
{
    return plan_judged_bit(mk->m.plan->host->mark_mask);
}

static void
add_group(struct group_maker *mk, struct group_used *u,
          enum policy_direction d, uint32_t number)
{
    const struct group_text *t = group_known_text(u->group, d);
    struct object_users *users = arena_alloc(mk->m.arena, sizeof *users);
    struct object o = { .kind = OBJECT_GROUP_CHAIN,
                        .name = t->chain,
                        .text = "regular",
                        .users = users,
                        .segment = OBJECT_NO_SEGMENT };

    users->group = number;
    users->ports = u->ports;
    users->n_ports = u->n;
    users->where = t->where;
    users->n_where = t->n_where;
    objects_add(mk->m.objects, &o);
    o.kind = OBJECT_GROUP_RULES;
    o.text = t->text;
    objects_add(mk->m.objects, &o);
}

static void
add_table(struct objects *objects)
{
    objects_add(objects, &(struct object){ .kind = OBJECT_GROUP_TABLE,
                                           .name = group_table.name,
                                           .text = group_table.comment });
}

static void
add_shared(struct group_maker *mk)
{
    const struct plan *plan = mk->m.plan;
    const struct objects *fixed = group_fixed(plan, mk->m.arena);

    add_table(mk->m.objects);
    objects_append(mk->m.objects, fixed->v, fixed->n);
    if (plan_uplink_usable(plan)) {
        group_add_flag(mk, "unfiltered", plan->uplink, 0);
    }
}

void
group_want(const struct plan *plan, struct arena *arena,
           struct objects *objects)
{
    struct group_maker mk = { .m = { plan, arena, objects, objects->n } };

    if (!group_wanted(plan)) {
        return;
    }
    group_collect(&mk);
    add_shared(&mk);
    for (size_t i = 0; i < mk.n_used; i++) {
        struct group_used *u = &mk.used[i];
        for (int d = 0; d < POLICY_N_DIRECTIONS; d++) {
            if (u->group->n_rules[d]) {
                add_group(&mk, u, d, i + 1);
            }
        }
    }
    for (size_t i = 0; i < plan->n_ports; i++) {
        if (want_port(plan, &plan->ports[i])) {
            group_add_port(&mk, &plan->ports[i]);
        }
    }
    group_add_own(&mk);
    group_add_dhcp(&mk);
    group_add_shared(&mk);
    for (size_t i = 0; i < mk.n_members; i++) {
        /* The objects point to what is kept of the policy. */
        add_members(&mk, group_known_members(mk.members[i].group));
    }
    guard_unique(&mk.m);
    group_maker_done(&mk);
}

void
group_want_untracked(const struct plan *plan, struct arena *arena,
                     struct objects *objects)
{
    add_table(objects);
    group_want_untracked_rules(plan, arena, objects);
}

bool
group_let_pass(struct objects *objects)
{
    static const char all[] = "accept";

    for (size_t i = 0; i < objects->n; i++) {
        struct object *o = &objects->v[i];

        if (o->kind == OBJECT_GROUP_RULES
            && !strcmp(o->name, GROUP_CHAIN_JUDGE) && o->text && o->text[0]
            && strcmp(o->text, all)) {
            o->text = all;
            return true;
        }
    }
    return false;
}

enum group_extent
group_extent(const struct objects *have)
{
    enum group_extent extent = GROUP_NONE;

    for (const struct object *o = objects_find_kind(have, OBJECT_GROUP_CHAIN);
         o && o < have->v + have->n && o->kind == OBJECT_GROUP_CHAIN; o++) {
        if (o->foreign) {
            continue;
        } else if (strcmp(o->name, GROUP_CHAIN_TRACK)) {
            return GROUP_WHOLE;
        }
        extent = GROUP_UNTRACKED;
    }
    return extent;
}

bool
group_judges(const struct plan *plan, const struct objects *have)
{
    struct arena *arena = arena_new();
    const struct objects *want = group_fixed(plan, arena);
    size_t n = 0, found = 0;

    for (size_t i = 0; i < want->n; i++) {
        const struct object *w = &want->v[i];

        if (!strcmp(w->name, GROUP_CHAIN_JUDGE)) {
            const struct object *h = objects_find(have, w);

            n++;
            found += h && object_same(h, w);
        }
    }
    arena_free(arena);
    return found == n;
}
