/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Requests that wait for the reconciler. After each turn every request looks
 * at what the turn found; nothing here writes to the kernel. A plug that does
 * not succeed leaves its device held, so that it cannot open after the
 * toolstack has been told that it failed. */

#include <cordon-config.h>
#include "agent/request.h"

#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/call.h"
#include "agent/show.h"
#include "inventory/inventory.h"
#include "inventory/xenstore.h"
#include "lib/writer.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "timeval.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(request);

enum request_kind { REQUEST_PLUG, REQUEST_UNPLUG, REQUEST_APPLY };

struct request {
    struct ovs_list node; /* In agent->requests. */
    enum request_kind kind;
    struct call *call;
    char *device;     /* PLUG, UNPLUG. */
    uint32_t ifindex; /* UNPLUG: the device's; 0: there was none. */
    uint64_t after;   /* Looks at turns after this one. */
    long long int deadline;
};

static void
request_new(struct agent *agent, enum request_kind kind, struct call *call,
            const char *device, unsigned int timeout_s)
{
    struct request *r = xzalloc(sizeof *r);

    r->kind = kind;
    r->call = call;
    r->device = nullable_xstrdup(device);
    r->after = agent->reconciler.turns;
    r->deadline = time_msec() + 1000LL * MIN(timeout_s, REQUEST_TIMEOUT_MAX);
    ovs_list_push_back(&agent->requests, &r->node);
    if (agent->xs) {
        xenstore_refresh(agent->xs);
    }
    reconciler_dirty(&agent->reconciler);
}

static void
request_free(struct request *r)
{
    ovs_list_remove(&r->node);
    free(r->device);
    free(r);
}

/* The device called 'name' as of now, in '*inv', which the caller frees. */
static const struct inventory_link *
find_link(struct agent *agent, const char *name, struct inventory **inv)
{
    struct reconciler *rec = &agent->reconciler;

    *inv = NULL;
    return rec->read_inventory(rec->aux, inv)
               ? NULL
               : inventory_link_by_name(*inv, name);
}

void
request_plug(struct agent *agent, struct call *call, const char *device,
             unsigned int timeout_s)
{
    const struct inventory_link *link;
    struct inventory *inv;

    link = find_link(agent, device, &inv);
    if (link) {
        holds_remove(&agent->reconciler.holds, link);
    }
    inventory_free(inv);
    request_new(agent, REQUEST_PLUG, call, device, timeout_s);
}

void
request_unplug(struct agent *agent, struct call *call, const char *device,
               unsigned int timeout_s)
{
    const struct inventory_link *link;
    struct inventory *inv;
    uint32_t ifindex = 0;

    link = find_link(agent, device, &inv);
    if (link) {
        ifindex = link->ifindex;
        holds_add(&agent->reconciler.holds, link, "unplugged");
    }
    inventory_free(inv);
    request_new(agent, REQUEST_UNPLUG, call, device, timeout_s);
    CONTAINER_OF(ovs_list_back(&agent->requests), struct request, node)
        ->ifindex = ifindex;
}

void
request_apply(struct agent *agent, struct call *call, unsigned int timeout_s)
{
    request_new(agent, REQUEST_APPLY, call, NULL, timeout_s);
}

/* Answers a plug that has failed and frees it. */
static void
plug_fail(struct agent *agent, struct request *r, const char *why)
{
    const struct inventory_link *link;
    struct inventory *inv;

    link = find_link(agent, r->device, &inv);
    if (link) {
        char *hold = xasprintf("its plug has failed (%s); plug it again", why);

        holds_add(&agent->reconciler.holds, link, hold);
        reconciler_dirty(&agent->reconciler);
        free(hold);
    }
    inventory_free(inv);
    VLOG_WARN("plug of %s has failed: %s", r->device, why);
    call_fail(r->call, 1, "%s: %s", r->device, why);
    request_free(r);
}

/* The last turn, if it began after 'r' came and could read the host. */
static const struct turn *
turn_after(const struct reconciler *rec, const struct request *r)
{
    return rec->turns > r->after && !rec->problem ? rec->now : NULL;
}

