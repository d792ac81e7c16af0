/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Reading single values, and saying precisely what is wrong with them. */

#include <cordon-config.h>
#include "policy/scalar.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "packets.h"
#include "policy/build.h"
#include "policy/node.h"
#include "util.h"
#include "uuid.h"

enum {
    MIN_LEN_IPV4 = 8, /* Shortest prefixes. */
    MIN_LEN_IPV6 = 32,
    MAX_NAME = 63,
};

bool
scalar_bool(struct build *b, const struct node *node, bool *ret)
{
    if (!node || node->broken) {
        return false;
    }
    if (node->type != NODE_BOOL) {
        build_error(b, node,
                    "\"%.60s\" must be true or false, not %s; write "
                    "true or false without quotes",
                    node->key, node_type_name(node->type));
        return false;
    }
    *ret = node->text[0] == 't' || node->text[0] == 'T';
    return true;
}

/* Reads an integer as YAML 1.2 writes them. JSON knows no difference between
 * 110 and 110.0, so a number without fraction is one, too. */
static bool
parse_integer(const struct node *node, int64_t *ret)
{
    const char *s = node->text;
    char *end;

    if (node->type == NODE_FLOAT) {
        double d = strtod(s, &end);

        if (*end || !(d >= -1e15 && d <= 1e15) || d != (int64_t) d) {
            return false;
        }
        *ret = d;
        return true;
    }
    if (node->type != NODE_INTEGER) {
        return false;
    }
    errno = 0;
    if (s[0] == '0' && s[1] == 'o') {
        *ret = strtoll(&s[2], &end, 8);
    } else if (s[0] == '0' && s[1] == 'x') {
        *ret = strtoll(&s[2], &end, 16);
    } else {
        *ret = strtoll(s, &end, 10);
    }
    return !*end && !errno;
}

bool
scalar_integer(struct build *b, const struct node *node, int64_t min,
               int64_t max, int64_t *ret)
{
    int64_t value;

    if (!node || node->broken) {
        return false;
    }
    if (node->type != NODE_INTEGER && node->type != NODE_FLOAT) {
        build_error(b, node,
                    "\"%.60s\" must be an integer from %" PRId64 " to "
                    "%" PRId64 ", not %s; write the number without quotes",
                    node->key, min, max, node_type_name(node->type));
        return false;
    }
    if (!parse_integer(node, &value) || value < min || value > max) {
        build_error(b, node,
                    "\"%.60s\" is %.60s; it must be an integer from "
                    "%" PRId64 " to %" PRId64,
                    node->key, node->text, min, max);
        return false;
    }
    *ret = value;
    return true;
}

bool
scalar_string(struct build *b, const struct node *node, const char *what,
              const char **ret)
{
    if (!node || node->broken) {
        return false;
    }
    if (node->type != NODE_STRING) {
        bool quotes = node->type == NODE_BOOL || node->type == NODE_INTEGER
                      || node->type == NODE_FLOAT;

        build_error(b, node, "%s\"%.60s\" must be %s, not %s; %s",
                    node->item ? "each of " : "", node->key, what,
                    node_type_name(node->type),
                    quotes ? "put it in quotes" : "write one");
        return false;
    }
    *ret = node->text;
    return true;
}

bool
scalar_mac(struct build *b, const struct node *node, struct eth_addr *ret)
{
    static const struct eth_addr vif = ETH_ADDR_C(fe, ff, ff, ff, ff, ff);
    struct eth_addr mac;
    const char *s;

    if (!scalar_string(b, node, "a MAC address", &s)) {
        return false;
    }
    if (!mac_parse(s, &mac)) {
        build_error(b, node,
                    "\"%.60s\" is not a MAC address; write six pairs "
                    "of hexadecimal digits: 00:16:3e:00:00:01",
                    s);
    } else if (eth_addr_is_zero(mac)) {
        build_error(b, node,
                    "the zero MAC address belongs to nobody; write "
                    "the one that the interface has");
    } else if (eth_addr_is_multicast(mac)) {
        build_error(b, node,
                    "%s is a group's MAC address; an interface's has "
                    "an even first byte",
                    s);
    } else if (eth_addr_equals(mac, vif)) {
        build_error(b, node,
                    "%s is what every vif has in dom0; write the one "
                    "that the guest has",
                    s);
    } else {
        *ret = mac;
        return true;
    }
    return false;
}

