/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Inventories from JSON and plans as text; see the header. */

#include <cordon-config.h>
#include "plan_fixture.h"

#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "inventory/inventory.h"
#include "lib/addr.h"
#include "lib/arena.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "openvswitch/shash.h"
#include "packets.h"
#include "plan/plan.h"
#include "policy/policy.h"
#include "util.h"
#include "uuid.h"

static const struct json *
member(const struct json *json, const char *name, enum json_type type)
{
    const struct json *m = shash_find_data(json_object(json), name);

    if (m && m->type != type) {
        ovs_fatal(0, "\"%s\" has the wrong type", name);
    }
    return m;
}

static long long int
number(const struct json *json, const char *name)
{
    const struct json *m = member(json, name, JSON_INTEGER);

    return m ? json_integer(m) : 0;
}

static const char *
string(const struct json *json, const char *name)
{
    const struct json *m = member(json, name, JSON_STRING);

    return m ? json_string(m) : "";
}

/* True and the elements of an array; an absent one is empty. */
static size_t
array(const struct json *json, const char *name, struct json ***ret_elems)
{
    const struct json *m = member(json, name, JSON_ARRAY);

    *ret_elems = m ? json_array(m)->elems : NULL;
    return m ? json_array(m)->n : 0;
}

static void
read_mac(const struct json *json, struct eth_addr *mac)
{
    const char *s = string(json, "mac");

    if (s[0] && !mac_parse(s, mac)) {
        ovs_fatal(0, "%s is no MAC", s);
    }
}

static void
read_domains(const struct json *json, struct inventory *inv)
{
    struct json **elems;

    inv->n_domains = array(json, "domains", &elems);
    inv->domains =
        ARENA_ARRAY(inv->arena, struct inventory_domain, inv->n_domains + 1);
    for (size_t i = 0; i < inv->n_domains; i++) {
        struct inventory_domain *d = &inv->domains[i];

        d->domid = number(elems[i], "domid");
        d->name = arena_strdup(inv->arena, string(elems[i], "name"));
        if (!uuid_from_string(&d->uuid, string(elems[i], "uuid"))) {
            ovs_fatal(0, "domain %s has no UUID", d->name);
        }
    }
}

static void
read_vifs(const struct json *json, struct inventory *inv)
{
    struct json **elems;

    inv->n_vifs = array(json, "vifs", &elems);
    inv->vifs = ARENA_ARRAY(inv->arena, struct inventory_vif, inv->n_vifs + 1);
    for (size_t i = 0; i < inv->n_vifs; i++) {
        struct inventory_vif *v = &inv->vifs[i];

        v->domid = number(elems[i], "domid");
        v->handle = number(elems[i], "handle");
        v->has_mac = string(elems[i], "mac")[0] != '\0';
        read_mac(elems[i], &v->mac);
        v->script = arena_strdup(inv->arena, string(elems[i], "script"));
        v->vifname = arena_strdup(inv->arena, string(elems[i], "vifname"));
    }
}

static bool
has_flag(const struct json *json, const char *flag)
{
    struct json **elems;
    size_t n = array(json, "flags", &elems);

    for (size_t i = 0; i < n; i++) {
        if (!strcmp(json_string(elems[i]), flag)) {
            return true;
        }
    }
    return false;
}

static uint32_t
link_named(const struct inventory *inv, const char *name)
{
    const struct inventory_link *l;

    if (!name[0]) {
        return 0;
    }
    l = inventory_link_by_name(inv, name);
    if (!l) {
        ovs_fatal(0, "no link %s", name);
    }
    return l->ifindex;
}

