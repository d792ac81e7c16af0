/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Judges frames before they are played, and compares with what was seen. Knows
 * a frame by its mark, wherever in what was seen it stands: a tag may have
 * been added or taken, and fragments may have been put together. Pure. `cordon
 * probe` calls this. */

#include <cordon-config.h>
#include "audit/probe.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/packet.h"
#include "audit/watched.h"
#include "packets.h"
#include "policy/policy.h"
#include "util.h"

const char *
probe_verdict_name(enum probe_verdict verdict)
{
    switch (verdict) {
    case PROBE_PASSED:
        return "passed";
    case PROBE_HELD:
        return "held";
    case PROBE_LOST:
        return "lost";
    case PROBE_LEAKED:
        return "leaked";
    case PROBE_N_VERDICTS:
        break;
    }
    return "";
}

/* The canary's number, by its device; PROBE_N_STATIONS if it is none. */
static size_t
number_of(const struct policy_interface *ifc)
{
    for (size_t i = 0; i < PROBE_N_STATIONS; i++) {
        char device[16];

        snprintf(device, sizeof device, "cprobe%" PRIuSIZE, i);
        if (ifc->device && !strcmp(ifc->device, device)) {
            return i;
        }
    }
    return PROBE_N_STATIONS;
}

static void
station_init(struct probe_station *s, const struct policy_interface *ifc)
{
    const struct policy_network *network = ifc->network;

    s->mac = ifc->mac;
    s->link_local = s->v6 = addr_eui64(ifc->mac);
    s->vlan = network->vlan;
    for (size_t i = 0; i < ifc->n_addresses; i++) {
        const struct addr *a = &ifc->addresses[i].addr;

        *(a->family == AF_INET ? &s->v4 : &s->v6) = *a;
    }
    if (network->n_gateways) {
        const struct policy_gateway *g = &network->gateways[0];

        s->gateway = g->mac;
        for (size_t i = 0; i < g->n_addresses; i++) {
            const struct addr *a = &g->addresses[i];

            *(a->family == AF_INET ? &s->gateway_v4 : &s->gateway_v6) = *a;
        }
    }
}

static void
find_canaries(struct probe *p)
{
    for (size_t i = 0; i < p->policy->n_tenants; i++) {
        const struct policy_tenant *t = &p->policy->tenants[i];

        for (size_t j = 0; j < t->n_guests; j++) {
            const struct policy_guest *g = &t->guests[j];

            for (size_t k = 0; k < g->n_interfaces; k++) {
                const struct policy_interface *ifc = &g->interfaces[k];
                size_t number = number_of(ifc);

                if (number < PROBE_N_STATIONS) {
                    p->interfaces[number] = ifc;
                    p->ports[number] = watched_port(p->watched, ifc->port);
                    station_init(&p->stations.v[number], ifc);
                }
            }
        }
    }
}

char *
probe_new(struct policy *policy, struct eth_addr bridge,
          struct probe **ret_probe)
{
    struct probe *p = xzalloc(sizeof *p);

    p->policy = policy;
    p->watched = watched_new(policy, bridge);
    p->stations.bridge = bridge;
    find_canaries(p);
    for (size_t i = 0; i < PROBE_N_STATIONS; i++) {
        if (!p->ports[i]) {
            probe_free(p);
            return xstrdup("the agent's canaries are not understood");
        }
    }
    for (size_t i = 0; i < PROBE_N_STATIONS; i++) {
        const struct policy_network *n = p->interfaces[i]->network;

        if (n != p->interfaces[probe_peer(i)]->network
            || n == p->interfaces[probe_other(i)]->network) {
            probe_free(p);
            return xstrdup("the agent's canaries are in other networks than "
                           "was asked for");
        }
    }
    /* As the canaries' MACs, but for the last byte. */
    p->stations.stranger = p->stations.v[0].mac;
    p->stations.stranger.ea[5] |= 7;
    *ret_probe = p;
    return NULL;
}

static void
results_free(struct probe *p)
{
    for (size_t i = 0; i < p->n_results; i++) {
        free(p->results[i].data);
    }
    free(p->results);
}

void
probe_free(struct probe *p)
{
    if (p) {
        probe_frames_done(&p->frames);
        results_free(p);
        watched_free(p->watched);
        policy_free(p->policy);
        free(p);
    }
}