/* What no guest, gateway or tunnel endpoint may have. */
static const struct unfit {
    struct prefix prefix;
    const char *what;
    const char *advice;
} unfits[] = {
    { { { AF_INET, { 0 } }, 8 },
      "an unspecified address",
      "write the addresses that it has" },
    { { { AF_INET, { 127 } }, 8 },
      "a loopback address",
      "write the addresses that others see" },
    { { { AF_INET, { 224 } }, 4 },
      "a multicast address",
      "groups need no permission, write unicast addresses" },
    { { { AF_INET, { 255, 255, 255, 255 } }, 32 },
      "the broadcast address",
      "write unicast addresses" },
    { { { AF_INET6, { 0 } }, 128 },
      "the unspecified address",
      "write the addresses that it has" },
    { { { AF_INET6, { [15] = 1 } }, 128 },
      "the loopback address",
      "write the addresses that others see" },
    { { { AF_INET6, { 0xff } }, 8 },
      "a multicast address",
      "groups need no permission, write unicast addresses" },
    { { { AF_INET6, { [10] = 0xff, 0xff } }, 96 },
      "an IPv4-mapped address",
      "write the IPv4 address itself" },
};

static const struct prefix link_locals = { { AF_INET6, { 0xfe, 0x80 } }, 10 };

/* The part of them that is in use, RFC 4291 section 2.5.6. */
static const struct prefix link_locals_64 = { { AF_INET6, { 0xfe, 0x80 } },
                                              64 };

/* Checks that all of 'p', which the text 's' gave, can be somebody's. */
static bool
check_unicast(struct build *b, const struct node *node, const char *s,
              const struct prefix *p, enum address_use use)
{
    bool link_local = prefix_overlaps(p, &link_locals);

    for (size_t i = 0; i < ARRAY_SIZE(unfits); i++) {
        if (prefix_overlaps(p, &unfits[i].prefix)) {
            build_error(b, node, "%.60s %s %s; %s", s,
                        prefix_is_host(p) ? "is" : "contains", unfits[i].what,
                        unfits[i].advice);
            return false;
        }
    }
    if (link_local && use == ADDRESS_GLOBAL) {
        build_error(b, node,
                    "%.60s is link-local, which has no place here; "
                    "an interface's is its \"link_local\"",
                    s);
        return false;
    }
    if (!link_local && use == ADDRESS_LINK_LOCAL) {
        build_error(b, node,
                    "%.60s is not link-local; write one in "
                    "fe80::/64",
                    s);
        return false;
    }
    if (link_local
        && (!prefix_contains(&link_locals_64, p)
            || !addr_cmp(&p->addr, &link_locals_64.addr))) {
        build_error(b, node,
                    "%.60s is no usable link-local address; write "
                    "one in fe80::/64",
                    s);
        return false;
    }
    return true;
}

bool
scalar_address(struct build *b, const struct node *node, enum address_use use,
               struct addr *ret)
{
    struct prefix p;
    const char *s;

    if (!scalar_string(b, node, "an IP address", &s)) {
        return false;
    }
    if (!addr_parse(s, &p.addr)) {
        build_error(b, node,
                    "\"%.60s\" is not an IP address; write one "
                    "without length: 10.0.0.1 or fd00::1",
                    s);
        return false;
    }
    p.len = addr_bits(&p.addr);
    if (!check_unicast(b, node, s, &p, use)) {
        return false;
    }
    *ret = p.addr;
    return true;
}

