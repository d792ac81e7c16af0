/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From a plan to what the module is told, and that as text, which is what is
 * compared. Pure. */

#include <cordon-config.h>
#include "dataplane/guard/record.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/linux/rate.h"
#include "lib/arena.h"
#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "plan/plan.h"
#include "plan/segment.h"
#include "plan/shared.h"
#include "policy/format.h"
#include "policy/policy.h"
#include "util.h"

/* From a plan. */

static struct cordon_prefix
to_prefix(const struct prefix *p)
{
    struct cordon_prefix out = { .family = p->addr.family, .len = p->len };

    memcpy(out.addr, p->addr.b, sizeof out.addr);
    return out;
}

static struct cordon_pair
to_pair(const struct plan_pair *pair)
{
    struct cordon_pair out = { .prefix = to_prefix(&pair->address) };

    memcpy(out.mac, pair->mac.ea, sizeof out.mac);
    return out;
}

/* The module keeps prefixes and pairs in the order of memcmp(). */

static int
compare_prefixes(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct cordon_prefix));
}

static int
compare_pairs(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct cordon_pair));
}

static struct cordon_prefix *
to_prefixes(const struct prefix *v, size_t n, struct arena *arena)
{
    struct cordon_prefix *out =
        ARENA_ARRAY(arena, struct cordon_prefix, MAX(n, 1));

    for (size_t i = 0; i < n; i++) {
        out[i] = to_prefix(&v[i]);
    }
    qsort(out, n, sizeof *out, compare_prefixes);
    return out;
}

static struct cordon_pair *
to_pairs(const struct plan_pair *v, size_t n, struct arena *arena)
{
    struct cordon_pair *out =
        ARENA_ARRAY(arena, struct cordon_pair, MAX(n, 1));

    for (size_t i = 0; i < n; i++) {
        out[i] = to_pair(&v[i]);
    }
    qsort(out, n, sizeof *out, compare_pairs);
    return out;
}

static int
compare_members(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct cordon_member));
}

static struct cordon_member *
to_members(const struct shared_facts *f, struct arena *arena)
{
    struct cordon_member *out =
        ARENA_ARRAY(arena, struct cordon_member, MAX(f->n_members, 1));

    for (size_t i = 0; i < f->n_members; i++) {
        out[i].community = f->members[i].community;
        memcpy(out[i].mac, f->members[i].mac.ea, sizeof out[i].mac);
    }
    qsort(out, f->n_members, sizeof *out, compare_members);
    return out;
}

void
module_host_of(const struct plan *plan, struct arena *arena,
               struct module_host *h)
{
    *h = (struct module_host){
        .mark_mask = plan->host->mark_mask,
        .bridge_mac = PLAN_BRIDGE_MAC,
        .underlay =
            to_prefixes(plan->host->underlay, plan->host->n_underlay, arena),
        .n_underlay = plan->host->n_underlay,
    };
}

void
module_segment_of(const struct plan *plan, const struct plan_segment *segment,
                  struct arena *arena, struct module_segment *s)
{
    struct shared_facts shared;
    struct segment_facts f;

    segment_facts(plan, segment, arena, &f);
    shared_facts(plan, segment, arena, &shared);
    *s = (struct module_segment){
        .id = segment->id,
        .vlan = segment->vlan,
        .broadcasts =
            ARENA_ARRAY(arena, struct cordon_prefix, MAX(f.n_broadcasts, 1)),
        .declared = to_prefixes(f.declared, f.n_declared, arena),
        .believed = to_pairs(f.believed, f.n_believed, arena),
        .gateways = f.gateways,
        .trusted = shared.trusted,
        .members = to_members(&shared, arena),
        .n_broadcasts = f.n_broadcasts,
        .n_declared = f.n_declared,
        .n_believed = f.n_believed,
        .n_gateways = f.n_gateways,
        .n_trusted = shared.n_trusted,
        .n_members = shared.n_members,
    };
    for (size_t i = 0; i < f.n_broadcasts; i++) {
        s->broadcasts[i] = to_prefix(
            &(struct prefix){ f.broadcasts[i], addr_bits(&f.broadcasts[i]) });
    }
}

static void
add_macs(const struct plan_port *port, struct arena *arena,
         struct module_port *p)
{
    p->macs = port->macs;
    p->n_macs = port->n_macs;
    p->roaming = ARENA_ARRAY(arena, struct eth_addr, MAX(port->n_macs, 1));
    for (size_t i = 0; i < port->n_macs; i++) {
        if (plan_mac_roams(port, port->macs[i])) {
            p->roaming[p->n_roaming++] = port->macs[i];
        }
    }
}

void
module_port_of(const struct plan *plan, const struct plan_port *port,
               struct arena *arena, struct module_port *p)
{
    const struct policy_interface *i = port->interface;

