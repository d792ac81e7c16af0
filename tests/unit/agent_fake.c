/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A fake host for tests of the agent. Its dataplane wants three objects of
 * each port, one for each stage, and makes one stage of changes a turn, as
 * the contract in dataplane/dataplane.h says. */

#include <cordon-config.h>
#include "agent_fake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/dataplane.h"
#include "inventory/inventory.h"
#include "lib/arena.h"
#include "openvswitch/list.h"
#include "packets.h"
#include "policy/policy.h"
#include "timeval.h"
#include "util.h"

struct fake fake;

void
fake_init(void)
{
    fake = (struct fake){ .fail_kind = -1 };
    for (unsigned int i = 0; i < FAKE_PORTS; i++) {
        fake.there[i] = true;
        fake.ifindex[i] = FAKE_IFINDEX + i;
    }
}

void
fake_done(void)
{
    objects_done(&fake.kernel);
}

struct policy *
fake_policy(void)
{
    struct arena *arena = arena_new();
    struct policy *p = arena_alloc(arena, sizeof *p);

    p->arena = arena;
    p->host.bridge = "cordon0";
    p->host.mark_mask = POLICY_MARK_MASK;
    p->n_tenants = p->n_interfaces = FAKE_PORTS;
    p->tenants = ARENA_ARRAY(p->arena, struct policy_tenant, FAKE_PORTS);
    for (unsigned int i = 0; i < FAKE_PORTS; i++) {
        struct policy_tenant *t = &p->tenants[i];
        struct policy_interface *ifc;
        struct policy_network *net;
        struct policy_guest *g;

        t->name = i ? "globex" : "acme";
        t->n_networks = t->n_guests = 1;
        net = t->networks = ARENA_ARRAY(p->arena, struct policy_network, 1);
        net->name = "web";
        net->tenant = t;
        net->vlan = 110 + 10 * i;
        g = t->guests = ARENA_ARRAY(p->arena, struct policy_guest,
                                    1 + POLICY_SPARE_GUESTS);
        g->name = "web1";
        g->tenant = t;
        g->n_interfaces = 1;
        ifc = g->interfaces =
            ARENA_ARRAY(p->arena, struct policy_interface, 1);
        ifc->guest = g;
        ifc->port = arena_printf(p->arena, "%s/web1/0", t->name);
        ifc->mac = (struct eth_addr) ETH_ADDR_C(00, 16, 3e, 00, 00, 01);
        ifc->network = net;
        ifc->storm = POLICY_STORM;
        ifc->device = i ? "veth1" : "veth0";
    }
    return p;
}

int
fake_inventory(void *aux OVS_UNUSED, struct inventory **ret_inventory)
{
    struct inventory *inv;

    if (fake.inventory_error) {
        return fake.inventory_error;
    }
    inv = xzalloc(sizeof *inv);
    inv->arena = arena_new();
    inv->links = ARENA_ARRAY(inv->arena, struct inventory_link, FAKE_PORTS);
    for (unsigned int i = 0; i < FAKE_PORTS; i++) {
        if (fake.there[i]) {
            struct inventory_link *l = &inv->links[inv->n_links++];

            l->ifindex = fake.ifindex[i];
            snprintf(l->name, sizeof l->name, "veth%u", i);
            ovs_strlcpy(l->kind, "veth", sizeof l->kind);
        }
    }
    *ret_inventory = inv;
    return 0;
}

static int
fake_open(void)
{
    return 0;
}

static void
fake_close(void)
{
}

static void
fake_want(const struct plan *plan, const struct objects *have,
          struct arena *arena OVS_UNUSED, struct objects *want)
{
    for (size_t i = 0; i < plan->n_ports; i++) {
        const struct plan_port *port = &plan->ports[i];
        struct object o = { .ifindex = port->ifindex, .text = "x" };

        if (!port->ifindex || plan_port_closed(plan, port)) {
            continue;
        }
        o.kind = OBJECT_NFT_ELEMENT;
        o.name = "from";
        objects_add(want, &o);
        o.kind = OBJECT_VLAN;
        o.name = "";
        o.key_len = 1;
        o.key[0] = port->segment->vlan;
        objects_add(want, &o);
        if (fake.stepwise && !objects_find(have, &o)) {
            continue;
        }
        o.kind = OBJECT_UP;
        o.key[0] = o.key_len = 0;
        objects_add(want, &o);
    }
    objects_sort(want);
}

/* Devices take what is theirs with them, but not elements of sets. */
static bool
is_there(const struct object *o)
{
    for (unsigned int i = 0; i < FAKE_PORTS; i++) {
        if (fake.ifindex[i] == o->ifindex && fake.there[i]) {
            return true;
        }
    }
    return o->kind == OBJECT_NFT_ELEMENT;
}

static int
fake_observe(const struct plan *plan OVS_UNUSED,
             struct arena *arena OVS_UNUSED, struct objects *have)
{
    fake.n_observes++;
    if (fake.observe_error) {
        return fake.observe_error;
    }
    for (size_t i = 0; i < fake.kernel.n; i++) {
        if (is_there(&fake.kernel.v[i])) {
            objects_add(have, &fake.kernel.v[i]);
        }
    }
    objects_sort(have);
    return 0;
}

static void
kernel_del(const struct object *key)
{
    for (size_t i = 0; i < fake.kernel.n; i++) {
        if (!object_cmp(&fake.kernel.v[i], key)) {
            fake.kernel.v[i] = fake.kernel.v[--fake.kernel.n];
            return;
        }
    }
}

static enum object_stage
first_stage(const struct changes *ch, uint32_t ifindex)
{
    enum object_stage stage = STAGE_OPEN;

    for (size_t i = 0; i < ch->n; i++) {
        const struct object *o = change_object(&ch->v[i]);

        if (ch->v[i].op != CHANGE_DEL && o->ifindex == ifindex) {
            stage = MIN(stage, object_stage(o));
        }
    }
    return stage;
}

