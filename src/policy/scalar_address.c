/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Reading IP addresses and prefixes, and who may have them. */

#include <cordon-config.h>
#include <string.h>
#include <sys/socket.h>

#include "policy/build.h"
#include "policy/node.h"
#include "policy/scalar.h"
#include "util.h"

enum {
    MIN_LEN_IPV4 = 8, /* Shortest prefixes. */
    MIN_LEN_IPV6 = 32,
};

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

/* Checks that no bits of 'p', which the text 's' gave, are set past its
 * length. */
static bool
check_host_bits(struct build *b, const struct node *node, const char *s,
                const struct prefix *p)
{
    char address[ADDR_STRLEN], all[PREFIX_STRLEN];
    struct prefix network = *p;

    if (!prefix_has_host_bits(p)) {
        return true;
    }
    prefix_clear_host_bits(&network);
    build_error(b, node,
                "%.60s has bits set past its length; write %s "
                "for all of it or %s for the one address",
                s, prefix_format(&network, all),
                addr_format(&p->addr, address));
    return false;
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
    if (!host_bits && !check_host_bits(b, node, s, &p)) {
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
scalar_peer(struct build *b, const struct node *node, struct prefix *ret)
{
    struct prefix p;
    const char *s;

    if (!scalar_string(b, node, "a peer", &s)) {
        return false;
    }
    if (!prefix_parse(s, &p)) {
        build_error(b, node,
                    "\"%.60s\" is no peer; write any, an address, a prefix "
                    "as in 10.0.0.0/24 or fd00::/64, group:NAME or "
                    "network:NAME",
                    s);
        return false;
    }
    if (!check_host_bits(b, node, s, &p)) {
        return false;
    }
    if (addr_is_v4_mapped(&p.addr)) {
        build_error(b, node,
                    "%.60s is an IPv4-mapped address; write the IPv4 address "
                    "itself",
                    s);
        return false;
    }
    *ret = p;
    return true;
}
