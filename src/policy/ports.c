/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Reads protocols and ports. */

#include <cordon-config.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>

#include "lib/arena.h"
#include "policy/build.h"
#include "policy/field.h"
#include "policy/format.h"
#include "policy/node.h"
#include "policy/scalar.h"
#include "util.h"

enum {
    MAX_PORTS = 64, /* Of one list. */
};

static const struct {
    const char *name;
    int16_t protocol;
} protocols[] = {
    { "tcp", IPPROTO_TCP },         { "udp", IPPROTO_UDP },
    { "icmp", IPPROTO_ICMP },       { "icmpv6", IPPROTO_ICMPV6 },
    { "sctp", IPPROTO_SCTP },       { "esp", IPPROTO_ESP },
    { "any", POLICY_PROTOCOL_ANY },
};

const char *
protocol_name(int16_t protocol)
{
    for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
        if (protocols[i].protocol == protocol) {
            return protocols[i].name;
        }
    }
    return NULL;
}

bool
protocol_read(struct build *b, const struct node *node, int16_t *ret_protocol)
{
    const char *name, *meant;
    int64_t number;

    if (!node || node->broken) {
        return false;
    }
    if (node->type == NODE_INTEGER || node->type == NODE_FLOAT) {
        if (!scalar_integer(b, node, 0, 255, &number)) {
            return false;
        }
        *ret_protocol = number;
        return true;
    }
    if (!scalar_string(b, node, "a protocol", &name)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
        if (!strcmp(name, protocols[i].name)) {
            *ret_protocol = protocols[i].protocol;
            return true;
        }
    }
    if (*name && !name[strspn(name, "0123456789")]) {
        build_error(b, node,
                    "\"%.60s\" in quotes is no protocol; write the number "
                    "without quotes: %.60s",
                    name, name);
        return false;
    }
    meant = suggest(name, &protocols->name, ARRAY_SIZE(protocols),
                    sizeof *protocols);
    if (meant) {
        build_error(b, node,
                    "there is no protocol \"%.60s\"; did you mean \"%s\"?",
                    name, meant);
    } else {
        build_error(b, node,
                    "there is no protocol \"%.60s\"; write tcp, udp, icmp, "
                    "icmpv6, sctp, esp, any or a number from 0 to 255",
                    name);
    }
    return false;
}

/* Parses a port at '*s', moving it past. */
static bool
parse_port(const char **s, uint16_t *ret_port)
{
    size_t n = strspn(*s, "0123456789");
    unsigned int port = 0;

    if (!n || n > 5) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        port = port * 10 + ((*s)[i] - '0');
    }
    *s += n;
    *ret_port = port;
    return port <= UINT16_MAX;
}

/* Reads 443 or "8000-8099". */
static bool
read_port(struct build *b, const struct node *node, struct policy_ports *p)
{
    const char *s = node->text;
    int64_t number;

    if (node->broken) {
        return false;
    }
    if (node->type == NODE_INTEGER || node->type == NODE_FLOAT) {
        if (!scalar_integer(b, node, 0, UINT16_MAX, &number)) {
            return false;
        }
        p->first = p->last = number;
        return true;
    }
    if (node->type == NODE_SEQUENCE || node->type == NODE_MAPPING) {
        build_error(b, node, "each of \"%.60s\" must be a port, not %s",
                    node->key, node_type_name(node->type));
        return false;
    }
    if (node->type == NODE_STRING && parse_port(&s, &p->first) && !*s) {
        build_error(b, node,
                    "\"%.60s\" in quotes is no port; write the number without "
                    "quotes: %u",
                    node->text, p->first);
        return false;
    }
    s = node->text;
    if (node->type != NODE_STRING || !parse_port(&s, &p->first) || *s != '-'
        || !(s++, parse_port(&s, &p->last)) || *s) {
        build_error(b, node,
                    "\"%.60s\" is no port; write a number from 0 to 65535 or "
                    "a range as in \"8000-8099\"",
                    node->text);
        return false;
    }
    if (p->first > p->last) {
        build_error(b, node,
                    "the range %.60s is empty; write the smaller port first: "
                    "\"%u-%u\"",
                    node->text, p->last, p->first);
        return false;
    }
    return true;
}

void
ports_read(struct build *b, const struct node *node, int16_t protocol,
           struct policy_ports **ret_ports, size_t *ret_n)
{
    struct policy_ports all = { protocol, 0, UINT16_MAX }, *ports;
    size_t n = 0;

    if (node && protocol != IPPROTO_TCP && protocol != IPPROTO_UDP
        && protocol != IPPROTO_SCTP) {
        build_error(b, node,
                    "only tcp, udp and sctp have \"ports\"; remove them, or "
                    "allow one of those");
        node = NULL;
    }
    if (node && !list_check(b, node, 1, MAX_PORTS, "ports")) {
        node = NULL;
    }
    ports = ARENA_ARRAY(b->arena, struct policy_ports, node ? node->n : 1);
    if (node) {
        NODE_FOR_EACH (item, node) {
            ports[n] = all;
            n += read_port(b, item, &ports[n]);
        }
    } else {
        ports[n++] = all;
    }
    *ret_ports = ports;
    *ret_n = n;
}