static void
plug_look(struct agent *agent, struct request *r)
{
    const struct reconciler *rec = &agent->reconciler;
    const struct turn *t = turn_after(rec, r);
    const struct plan *plan = t ? t->plan : NULL;
    bool expired = time_msec() >= r->deadline;
    const char *why = NULL;

    if (r->call->gone) {
        plug_fail(agent, r, "nobody waited for it");
        return;
    }
    for (size_t i = 0; plan && i < plan->n_ports; i++) {
        const struct plan_port *port = &plan->ports[i];

        if (!port->ifindex || strcmp(port->device, r->device)) {
            continue;
        }
        if (port_is_up(port, &t->status[i])) {
            struct writer *w = call_writer(r->call);

            show_one_port(w, t, i);
            call_answer(r->call, 0, w);
            request_free(r);
            return;
        } else if (t->status[i].state == PORT_FAILED) {
            plug_fail(agent, r, t->status[i].why);
            return;
        }
        why = port_state_name(t->status[i].state);
    }
    for (size_t i = 0; plan && i < plan->n_strays; i++) {
        const struct plan_stray *stray = &plan->strays[i];

        if (!strcmp(stray->device, r->device)) {
            why = stray->why;
            if (!agent->xs || t->inventory->xen) {
                plug_fail(agent, r, why);
                return;
            }
        }
    }
    if (!expired) {
        return;
    }
    if (!why) {
        const struct inventory_link *link = NULL;

        why = rec->problem                          ? rec->problem
              : agent->policy_error && !rec->policy ? agent->policy_error
              : !rec->policy                        ? "there is no policy"
                             : "there is no such device";
        if (t) {
            link = inventory_link_by_name(t->inventory, r->device);
        }
        if (link) {
            why = "it belongs to no interface of the policy";
        }
    }
    {
        char *s = xasprintf("not open in time: %s", why);

        plug_fail(agent, r, s);
        free(s);
    }
}

/* What device 'ifindex' is to 't', if not a port or a guest's device that has
 * none; NULL if it is. One that has gone was one of them, or of no concern. */
static const char *
not_of_ours(const struct turn *t, uint32_t ifindex)
{
    if (!ifindex) {
        return "no such device";
    }
    for (size_t i = 0; i < t->plan->n_strays; i++) {
        if (t->plan->strays[i].ifindex == ifindex) {
            return NULL;
        }
    }
    return plan_port_by_ifindex(t->plan, ifindex)
                   || !inventory_link_by_index(t->inventory, ifindex)
               ? NULL
               : "the device of no port";
}

/* Answers an unplug of 'r->device', of which nothing is left to close. */
static void
unplug_closed(struct agent *agent, struct request *r, const struct turn *t)
{
    const char *not_ours = not_of_ours(t, r->ifindex);
    const struct inventory_link *link;
    struct writer *w;

    if (not_ours) {
        link = inventory_link_by_index(t->inventory, r->ifindex);
        if (link) {
            holds_remove(&agent->reconciler.holds, link);
        }
        call_fail(r->call, 1, "%s: %s; nothing is changed", r->device,
                  not_ours);
        return;
    }
    w = call_writer(r->call);
    writer_object(w, NULL);
    writer_string(w, "device", r->device);
    writer_string(w, "state", "closed");
    writer_end(w);
    call_answer(r->call, 0, w);
}

static void
unplug_look(struct agent *agent, struct request *r)
{
    const struct reconciler *rec = &agent->reconciler;
    const struct turn *t = turn_after(rec, r);
    bool left = !t || (!r->ifindex && !rec->settled);

    for (size_t i = 0; t && r->ifindex && i < t->changes.n; i++) {
        left = left || change_object(&t->changes.v[i])->ifindex == r->ifindex;
    }
    if (!rec->policy) {
        call_fail(r->call, 2, "%s: there is no policy; nothing is changed",
                  r->device);
    } else if (!left) {
        unplug_closed(agent, r, t);
    } else if (time_msec() >= r->deadline) {
        call_fail(r->call, 1, "%s: %s", r->device,
                  rec->problem ? rec->problem : "not closed in time");
    } else {
        return;
    }
    request_free(r);
}

static void
apply_look(struct agent *agent, struct request *r)
{
    const struct reconciler *rec = &agent->reconciler;
    bool settled = rec->turns > r->after && rec->settled && !rec->next;

    if (settled || time_msec() >= r->deadline) {
        struct writer *w = call_writer(r->call);
        bool good = show_apply(w, agent);

        call_answer(r->call, good ? 0 : 1, w);
        request_free(r);
    }
}

void
requests_run(struct agent *agent)
{
    struct request *r;

    LIST_FOR_EACH_SAFE (r, node, &agent->requests) {
        switch (r->kind) {
        case REQUEST_PLUG:
            plug_look(agent, r);
            break;
        case REQUEST_UNPLUG:
            unplug_look(agent, r);
            break;
        case REQUEST_APPLY:
            apply_look(agent, r);
            break;
        }
    }
}

void
requests_wait(struct agent *agent)
{
    struct request *r;

    LIST_FOR_EACH (r, node, &agent->requests) {
        poll_timer_wait_until(r->deadline);
        if (r->call->gone) {
            poll_immediate_wake();
        }
    }
}

void
requests_done(struct agent *agent)
{
    struct request *r;

    LIST_FOR_EACH_SAFE (r, node, &agent->requests) {
        call_fail(r->call, 2, "the agent is stopping");
        request_free(r);
    }
}
