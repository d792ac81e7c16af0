/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Configurations for the judge, from text; see config.h. */

#include <cordon-config.h>
#include "kmod/config.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/addr.h"
#include "util.h"

/* Lists are pointers to const in the judge's structs; here they are owned. */

static void *
grow(const void *list, u32 n, size_t size)
{
    return xrealloc(CONST_CAST(void *, list), (n + 1) * size);
}

/* Appends 'element' to 'list' of 'n', and sorts it if 'sorted'. */
#define APPEND(LIST, N, ELEMENT)                                  \
    do {                                                          \
        void *list_ = grow(LIST, N, sizeof *(LIST));              \
                                                                  \
        memcpy((char *) list_ + (N) * sizeof *(LIST), &(ELEMENT), \
               sizeof *(LIST));                                   \
        (LIST) = list_;                                           \
        (N)++;                                                    \
    } while (0)
#define SORT(LIST, N, COMPARE) \
    qsort(CONST_CAST(void *, LIST), N, sizeof *(LIST), COMPARE)

static int
compare_prefixes(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct cordon_prefix));
}

static int
compare_macs(const void *a, const void *b)
{
    return memcmp(a, b, ETH_ALEN);
}

static int
compare_members(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct cordon_member));
}

static bool
read_prefix(const char *s, struct cordon_prefix *ret)
{
    struct prefix p;

    if (!s || !prefix_parse(s, &p) || prefix_has_host_bits(&p)) {
        return false;
    }
    memset(ret, 0, sizeof *ret);
    ret->family = p.addr.family;
    ret->len = p.len;
    memcpy(ret->addr, p.addr.b, sizeof ret->addr);
    return true;
}

static bool
read_mac(const char *s, u8 ret[ETH_ALEN])
{
    struct eth_addr mac;

    if (!s || !mac_parse(s, &mac)) {
        return false;
    }
    memcpy(ret, mac.ea, ETH_ALEN);
    return true;
}

static bool
read_pair(const char *mac, const char *prefix, struct cordon_pair *ret)
{
    memset(ret, 0, sizeof *ret);
    return read_mac(mac, ret->mac) && read_prefix(prefix, &ret->prefix);
}

static bool
add_segment(struct test_config *config, const char *id)
{
    struct test_segment *s = xzalloc(sizeof *s);

    s->next = config->segments;
    config->segments = s;
    return id && (s->c.id = atoi(id)) > 0;
}

static bool
add_port(struct test_config *config, const char *name)
{
    struct test_port *port = xzalloc(sizeof *port);

    port->c.segment = config->segments ? &config->segments->c : NULL;
    port->c.host = &config->host;
    port->c.mtu = 1500;
    port->name = xstrdup(name ? name : "");
    port->next = config->ports;
    config->ports = port;
    return port->c.segment && *port->name;
}

static bool
segment_line(struct cordon_segment_config *s, const char *key, const char *a,
             const char *b)
{
    struct cordon_prefix prefix;
    struct cordon_pair pair;
    u8 mac[ETH_ALEN];

    if (!strcmp(key, "broadcast") && read_prefix(a, &prefix)) {
        APPEND(s->broadcasts, s->n_broadcasts, prefix.addr);
    } else if (!strcmp(key, "believed") && read_pair(a, b, &pair)) {
        APPEND(s->believed, s->n_believed, pair);
    } else if (!strcmp(key, "gateway") && read_mac(a, mac)) {
        APPEND(s->gateways, s->n_gateways, mac);
    } else if (!strcmp(key, "trusted") && read_mac(a, mac)) {
        APPEND(s->trusted, s->n_trusted, mac);
        SORT(s->trusted, s->n_trusted, compare_macs);
    } else if (!strcmp(key, "member") && a && read_mac(b, mac)) {
        struct cordon_member member = { .community = atoi(a) };

        memcpy(member.mac, mac, ETH_ALEN);
        APPEND(s->members, s->n_members, member);
        SORT(s->members, s->n_members, compare_members);
    } else if (!strcmp(key, "declared") && read_prefix(a, &prefix)) {
        if (prefix.len == (prefix.family == AF_INET ? 32 : 128)) {
            APPEND(s->hosts, s->n_hosts, prefix);
            SORT(s->hosts, s->n_hosts, compare_prefixes);
        } else {
            APPEND(s->prefixes, s->n_prefixes, prefix);
            SORT(s->prefixes, s->n_prefixes, compare_prefixes);
        }
    } else {
        return false;
    }
    return true;
}

