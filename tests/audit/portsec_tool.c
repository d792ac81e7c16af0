/* SPDX-License-Identifier: GPL-3.0-or-later */

/* portsec_tool: the audit's port security, asked in the language of
 * tests/kmod/judge, so that the same tests try both. Its "have" is taken and
 * means nothing. */

#include <cordon-config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/portsec.h"
#include "kmod/config.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

/* A port as the tool's configuration has it, and as portsec has it. */
struct port {
    struct portsec_host host;
    struct portsec_segment segment;
    struct portsec_port port;
};

struct tool {
    struct test_config config;
    struct portsec_memory memory;
    double now;
};

static struct prefix
to_prefix(const struct cordon_prefix *p)
{
    struct prefix q = { .addr = { .family = p->family }, .len = p->len };

    memcpy(q.addr.b, p->addr, p->family == AF_INET ? 4 : 16);
    return q;
}

static struct eth_addr
to_mac(const uint8_t *mac)
{
    struct eth_addr e;

    memcpy(e.ea, mac, sizeof e.ea);
    return e;
}

static void
host_init(struct portsec_host *h, const struct cordon_host_config *c)
{
    h->bridge_mac = to_mac(c->bridge_mac);
    h->n_underlay = c->n_underlay;
    h->underlay = xcalloc(c->n_underlay + 1, sizeof *h->underlay);
    for (size_t i = 0; i < c->n_underlay; i++) {
        h->underlay[i] = to_prefix(&c->underlay[i]);
    }
}

static struct portsec_pair *
to_pairs(const struct cordon_pair *pairs, size_t n)
{
    struct portsec_pair *to = xcalloc(n + 1, sizeof *to);

    for (size_t i = 0; i < n; i++) {
        to[i].mac = to_mac(pairs[i].mac);
        to[i].prefix = to_prefix(&pairs[i].prefix);
    }
    return to;
}

static void
segment_init(struct portsec_segment *s, const struct cordon_segment_config *c)
{
    s->vlan = c->id;
    s->n_broadcasts = c->n_broadcasts;
    s->broadcasts = xcalloc(c->n_broadcasts + 1, sizeof *s->broadcasts);
    for (size_t i = 0; i < c->n_broadcasts; i++) {
        s->broadcasts[i].family = AF_INET;
        memcpy(s->broadcasts[i].b, &c->broadcasts[i], 4);
    }
    s->n_believed = c->n_believed;
    s->believed = to_pairs(c->believed, c->n_believed);
    s->n_gateways = c->n_gateways;
    s->gateways = xcalloc(c->n_gateways + 1, sizeof *s->gateways);
    for (size_t i = 0; i < c->n_gateways; i++) {
        s->gateways[i] = to_mac(c->gateways[i]);
    }
    s->declared = xcalloc(c->n_hosts + c->n_prefixes + 1, sizeof *s->declared);
    for (size_t i = 0; i < c->n_hosts; i++) {
        s->declared[s->n_declared++] = to_prefix(&c->hosts[i]);
    }
    for (size_t i = 0; i < c->n_prefixes; i++) {
        s->declared[s->n_declared++] = to_prefix(&c->prefixes[i]);
    }
}

static int
compare_macs(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct eth_addr));
}

static void
hear(struct portsec_port *p, const struct cordon_port_config *c)
{
    const struct cordon_segment_config *s = c->segment;

    p->isolated = c->flags & CORDON_PORT_F_ISOLATED;
    p->heard = xcalloc(s->n_trusted + s->n_members + 1, sizeof *p->heard);
    for (size_t i = 0; i < s->n_trusted; i++) {
        p->heard[p->n_heard++] = to_mac(s->trusted[i]);
    }
    for (size_t i = 0; i < s->n_members; i++) {
        if (c->community && s->members[i].community == c->community) {
            p->heard[p->n_heard++] = to_mac(s->members[i].mac);
        }
    }
    qsort(p->heard, p->n_heard, sizeof *p->heard, compare_macs);
}

