/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Prints what a snapshot's file decodes to, as JSON, for tests that make the
 * state of a kernel and look at it through a snapshot. */

#include <cordon-config.h>

#include <stdio.h>
#include <stdlib.h>

#include "audit/host.h"
#include "audit/snapshot.h"
#include "lib/writer.h"
#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "util.h"

static void
put_mac(struct writer *w, const char *key, struct eth_addr mac)
{
    writer_format(w, key, ETH_ADDR_FMT, ETH_ADDR_ARGS(mac));
}

static void
put_vlans(struct writer *w, const struct host_link *l)
{
    writer_list(w, "vlans");
    for (size_t i = 0; i < l->n_vlans; i++) {
        writer_format(w, NULL, "%u%s%s", l->vlans[i].vid,
                      l->vlans[i].pvid ? " pvid" : "",
                      l->vlans[i].untagged ? " untagged" : "");
    }
    writer_end(w);
}

static void
put_link(struct writer *w, const struct host *host, const struct host_link *l)
{
    writer_object(w, NULL);
    writer_string(w, "name", l->name);
    writer_uint(w, "ifindex", l->ifindex);
    writer_string(w, "kind", l->kind);
    writer_uint(w, "type", l->type);
    writer_bool(w, "up", l->up);
    writer_uint(w, "master", l->master);
    writer_uint(w, "lower", l->lower);
    writer_uint(w, "peer", l->peer);
    writer_bool(w, "elsewhere", l->elsewhere);
    writer_bool(w, "xen_backend", l->xen_backend);
    writer_bool(w, "xdp", l->xdp);
    writer_uint(w, "xdp_id", l->xdp_id);
    writer_uint(w, "vlan_id", l->vlan_id);
    writer_uint(w, "vni", l->vni);
    writer_bool(w, "forwards4", host_forwards(host, l, 2));
    writer_bool(w, "proxy_arp", l->proxy_arp);
    put_mac(w, "mac", l->mac);
    if (l->bridge) {
        writer_bool(w, "vlan_filtering", l->bridge->vlan_filtering);
        writer_uint(w, "default_pvid", l->bridge->default_pvid);
        writer_bool(w, "no_linklocal_learn", l->bridge->no_linklocal_learn);
    }
    if (l->port) {
        writer_uint(w, "bridge", l->port->bridge);
        writer_bool(w, "learning", l->port->learning);
        writer_bool(w, "flood", l->port->unicast_flood);
        writer_bool(w, "isolated", l->port->isolated);
        writer_bool(w, "locked", l->port->locked);
        writer_bool(w, "hairpin", l->port->hairpin);
        writer_uint(w, "state", l->port->state);
    }
    writer_uint(w, "pvid", host_link_pvid(l));
    put_vlans(w, l);
    writer_end(w);
}

static void
put_actions(struct writer *w, const struct host_filter *f)
{
    writer_list(w, "actions");
    for (size_t i = 0; i < f->n_actions; i++) {
        const struct host_action *a = &f->actions[i];

        writer_object(w, NULL);
        writer_string(w, "name", a->name);
        writer_bool(w, "known", a->kind != HOST_ACTION_OTHER);
        writer_format(w, "verdict", "%d", a->verdict);
        writer_uint(w, "mirred", a->mirred);
        writer_uint(w, "target", a->target);
        writer_uint(w, "mark", a->mark);
        writer_uint(w, "vlan_id", a->vlan_id);
        writer_end(w);
    }
    writer_end(w);
}

static void
put_tc(struct writer *w, const struct host *host)
{
    writer_list(w, "qdiscs");
    for (size_t i = 0; i < host->n_qdiscs; i++) {
        const struct host_qdisc *q = &host->qdiscs[i];

        writer_object(w, NULL);
        writer_uint(w, "ifindex", q->ifindex);
        writer_string(w, "kind", q->kind);
        writer_uint(w, "ingress_block", q->ingress_block);
        writer_uint(w, "egress_block", q->egress_block);
        writer_end(w);
    }
    writer_end(w);
    writer_list(w, "filters");
    for (size_t i = 0; i < host->n_filters; i++) {
        const struct host_filter *f = &host->filters[i];

        writer_object(w, NULL);
        writer_uint(w, "ifindex", f->ifindex);
        writer_uint(w, "block", f->block);
        writer_uint(w, "hook", f->hook);
        writer_uint(w, "prio", f->prio);
        writer_uint(w, "handle", f->handle);
        writer_string(w, "name", f->name);
        writer_bool(w, "head", f->head);
        writer_bool(w, "understood", f->understood);
        writer_uint(w, "mark", f->mark);
        writer_uint(w, "mark_mask", f->mark_mask);
        writer_uint(w, "keys", f->n_keys);
        put_actions(w, f);
        writer_end(w);
    }
    writer_end(w);
}