    *p = (struct module_port){
        .ifindex = port->ifindex,
        .state = CORDON_PORT_QUARANTINED,
        .kind = CORDON_PORT_GUEST,
    };
    if (plan_port_closed(plan, port)) {
        return;
    }
    p->state = CORDON_PORT_GUARDED;
    p->segment = port->segment->id;
    add_macs(port, arena, p);
    p->pairs = to_pairs(port->pairs, port->n_pairs, arena);
    p->n_pairs = port->n_pairs;
    p->vrrp = ARENA_ARRAY(arena, uint8_t, MAX(i->n_vrrp, 1));
    for (size_t j = 0; j < i->n_vrrp; j++) {
        p->vrrp[p->n_vrrp++] = i->vrrp[j].id;
    }
    p->flags = (i->router ? CORDON_PORT_F_ROUTER : 0)
               | (i->dhcp_server ? CORDON_PORT_F_DHCP_SERVER : 0)
               | (port->isolated ? CORDON_PORT_F_ISOLATED : 0);
    p->community = port->community;
    p->storm = i->storm;
    p->frames = i->packet_rate;
    p->bytes = rate_bytes(i->rate[POLICY_EGRESS].rate);
    p->burst = i->rate[POLICY_EGRESS].burst;
}

/* As text. */

static void
put_macs(struct ds *ds, const char *what, const struct eth_addr *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ds_put_format(ds, "%s" ETH_ADDR_FMT, i ? "," : what,
                      ETH_ADDR_ARGS(v[i]));
    }
}

static void
put_prefix(struct ds *ds, const struct cordon_prefix *p)
{
    struct prefix out = { .addr.family = p->family, .len = p->len };
    char buf[PREFIX_STRLEN];

    memcpy(out.addr.b, p->addr, sizeof p->addr);
    ds_put_cstr(ds, prefix_format(&out, buf));
}

static void
put_prefixes(struct ds *ds, const char *what, const struct cordon_prefix *v,
             size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ds_put_cstr(ds, i ? "," : what);
        put_prefix(ds, &v[i]);
    }
}

static void
put_pairs(struct ds *ds, const char *what, const struct cordon_pair *v,
          size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ds_put_format(ds, "%s" ETH_ADDR_FMT " ", i ? "," : what,
                      ETH_ADDR_BYTES_ARGS(v[i].mac));
        put_prefix(ds, &v[i].prefix);
    }
}

static void
put_members(struct ds *ds, const char *what, const struct cordon_member *v,
            size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ds_put_format(ds, "%s%" PRIu32 " " ETH_ADDR_FMT, i ? "," : what,
                      v[i].community, ETH_ADDR_BYTES_ARGS(v[i].mac));
    }
}

static const char *
finish(struct ds *ds, struct arena *arena)
{
    const char *text = arena_strdup(arena, ds_cstr(ds));

    ds_destroy(ds);
    return text;
}

const char *
module_host_text(const struct module_host *h, struct arena *arena)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_format(&ds, "mask %#" PRIx32 " bridge " ETH_ADDR_FMT, h->mark_mask,
                  ETH_ADDR_ARGS(h->bridge_mac));
    put_prefixes(&ds, " underlay ", h->underlay, h->n_underlay);
    return finish(&ds, arena);
}

const char *
module_segment_text(const struct module_segment *s, struct arena *arena)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_format(&ds, "vlan %u", s->vlan);
    put_prefixes(&ds, " broadcast ", s->broadcasts, s->n_broadcasts);
    put_pairs(&ds, " believed ", s->believed, s->n_believed);
    put_macs(&ds, " gateways ", s->gateways, s->n_gateways);
    put_prefixes(&ds, " declared ", s->declared, s->n_declared);
    put_macs(&ds, " trusted ", s->trusted, s->n_trusted);
    put_members(&ds, " members ", s->members, s->n_members);
    return finish(&ds, arena);
}

const char *
module_port_text(const struct module_port *p, struct arena *arena)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (p->state == CORDON_PORT_QUARANTINED) {
        return "quarantined";
    } else if (p->state == CORDON_PORT_BLOCKED) {
        return arena_printf(arena, "blocked: %s", p->why ? p->why : "");
    } else if (p->kind != CORDON_PORT_GUEST) {
        return p->kind == CORDON_PORT_UPLINK ? "uplink" : "host";
    }
    ds_put_format(&ds, "segment %" PRIu32, p->segment);
    put_macs(&ds, " macs ", p->macs, p->n_macs);
    put_macs(&ds, " roaming ", p->roaming, p->n_roaming);
    put_pairs(&ds, " pairs ", p->pairs, p->n_pairs);
    if (p->flags & CORDON_PORT_F_ROUTER) {
        ds_put_cstr(&ds, " router");
    }
    if (p->flags & CORDON_PORT_F_DHCP_SERVER) {
        ds_put_cstr(&ds, " dhcp-server");
    }
    if (p->flags & CORDON_PORT_F_ISOLATED) {
        ds_put_cstr(&ds, " isolated");
    }
    if (p->community) {
        ds_put_format(&ds, " community %" PRIu32, p->community);
    }
    for (size_t i = 0; i < p->n_vrrp; i++) {
        ds_put_format(&ds, "%s%u", i ? "," : " vrrp ", p->vrrp[i]);
    }
    ds_put_format(&ds, " storm %" PRIu32, p->storm);
    if (p->mtu) {
        ds_put_format(&ds, " mtu %" PRIu32, p->mtu);
    }
    if (p->frames || p->bytes) {
        const struct policy_rate rate = { p->bytes * 8, p->burst };

        ds_put_cstr(&ds, RECORD_POLICE);
        limits_format(&rate, p->frames, &ds);
    }
    return finish(&ds, arena);
}