static int
fake_apply(const struct plan *plan OVS_UNUSED,
           const struct objects *want OVS_UNUSED, const struct changes *ch,
           struct arena *arena OVS_UNUSED, struct apply_error **ret_errors,
           size_t *ret_n_errors)
{
    struct apply_error *errors = xcalloc(ch->n + 1, sizeof *errors);
    size_t n_errors = 0;
    int messages = 0;

    if (fake.apply_error) {
        free(errors);
        return fake.apply_error;
    }
    for (size_t i = 0; i < ch->n; i++) {
        const struct change *c = &ch->v[i];
        const struct object *o = change_object(c);

        if (c->op != CHANGE_DEL
            && object_stage(o) != first_stage(ch, o->ifindex)) {
            continue;
        }
        messages++;
        if ((int) o->kind == fake.fail_kind
            && o->ifindex == fake.fail_ifindex) {
            if (!fake.silent) {
                errors[n_errors++] = (struct apply_error){
                    .ifindex = o->ifindex,
                    .error = -ENOSPC,
                    .message = "the kernel says no",
                };
            }
            continue;
        }
        kernel_del(o);
        if (c->op != CHANGE_DEL) {
            objects_add(&fake.kernel, c->want)->device = NULL;
        }
        fake.changed = true; /* One hears of what one does oneself. */
    }
    for (size_t i = 0; i < fake.kernel.n; i++) {
        struct object *o = &fake.kernel.v[i];

        o->name = o->kind == OBJECT_NFT_ELEMENT ? "from" : "";
        o->text = "x";
    }
    *ret_errors = errors;
    *ret_n_errors = n_errors;
    return messages;
}

static int
fake_judge(const struct plan *plan OVS_UNUSED)
{
    fake.n_judges++;
    return fake.judge_error;
}

static int
fake_connections(const struct plan *plan OVS_UNUSED,
                 const struct plan_port *port OVS_UNUSED,
                 struct connection_count *ret_count)
{
    *ret_count = (struct connection_count){ .n = 9, .n_blocked = 2 };
    return 0;
}

static int
fake_drops(struct drop_count **ret_drops, size_t *ret_n)
{
    if (fake.drops_error) {
        return fake.drops_error;
    }
    *ret_drops = xzalloc(sizeof **ret_drops);
    **ret_drops = (struct drop_count){
        .ifindex = FAKE_IFINDEX,
        .reason = 1,
        .packets = 7,
        .bytes = 420,
    };
    *ret_n = 1;
    return 0;
}

static bool
fake_changed(void)
{
    bool changed = fake.changed;

    fake.changed = false;
    return changed;
}

static void
fake_forget(void)
{
    fake.n_forgets++;
}

static void
fake_wait(void)
{
}

static const char *
fake_guard(const struct objects *want OVS_UNUSED)
{
    return "none";
}

static const char *const *
fake_limits(const struct objects *want OVS_UNUSED)
{
    static const char *const limits[] = { "options in other orders", NULL };

    return limits;
}

const struct dataplane fake_dataplane = {
    .name = "fake",
    .open = fake_open,
    .close = fake_close,
    .want = fake_want,
    .observe = fake_observe,
    .forget = fake_forget,
    .apply = fake_apply,
    .judge = fake_judge,
    .connections = fake_connections,
    .drops = fake_drops,
    .changed = fake_changed,
    .wait = fake_wait,
    .guard = fake_guard,
    .limits = fake_limits,
};

void
fake_agent_init(struct agent *agent, bool policy)
{
    *agent = (struct agent){ .policy_path = xstrdup("/fake.yaml") };
    ovs_list_init(&agent->requests);
    reconciler_init(&agent->reconciler, &fake_dataplane, fake_inventory, NULL);
    if (policy) {
        reconciler_set_policy(&agent->reconciler, fake_policy());
    }
}

void
fake_settle(struct agent *agent)
{
    for (int i = 0; i < 100; i++) {
        agent_run(agent);
        if (!agent->reconciler.dirty) {
            return;
        }
    }
    ovs_abort(0, "the agent does not settle");
}

size_t
fake_count(int kind, unsigned int i)
{
    size_t n = 0;

    for (size_t j = 0; j < fake.kernel.n; j++) {
        const struct object *o = &fake.kernel.v[j];

        n += o->ifindex == fake.ifindex[i]
             && (kind < 0 || (int) o->kind == kind) && is_there(o);
    }
    return n;
}

void
fake_remove(enum object_kind kind, unsigned int i)
{
    for (size_t j = 0; j < fake.kernel.n; j++) {
        const struct object o = fake.kernel.v[j];

        if (o.ifindex == fake.ifindex[i] && o.kind == kind) {
            kernel_del(&o);
            return;
        }
    }
    ovs_abort(0, "nothing to remove");
}

enum port_state
fake_state(const struct agent *agent, unsigned int i)
{
    const struct turn *t = agent->reconciler.now;
    const struct plan_port *port;

    port = plan_port_by_name(t->plan, i ? "globex/web1/0" : "acme/web1/0");
    return port ? t->status[port - t->plan->ports].state : PORT_ABSENT;
}

static void
fake_answer(struct call *call, int status, char *output)
{
    struct fake_call *f = CONTAINER_OF(call, struct fake_call, up);

    f->answers++;
    f->status = status;
    free(f->output);
    f->output = output;
}

void
fake_call_init(struct fake_call *f)
{
    *f = (struct fake_call){ .up = { .answer = fake_answer }, .status = -1 };
}

void
fake_call_done(struct fake_call *f)
{
    free(f->output);
}
