/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Writes rules and rates as the policy file has them. */

#include <cordon-config.h>
#include "policy/format.h"

#include <inttypes.h>

#include "openvswitch/dynamic-string.h"

const char *
direction_name(enum policy_direction direction)
{
    return direction == POLICY_INGRESS ? "ingress" : "egress";
}

static void
format_protocol(int16_t protocol, struct ds *s)
{
    const char *name = protocol_name(protocol);

    if (name) {
        ds_put_cstr(s, name);
    } else {
        ds_put_format(s, "%d", protocol);
    }
}

static void
format_ports(const struct policy_ports *p, struct ds *s)
{
    ds_put_format(s, p->first == p->last ? "%u" : "%u-%u", p->first, p->last);
}

static void
format_peer(const struct policy_peer *peer, struct ds *s)
{
    char buf[PREFIX_STRLEN];

    switch (peer->kind) {
    case PEER_ANY:
        ds_put_cstr(s, "any");
        break;
    case PEER_PREFIX:
        ds_put_cstr(s, prefix_format(&peer->prefix, buf));
        break;
    case PEER_GROUP:
        ds_put_format(s, "group:%s", peer->group->name);
        break;
    case PEER_NETWORK:
        ds_put_format(s, "network:%s", peer->network->name);
        break;
    }
}

static bool
has_all_ports(const struct policy_rule *rule)
{
    for (size_t i = 0; i < rule->n_ports; i++) {
        if (!rule->ports[i].first && rule->ports[i].last == UINT16_MAX) {
            return true;
        }
    }
    return false;
}

void
rule_format(const struct policy_rule *rule, enum policy_direction direction,
            struct ds *s)
{
    format_protocol(rule->ports->protocol, s);
    for (size_t i = 0; i < rule->n_ports && !has_all_ports(rule); i++) {
        ds_put_char(s, i ? ',' : ' ');
        format_ports(&rule->ports[i], s);
    }
    if (rule->icmp_type >= 0) {
        ds_put_format(s, " type %d", rule->icmp_type);
    }
    if (rule->icmp_code >= 0) {
        ds_put_format(s, " code %d", rule->icmp_code);
    }
    ds_put_cstr(s, direction == POLICY_INGRESS ? " from " : " to ");
    for (size_t i = 0; i < rule->n_peers; i++) {
        ds_put_cstr(s, i ? ", " : "");
        format_peer(&rule->peers[i], s);
    }
}

/* Appends 'value' in the largest of the units that it is a multiple of. */
static void
format_quantity(uint64_t value, unsigned int base, const char *const *units,
                struct ds *s)
{
    while (units[1] && value && !(value % base)) {
        value /= base;
        units++;
    }
    ds_put_format(s, "%" PRIu64 "%s", value, *units);
}

void
rate_format(const struct policy_rate *rate, struct ds *s)
{
    static const char *const rates[] = { "bit", "kbit", "Mbit", "Gbit", NULL };
    static const char *const bursts[] = { " bytes", "KiB", "MiB", NULL };

    if (!rate->rate) {
        ds_put_cstr(s, "unlimited");
        return;
    }
    format_quantity(rate->rate, 1000, rates, s);
    ds_put_cstr(s, ", burst ");
    format_quantity(rate->burst, 1024, bursts, s);
}

void
limits_format(const struct policy_rate *rate, uint64_t packets, struct ds *s)
{
    rate_format(rate, s);
    if (packets) {
        ds_put_format(s, LIMITS_MORE "%" PRIu64 " frames/s", packets);
    }
}
