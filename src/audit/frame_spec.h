/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_FRAME_SPEC_H
#define CORDON_AUDIT_FRAME_SPEC_H 1

/* Frames in few words:
 *
 *     tcp 10.0.0.11:1000 > 10.0.0.12:80
 *     udp [fd00::b]:1000 > [fd00::c]:53
 *     icmp 10.0.0.11 > 10.0.0.12
 *     arp 10.0.0.11 > 10.0.0.12
 *
 * or in hex. MACs are those that the host's rules, its kernel module or its
 * neighbours have for the addresses. */

#include <stddef.h>
#include <stdint.h>

#include "openvswitch/types.h"

struct host;
struct host_link;
struct ruleset;

struct frame_spec {
    const struct host *host;
    const struct ruleset *ruleset;
    const struct host_link *port;  /* By which it comes in. */
    const struct eth_addr *source; /* NULL: to be found. */
    const struct eth_addr *destination;
    uint16_t vlan; /* In a tag; 0: none. */
};

/* Makes the frame that 'text' says. Returns NULL, or an error in words that
 * the caller frees, as it does '*ret_frame'. */
char *frame_from_text(const struct frame_spec *, const char *text,
                      uint8_t **ret_frame, size_t *ret_n);

/* The same of pairs of hex digits, between which blanks and colons may be. */
char *frame_from_hex(const char *text, uint8_t **ret_frame, size_t *ret_n);

#endif /* src/audit/frame_spec.h */