static void
put_fdb(struct writer *w, const struct host *host)
{
    writer_list(w, "fdb");
    for (size_t i = 0; i < host->n_fdb; i++) {
        const struct host_fdb *f = &host->fdb[i];

        writer_object(w, NULL);
        writer_uint(w, "bridge", f->bridge);
        writer_uint(w, "ifindex", f->ifindex);
        put_mac(w, "mac", f->mac);
        writer_uint(w, "vlan", f->vlan);
        writer_bool(w, "local", f->local);
        writer_bool(w, "static", f->is_static);
        writer_bool(w, "sticky", f->sticky);
        writer_end(w);
    }
    writer_end(w);
}

static void
put_routes(struct writer *w, const struct host *host)
{
    char buf[PREFIX_STRLEN];

    writer_list(w, "addresses");
    for (size_t i = 0; i < host->n_addresses; i++) {
        writer_object(w, NULL);
        writer_uint(w, "ifindex", host->addresses[i].ifindex);
        writer_string(w, "prefix",
                      prefix_format(&host->addresses[i].prefix, buf));
        writer_end(w);
    }
    writer_end(w);
    writer_list(w, "routes");
    for (size_t i = 0; i < host->n_routes; i++) {
        const struct host_route *r = &host->routes[i];

        writer_object(w, NULL);
        writer_uint(w, "table", r->table);
        writer_string(w, "destination", prefix_format(&r->destination, buf));
        writer_uint(w, "ifindex", r->n_hops ? r->hops[0].ifindex : 0);
        writer_uint(w, "hops", r->n_hops);
        writer_end(w);
    }
    writer_end(w);
    writer_uint(w, "rules", host->n_rules);
    writer_uint(w, "neighbors", host->n_neighbors);
}

static void
put_hooks(struct writer *w, const struct host *host)
{
    writer_list(w, "hooks");
    for (size_t i = 0; i < host->n_hooks; i++) {
        const struct host_hook *h = &host->hooks[i];

        writer_object(w, NULL);
        writer_uint(w, "family", h->family);
        writer_uint(w, "hook", h->hooknum);
        writer_string(w, "device", h->device);
        writer_format(w, "priority", "%d", h->priority);
        writer_string(w, "function", h->function);
        writer_string(w, "chain", h->chain_name);
        writer_string(w, "table", h->chain_table);
        writer_end(w);
    }
    writer_end(w);
}

static void
put_guests(struct writer *w, const struct host *host)
{
    const struct host_module *m = host->module;

    writer_list(w, "vifs");
    for (size_t i = 0; i < host->n_vifs; i++) {
        const struct host_vif *v = &host->vifs[i];

        writer_object(w, NULL);
        writer_uint(w, "domid", v->domid);
        writer_uint(w, "handle", v->handle);
        writer_uint(w, "backend", v->backend_domid);
        writer_uint(w, "ifindex", v->ifindex);
        writer_string(w, "domain", v->domain);
        writer_string(w, "mac", v->mac);
        writer_string(w, "state", v->state);
        writer_end(w);
    }
    writer_end(w);
    writer_bool(w, "module", !!m);
    writer_list(w, "guarded");
    for (size_t i = 0; m && i < m->n_ports; i++) {
        writer_object(w, NULL);
        writer_uint(w, "ifindex", m->ports[i].ifindex);
        writer_uint(w, "state", m->ports[i].state);
        writer_uint(w, "kind", m->ports[i].kind);
        writer_uint(w, "segment", m->ports[i].segment);
        writer_uint(w, "macs", m->ports[i].n_macs);
        writer_uint(w, "pairs", m->ports[i].n_pairs);
        writer_end(w);
    }
    writer_end(w);
    writer_list(w, "segments");
    for (size_t i = 0; m && i < m->n_segments; i++) {
        writer_object(w, NULL);
        writer_uint(w, "id", m->segments[i].id);
        writer_uint(w, "vlan", m->segments[i].vlan);
        writer_end(w);
    }
    writer_end(w);
}

int
main(int argc, char *argv[])
{
    struct ds problems = DS_EMPTY_INITIALIZER;
    struct snapshot *s = NULL;
    const struct host *host;
    struct writer *w;
    char *error, *out;

    if (argc != 2) {
        fputs("usage: host_tool SNAPSHOT\n", stderr);
        return 2;
    }
    error = snapshot_read_file(argv[1], NULL, &s);
    if (error) {
        fprintf(stderr, "%s\n", error);
        free(error);
        return 1;
    }
    host = host_decode(s, &problems);
    w = writer_json_new();
    writer_object(w, NULL);
    writer_string(w, "host", host->name);
    writer_list(w, "links");
    for (size_t i = 0; i < host->n_links; i++) {
        put_link(w, host, &host->links[i]);
    }
    writer_end(w);
    put_tc(w, host);
    put_fdb(w, host);
    put_routes(w, host);
    put_hooks(w, host);
    put_guests(w, host);
    writer_list(w, "unknown");
    for (size_t i = 0; i < host->n_unknown; i++) {
        writer_object(w, NULL);
        writer_uint(w, "ifindex", host->unknown[i].ifindex);
        writer_string(w, "what", host->unknown[i].what);
        writer_end(w);
    }
    writer_end(w);
    writer_end(w);
    out = writer_finish(w);
    fputs(out, stdout);
    free(out);
    ds_destroy(&problems);
    host_free(host);
    snapshot_free(s);
    return 0;
}