static bool
port_line(struct cordon_port_config *port, const char *key, const char *a,
          const char *b)
{
    struct cordon_pair pair;
    u8 mac[ETH_ALEN];

    if (!strcmp(key, "mac") && read_mac(a, mac)) {
        APPEND(port->macs, port->n_macs, mac);
    } else if (!strcmp(key, "pair") && read_pair(a, b, &pair)) {
        APPEND(port->pairs, port->n_pairs, pair);
    } else if (!strcmp(key, "vrrp") && a) {
        u8 number = atoi(a);

        APPEND(port->vrrp, port->n_vrrp, number);
    } else if (!strcmp(key, "mtu") && a) {
        port->mtu = atoi(a);
    } else if (!strcmp(key, "router")) {
        port->flags |= CORDON_PORT_F_ROUTER;
    } else if (!strcmp(key, "isolated")) {
        port->flags |= CORDON_PORT_F_ISOLATED;
    } else if (!strcmp(key, "community") && a) {
        port->community = atoi(a);
    } else if (!strcmp(key, "dhcp-server")) {
        port->flags |= CORDON_PORT_F_DHCP_SERVER;
    } else {
        return false;
    }
    return true;
}

bool
test_config_line(struct test_config *config, char *line)
{
    char *save = NULL, *key = strtok_r(line, " \n", &save);
    char *a = strtok_r(NULL, " \n", &save), *b = strtok_r(NULL, " \n", &save);
    struct cordon_prefix prefix;

    if (!key) {
        return false;
    } else if (!strcmp(key, "bridge")) {
        return read_mac(a, config->host.bridge_mac);
    } else if (!strcmp(key, "underlay") && read_prefix(a, &prefix)) {
        APPEND(config->host.underlay, config->host.n_underlay, prefix);
        return true;
    } else if (!strcmp(key, "segment")) {
        return add_segment(config, a);
    } else if (!strcmp(key, "port")) {
        return add_port(config, a);
    }
    return (config->segments && segment_line(&config->segments->c, key, a, b))
           || (config->ports && port_line(&config->ports->c, key, a, b));
}

void
test_config_done(struct test_config *config)
{
    while (config->segments) {
        struct test_segment *s = config->segments;

        config->segments = s->next;
        free(CONST_CAST(void *, s->c.broadcasts));
        free(CONST_CAST(void *, s->c.believed));
        free(CONST_CAST(void *, s->c.gateways));
        free(CONST_CAST(void *, s->c.hosts));
        free(CONST_CAST(void *, s->c.prefixes));
        free(CONST_CAST(void *, s->c.trusted));
        free(CONST_CAST(void *, s->c.members));
        free(s);
    }
    while (config->ports) {
        struct test_port *port = config->ports;

        config->ports = port->next;
        free(CONST_CAST(void *, port->c.macs));
        free(CONST_CAST(void *, port->c.pairs));
        free(CONST_CAST(void *, port->c.vrrp));
        free(port->name);
        free(port);
    }
    free(CONST_CAST(void *, config->host.underlay));
}

struct test_port *
test_config_port(struct test_config *config, const char *name)
{
    struct test_port *port = config->ports;

    while (port && strcmp(port->name, name)) {
        port = port->next;
    }
    return port;
}

const struct cordon_segment_config *
test_config_segment(const struct test_config *config, u32 id)
{
    const struct test_segment *s = config->segments;

    while (s && s->c.id != id) {
        s = s->next;
    }
    return s ? &s->c : NULL;
}