static void
read_links(const struct json *json, struct inventory *inv)
{
    struct json **elems;

    inv->n_links = array(json, "links", &elems);
    inv->links =
        ARENA_ARRAY(inv->arena, struct inventory_link, inv->n_links + 1);
    for (size_t i = 0; i < inv->n_links; i++) {
        struct inventory_link *l = &inv->links[i];
        const struct json *e = elems[i];

        l->ifindex = number(e, "ifindex");
        l->mtu = 1500;
        ovs_strlcpy(l->name, string(e, "name"), sizeof l->name);
        ovs_strlcpy(l->kind, string(e, "kind"), sizeof l->kind);
        ovs_strlcpy(l->bus, string(e, "bus"), sizeof l->bus);
        ovs_strlcpy(l->parent, string(e, "parent"), sizeof l->parent);
        ovs_strlcpy(l->alias, string(e, "alias"), sizeof l->alias);
        read_mac(e, &l->mac);
        l->flags = (has_flag(e, "up") ? IFF_UP : 0)
                   | (has_flag(e, "carrier") ? 0x10000 : 0)
                   | (has_flag(e, "loopback") ? IFF_LOOPBACK : 0)
                   | (has_flag(e, "slave") ? IFF_SLAVE : 0);
        l->xdp = has_flag(e, "xdp");
        l->has_address = has_flag(e, "address");
    }
    for (size_t i = 0; i < inv->n_links; i++) {
        struct inventory_link *l = &inv->links[i];

        l->master = link_named(inv, string(elems[i], "master"));
        l->lower = link_named(inv, string(elems[i], "lower"));
    }
}

struct inventory *
fixture_inventory(const struct json *json)
{
    struct inventory *inv = xzalloc(sizeof *inv);

    inv->arena = arena_new();
    inv->xen = true;
    read_domains(json, inv);
    read_vifs(json, inv);
    read_links(json, inv);
    return inv;
}

static void
print_port(const struct plan *plan, const struct plan_port *p, struct ds *ds)
{
    const char *closed = plan_port_closed(plan, p);
    char buf[PREFIX_STRLEN];

    ds_put_format(ds, "port %s", p->name);
    if (p->ifindex) {
        ds_put_format(ds, " device %s #%" PRIu32 " segment %" PRIu32,
                      p->device, p->ifindex, p->segment->id);
    } else {
        ds_put_cstr(ds, " absent");
    }
    if (p->tap) {
        ds_put_cstr(ds, " tap");
    }
    if (p->standby) {
        ds_put_cstr(ds, " standby");
    }
    if (p->isolated) {
        ds_put_cstr(ds, " isolated");
    }
    if (p->community) {
        ds_put_format(ds, " community %" PRIu32, p->community);
    }
    ds_put_char(ds, '\n');
    for (size_t i = 0; i < p->n_macs; i++) {
        ds_put_format(ds, "  mac " ETH_ADDR_FMT "%s\n",
                      ETH_ADDR_ARGS(p->macs[i]),
                      plan_mac_roams(p, p->macs[i]) ? " roams" : "");
    }
    for (size_t i = 0; i < p->n_pairs; i++) {
        ds_put_format(ds, "  pair " ETH_ADDR_FMT " %s\n",
                      ETH_ADDR_ARGS(p->pairs[i].mac),
                      prefix_format(&p->pairs[i].address, buf));
    }
    if (closed) {
        ds_put_format(ds, "  closed: %s\n", closed);
    }
}

void
fixture_print_plan(const struct plan *plan, struct ds *ds)
{
    ds_put_format(ds, "uplink %s\n",
                  !plan->host->uplink ? "none"
                  : plan->uplink      ? plan->host->uplink
                                      : "missing");
    if (plan->host_problem) {
        ds_put_format(ds, "host problem: %s\n", plan->host_problem);
    }
    if (plan->uplink_foreign) {
        ds_put_format(ds, "uplink closed: %s\n", plan->uplink_foreign);
    }
    for (size_t i = 0; i < plan->n_segments; i++) {
        const struct plan_segment *s = &plan->segments[i];

        ds_put_format(ds, "segment %" PRIu32 " vlan %u network %s\n", s->id,
                      s->vlan, s->network->name);
    }
    for (size_t i = 0; i < plan->n_ports; i++) {
        print_port(plan, &plan->ports[i], ds);
    }
    for (size_t i = 0; i < plan->n_strays; i++) {
        ds_put_format(ds, "stray %s #%" PRIu32 ": %s\n",
                      plan->strays[i].device, plan->strays[i].ifindex,
                      plan->strays[i].why);
    }
}
