/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_LIB_ADDR_H
#define CORDON_LIB_ADDR_H 1

/* Ethernet and IP addresses as policy, plan and dataplane see them.
 *
 * MACs are libopenvswitch's 'struct eth_addr' (format with ETH_ADDR_FMT and
 * ETH_ADDR_ARGS). IP addresses keep network byte order. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/types.h"

/* An IPv4 or IPv6 address. Unused bytes are zero, so memcmp() compares. */
struct addr {
    uint8_t family; /* AF_INET or AF_INET6. */
    uint8_t b[16];  /* IPv4: the first four. */
};

/* Addresses that share their first 'len' bits with 'addr', whose host bits
 * are zero unless 'len' is that of a host address. */
struct prefix {
    struct addr addr;
    uint8_t len;
};

#define ADDR_STRLEN 46 /* INET6_ADDRSTRLEN. */
#define PREFIX_STRLEN (ADDR_STRLEN + 4)

/* Bits in an address of 'a's family: 32 or 128. */
unsigned int addr_bits(const struct addr *a);

/* Bytes in an address of 'a's family: 4 or 16. */
size_t addr_len(const struct addr *a);

/* Parses "10.0.0.1" or "fd00::1". False if 's' is neither. */
bool addr_parse(const char *s, struct addr *ret_addr);

/* Parses "10.0.0.0/24" or an address, which is a prefix of all its bits.
 * Host bits are kept; see prefix_has_host_bits(). */
bool prefix_parse(const char *s, struct prefix *ret_prefix);

/* True if bits past 'p->len' are set. */
bool prefix_has_host_bits(const struct prefix *p);

/* Clears the bits past 'p->len'. */
void prefix_clear_host_bits(struct prefix *p);

/* True if 'p' holds a single address. */
bool prefix_is_host(const struct prefix *p);

bool prefix_contains(const struct prefix *outer, const struct prefix *inner);
bool prefix_overlaps(const struct prefix *a, const struct prefix *b);
bool prefix_contains_addr(const struct prefix *p, const struct addr *a);

/* 224.0.0.0/4, ff00::/8. */
bool addr_is_multicast(const struct addr *a);
bool addr_is_unspecified(const struct addr *a);
/* 127.0.0.0/8, ::1. */
bool addr_is_loopback(const struct addr *a);
/* fe80::/10 (RFC 4291 section 2.5.6); IPv4 has none here. */
bool addr_is_link_local(const struct addr *a);
/* ::ffff:0:0/96 (RFC 4291 section 2.5.5.2). */
bool addr_is_v4_mapped(const struct addr *a);

/* The link-local address that RFC 4291 appendix A makes of 'mac'. */
struct addr addr_eui64(struct eth_addr mac);

/* Total orders, for sorted arrays. */
int addr_cmp(const struct addr *a, const struct addr *b);
int prefix_cmp(const struct prefix *a, const struct prefix *b);
int mac_cmp(struct eth_addr a, struct eth_addr b);

/* Parses six pairs of hex digits with colons between them. */
bool mac_parse(const char *s, struct eth_addr *ret_mac);

/* Write to 'buf' and return it. A host prefix is written without length. */
const char *addr_format(const struct addr *a, char buf[ADDR_STRLEN]);
const char *prefix_format(const struct prefix *p, char buf[PREFIX_STRLEN]);

#endif /* src/lib/addr.h */