static void
port_init(struct port *port, const struct cordon_port_config *c)
{
    struct portsec_port *p = &port->port;

    memset(port, 0, sizeof *port);
    host_init(&port->host, c->host);
    segment_init(&port->segment, c->segment);
    p->host = &port->host;
    p->segment = &port->segment;
    p->n_macs = c->n_macs;
    p->macs = xcalloc(c->n_macs + 1, sizeof *p->macs);
    for (size_t i = 0; i < c->n_macs; i++) {
        p->macs[i] = to_mac(c->macs[i]);
    }
    p->mac = p->macs[0];
    p->n_pairs = c->n_pairs;
    p->pairs = to_pairs(c->pairs, c->n_pairs);
    p->n_vrrp = c->n_vrrp;
    p->vrrp =
        xmemdup(c->n_vrrp ? c->vrrp : (const uint8_t *) "", MAX(c->n_vrrp, 1));
    p->mtu = c->mtu;
    p->router = c->flags & CORDON_PORT_F_ROUTER;
    p->dhcp_server = c->flags & CORDON_PORT_F_DHCP_SERVER;
    hear(p, c);
}

static void
host_done(struct portsec_host *h)
{
    free(h->underlay);
}

static void
segment_done(struct portsec_segment *s)
{
    free(s->broadcasts);
    free(s->believed);
    free(s->gateways);
    free(s->declared);
}

static void
port_done(struct port *port)
{
    host_done(&port->host);
    segment_done(&port->segment);
    free(port->port.macs);
    free(port->port.pairs);
    free(port->port.vrrp);
    free(port->port.heard);
}

static int
judge_at_port(struct tool *tool, const char *way,
              const struct cordon_port_config *c, const void *frame, size_t n)
{
    struct port port;
    int reason;

    port_init(&port, c);
    reason = !strcmp(way, "from") ? portsec_from_guest(
                 &port.port, &tool->memory, tool->now, frame, n)
                                  : portsec_to_guest(&port.port, frame, n);
    port_done(&port);
    return reason;
}

static int
judge_uplink(const struct test_config *config,
             const struct cordon_segment_config *c, const void *frame,
             size_t n)
{
    struct portsec_segment segment = { .vlan = 0 };
    struct portsec_host host;
    int reason;

    host_init(&host, &config->host);
    segment_init(&segment, c);
    reason = portsec_from_uplink(&segment, &host, frame, n);
    host_done(&host);
    segment_done(&segment);
    return reason;
}

static bool
judge(struct tool *tool, const char *way, const char *at, const char *hex)
{
    const struct test_port *port = test_config_port(&tool->config, at);
    const struct cordon_segment_config *segment =
        test_config_segment(&tool->config, atoi(at));
    size_t n = strlen(hex) / 2;
    uint8_t *frame = xmalloc(MAX(n, 1)); /* Of that size: for ASan. */
    int reason = -1;

    for (size_t i = 0; i < n; i++) {
        bool ok;

        frame[i] = hexits_value(hex + 2 * i, 2, &ok);
        if (!ok) {
            goto out;
        }
    }
    if (!strcmp(way, "uplink") && segment) {
        reason = judge_uplink(&tool->config, segment, frame, n);
    } else if (strcmp(way, "uplink") && port) {
        reason = judge_at_port(tool, way, &port->c, frame, n);
    }
out:
    free(frame);
    if (reason >= 0) {
        printf("%d\n", reason);
    }
    return reason >= 0;
}

static bool
take_line(struct tool *tool, char *line)
{
    static char way[16], at[32];
    int hex = 0;

    if (sscanf(line, "%15s %31s %n", way, at, &hex) == 2) {
        if (!strcmp(way, "now")) {
            tool->now = atoll(at) / 1000.0;
            if (!tool->now) {
                portsec_memory_done(&tool->memory);
                portsec_memory_init(&tool->memory);
            }
            return true;
        } else if (!strcmp(way, "have")) {
            return true;
        } else if (!strcmp(way, "from") || !strcmp(way, "to")
                   || !strcmp(way, "uplink")) {
            return judge(tool, way, at, line + hex);
        }
    }
    return test_config_line(&tool->config, line);
}

int
main(void)
{
    struct ds line = DS_EMPTY_INITIALIZER;
    struct tool tool = { .now = 0 };
    int status = 0;

    portsec_memory_init(&tool.memory);
    while (!status && !ds_get_line(&line, stdin)) {
        char *copy = xstrdup(ds_cstr(&line));

        if (!take_line(&tool, copy)) {
            fprintf(stderr, "portsec_tool: %s: cannot take this line\n",
                    ds_cstr(&line));
            status = 1;
        }
        free(copy);
    }
    ds_destroy(&line);
    portsec_memory_done(&tool.memory);
    test_config_done(&tool.config);
    return status;
}