/* Whether a rule of the tenant's may keep the frame back. */
static bool
is_filtered(const struct probe *p, size_t station, const struct packet *packet)
{
    const struct policy_tenant *t = p->interfaces[station]->guest->tenant;
    int type = packet_icmp6_type(packet);

    return packet->ip && !(type >= 133 && type <= 137) && t->has_defaults
           && !(t->allow[POLICY_INGRESS] && t->allow[POLICY_EGRESS]);
}

/* Says where 'f' has to be seen, and where it can be. 'memory' is of the
 * sender's fragments, which nftables has none of: NULL if it
 * is the guard. */
static void
judge(const struct probe *p, struct portsec_memory *memory,
      const struct probe_frame *f, struct probe_result *r)
{
    struct packet packet;

    packet_parse(f->data, f->n, &packet);
    r->reason =
        portsec_from_guest(p->ports[f->from], memory, 0, f->data, f->n);
    r->must = r->may = 0;
    if (r->reason) {
        return;
    }
    r->may |= 1u << PROBE_UPLINK;
    for (size_t i = 0; i < PROBE_N_STATIONS; i++) {
        if (i == f->from
            || p->interfaces[i]->network != p->interfaces[f->from]->network
            || portsec_to_guest(p->ports[i], f->data, f->n)) {
            continue;
        }
        r->may |= 1u << i;
        if (!f->may && !is_filtered(p, i, &packet)) {
            r->must |= 1u << i;
        }
    }
}

void
probe_begin(struct probe *p, uint32_t run)
{
    const bool remembers = p->policy->host.guard != GUARD_NFTABLES;
    struct portsec_memory memories[PROBE_N_STATIONS];

    p->run = run;
    probe_frames_done(&p->frames);
    probe_frames_make(&p->stations, run, &p->frames);
    if (!p->results) {
        p->n_results = p->frames.n;
        p->results = xcalloc(p->n_results, sizeof *p->results);
    }
    for (size_t i = 0; i < PROBE_N_STATIONS; i++) {
        portsec_memory_init(&memories[i]);
    }
    for (size_t i = 0; i < p->n_results; i++) {
        const struct probe_frame *f = &p->frames.v[i];
        struct probe_result *r = &p->results[i];

        r->name = f->name;
        r->from = f->from;
        r->to = f->to;
        r->got = 0;
        judge(p, remembers ? &memories[f->from] : NULL, f, r);
    }
    for (size_t i = 0; i < PROBE_N_STATIONS; i++) {
        portsec_memory_done(&memories[i]);
    }
}

void
probe_seen(struct probe *p, unsigned int place, const void *data, size_t n)
{
    const uint8_t *at = data, *last = at + n;
    const uint8_t *mark = p->frames.v[0].mark;

    /* All but the number is the same in all marks. */
    while ((at = memmem(at, last - at, mark, PROBE_MARK_LEN - 2))) {
        size_t number;

        if (last - at < PROBE_MARK_LEN) {
            return;
        }
        number = packet_u16(at + PROBE_MARK_LEN - 2);
        /* What a station sends it sees, too, if it is led back. */
        if (number < p->n_results) {
            p->results[number].got |= 1u << place;
        }
        at += PROBE_MARK_LEN;
    }
}

bool
probe_is_complete(const struct probe *p)
{
    for (size_t i = 0; i < p->n_results; i++) {
        if (p->results[i].must & ~p->results[i].got) {
            return false;
        }
    }
    return true;
}

static enum probe_verdict
verdict_of(const struct probe_result *r)
{
    return r->got & ~r->may               ? PROBE_LEAKED
           : r->must & ~r->got            ? PROBE_LOST
           : r->must || (r->got & r->may) ? PROBE_PASSED
                                          : PROBE_HELD;
}

void
probe_end(struct probe *p)
{
    for (size_t i = 0; i < p->n_results; i++) {
        const struct probe_frame *f = &p->frames.v[i];
        struct probe_result *r = &p->results[i];
        enum probe_verdict verdict = verdict_of(r);

        r->leaked |= r->got & ~r->may;
        if (!r->data || verdict > r->verdict) {
            free(r->data);
            r->data = xmemdup(f->data, f->n);
            r->n = f->n;
        }
        r->verdict = MAX(r->verdict, verdict);
    }
}
