/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A turn: what was found, what is wanted, and what follows. Nothing here
 * writes to the kernel. Made by the reconciler. */

#include <cordon-config.h>
#include "agent/turn.h"

#include <inttypes.h>
#include <stdlib.h>

#include "agent/hold.h"
#include "dataplane/dataplane.h"
#include "hash.h"
#include "inventory/inventory.h"
#include "lib/arena.h"
#include "openvswitch/vlog.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(turn);

#define STEPS_MAX 16 /* Of a dataplane, from one way to another. */

void
turn_free(struct turn *t)
{
    if (t) {
        free(t->status);
        changes_done(&t->changes);
        objects_done(&t->have);
        objects_done(&t->want);
        arena_free(t->arena);
        plan_free(t->plan);
        inventory_free(t->inventory);
        free(t);
    }
}

bool
port_is_up(const struct plan_port *port, const struct port_status *status)
{
    return status->state == PORT_OPEN
           || (port->standby && port->tap && status->state == PORT_FENCED);
}

int
turn_make(const struct dataplane *dataplane, const struct policy *policy,
          struct inventory *inventory, struct holds *holds,
          struct turn **ret_turn)
{
    struct turn *t = xzalloc(sizeof *t);
    int error;

    t->arena = arena_new();
    t->inventory = inventory;
    t->plan = desire(policy, inventory);
    holds_apply(holds, inventory, t->plan);
    error = dataplane->observe(t->plan, t->arena, &t->have);
    if (error) {
        turn_free(t);
        return error;
    }
    plan_judge(t->plan, &t->have);
    dataplane->want(t->plan, &t->have, t->arena, &t->want);
    diff(&t->want, &t->have, &t->changes);
    t->status = xcalloc(t->plan->n_ports, sizeof *t->status);
    port_states(t->plan, &t->have, &t->changes, t->status);
    *ret_turn = t;
    return 0;
}

/* What there will be once the kernel holds what 't' wants. */
static void
foresee(const struct turn *t, struct objects *os)
{
    objects_append(os, t->want.v, t->want.n);
    for (size_t i = 0; i < t->have.n; i++) {
        if (t->have.v[i].foreign) {
            objects_add(os, &t->have.v[i]);
        }
    }
    objects_sort(os);
}

void
turn_look_ahead(const struct dataplane *dataplane, struct turn *t)
{
    bool more = true;

    for (int i = 0; more && i < STEPS_MAX; i++) {
        struct objects have = { .n = 0 }, want = { .n = 0 };
        struct changes step = { .n = 0 };

        foresee(t, &have);
        dataplane->want(t->plan, &have, t->arena, &want);
        diff(&want, &t->want, &step);
        more = step.n > 0;
        changes_done(&step);
        objects_done(&have);
        objects_done(&t->want);
        t->want = want;
    }
    changes_done(&t->changes);
    diff(&t->want, &t->have, &t->changes);
}

static uint32_t
hash_text(const char *s, uint32_t hash)
{
    return hash_string(s ? s : "", hash);
}

static uint32_t
hash_object(const struct object *o, uint32_t hash)
{
    if (o) {
        hash = hash_add(hash, o->kind);
        hash = hash_add(hash, o->ifindex);
        hash = hash_bytes(o->key, o->key_len, hash);
        hash = hash_bytes(o->value, sizeof o->value, hash);
        hash = hash_text(o->name, hash);
        hash = hash_text(o->text, hash);
    }
    return hash;
}

uint32_t
turn_hash(const struct turn *t)
{
    const struct changes *changes = &t->changes;
    uint32_t hash = 1;

    for (size_t i = 0; i < changes->n; i++) {
        const struct change *c = &changes->v[i];

        hash = hash_object(c->want, hash_add(hash, c->op));
        hash = hash_object(c->have, hash);
    }
    return hash ? hash : 1; /* 0: nothing has been tried. */
}

void
turn_log(const struct turn *old, const struct turn *new)
{
    for (size_t i = 0; i < new->plan->n_ports; i++) {
        const struct plan_port *port = &new->plan->ports[i];
        const struct plan_port *was = NULL;
        const struct port_status *status = &new->status[i];

        if (old) {
            was = plan_port_by_name(old->plan, port->name);
        }
        if (was) {
            const struct port_status *os =
                &old->status[was - old->plan->ports];

            if (was->ifindex == port->ifindex && os->state == status->state) {
                continue;
            }
        }
        if (status->state == PORT_FAILED) {
            VLOG_WARN("port %s (%s): failed: %s", port->name, port->device,
                      status->why);
        } else {
            VLOG_INFO("port %s (%s): %s", port->name, port->device,
                      port_state_name(status->state));
        }
    }
    for (size_t i = 0; i < new->plan->n_strays; i++) {
        const struct plan_stray *s = &new->plan->strays[i];
        bool was = false;

        for (size_t j = 0; old && j < old->plan->n_strays && !was; j++) {
            was = (old->plan->strays[j].ifindex == s->ifindex
                   && !strcmp(old->plan->strays[j].why, s->why));
        }
        if (!was) {
            VLOG_WARN("device %s stays closed: %s", s->device, s->why);
        }
    }
}