static bool
read_prefix(struct build *b, const struct node *node, bool need_length,
            bool host_bits, struct prefix *ret)
{
    struct prefix p, network;
    const char *s;

    if (!scalar_string(b, node, "an IP prefix", &s)) {
        return false;
    }
    if (!prefix_parse(s, &p) || (need_length && !strchr(s, '/'))) {
        build_error(
            b, node, "\"%.60s\" is not an IP %s", s,
            need_length
                ? "prefix; write it with its length: 10.0.0.0/24 or "
                  "fd00::/64"
                : "address or prefix; write it as in 10.0.0.1, fd00::1, "
                  "10.0.0.0/24 or fd00::/64");
        return false;
    }
    if (p.len < (p.addr.family == AF_INET ? MIN_LEN_IPV4 : MIN_LEN_IPV6)) {
        build_error(b, node,
                    "%.60s is too wide; write prefixes of at least "
                    "/%d",
                    s, p.addr.family == AF_INET ? MIN_LEN_IPV4 : MIN_LEN_IPV6);
        return false;
    }
    network = p;
    prefix_clear_host_bits(&network);
    if (!host_bits && prefix_has_host_bits(&p)) {
        char address[ADDR_STRLEN], all[PREFIX_STRLEN];

        build_error(b, node,
                    "%.60s has bits set past its length; write %s "
                    "for all of it or %s for the one address",
                    s, prefix_format(&network, all),
                    addr_format(&p.addr, address));
        return false;
    }
    if (!check_unicast(b, node, s, &network, ADDRESS_GLOBAL)) {
        return false;
    }
    *ret = network;
    return true;
}

bool
scalar_prefix(struct build *b, const struct node *node, struct prefix *ret)
{
    return read_prefix(b, node, false, false, ret);
}

bool
scalar_subnet(struct build *b, const struct node *node, struct prefix *ret)
{
    return read_prefix(b, node, true, false, ret);
}

bool
scalar_underlay(struct build *b, const struct node *node, struct prefix *ret)
{
    return read_prefix(b, node, false, true, ret);
}

bool
scalar_device(struct build *b, const struct node *node, const char **ret)
{
    /* Paths below /proc/sys/net have these beside the devices. */
    static const char *const reserved[] = { ".", "..", "all", "default" };
    const char *s;
    bool ok;

    if (!scalar_string(b, node, "a network device's name", &s)) {
        return false;
    }
    ok = *s && strlen(s) < IFNAMSIZ;
    for (const char *c = s; *c; c++) {
        /* '%' makes the kernel number the device. */
        ok = ok && *c > ' ' && *c < 0x7f && !strchr("/:%", *c);
    }
    for (size_t i = 0; i < ARRAY_SIZE(reserved); i++) {
        ok = ok && strcmp(s, reserved[i]);
    }
    if (!ok) {
        build_error(b, node,
                    "\"%.60s\" cannot be a network device's name; "
                    "it has 1 to %d characters, without space, / : %%, and "
                    "is not \"all\" or \"default\"",
                    s, IFNAMSIZ - 1);
        return false;
    }
    *ret = s;
    return true;
}

bool
scalar_uuid(struct build *b, const struct node *node, struct uuid *ret)
{
    struct uuid uuid;
    const char *s;

    if (!scalar_string(b, node, "a UUID", &s)) {
        return false;
    }
    if (!uuid_from_string(&uuid, s)) {
        build_error(b, node,
                    "\"%.60s\" is not a UUID; `xl list -v` shows "
                    "those of running domains",
                    s);
        return false;
    }
    if (uuid_is_zero(&uuid)) {
        build_error(b, node, "the zero UUID is dom0's; write the guest's");
        return false;
    }
    *ret = uuid;
    return true;
}

bool
name_check(struct build *b, const struct node *name, const char *what)
{
    const char *s = name->text;
    bool ok = isalnum((unsigned char) *s) && strlen(s) <= MAX_NAME;

    for (; *s; s++) {
        ok = ok
             && ((unsigned char) *s < 0x80
                 && (isalnum((unsigned char) *s) || strchr("_.-", *s)));
    }
    if (!ok) {
        build_error(b, name,
                    "\"%.60s\" cannot be %s's name; it has 1 to %d "
                    "letters, digits, '_', '.' or '-' and starts with a "
                    "letter or digit",
                    name->text, what, MAX_NAME);
    }
    return ok;
}
