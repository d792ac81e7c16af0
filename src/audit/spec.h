/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_SPEC_H
#define CORDON_AUDIT_SPEC_H 1

/* Port security as sets of frames: what a port may send and receive, whatever
 * enforces it. It is written from what guests may do (cordon(8)), not from
 * any dataplane, and knows nothing of one.
 *
 * What depends on more than one frame is not in it: limits of broadcasts,
 * overlapping fragments. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/bits.h"
#include "audit/header.h"
#include "lib/addr.h"
#include "lib/reason.h"
#include "openvswitch/types.h"

struct arena;
struct policy;
struct policy_interface;

struct spec_pair {
    struct eth_addr mac;
    struct prefix prefix;
    bool free; /* Any link-local address that is nobody else's. */
};

/* What a port is declared to be, or was found to be. */
struct spec {
    const struct eth_addr *macs;
    size_t n_macs;
    const struct spec_pair *pairs; /* Empty: its addresses are not known, and
                                    * none is held against it. */
    size_t n_pairs;
    const struct prefix *others; /* Declared for somebody else of the
                                  * network. */
    size_t n_others;
    const struct prefix *underlay;
    size_t n_underlay;
    const struct prefix *subnets; /* Their broadcast addresses; where addresses
                                   * are not known, any may be one. */
    size_t n_subnets;
    const uint8_t *vrids;
    size_t n_vrids;
    bool router, dhcp_server;
};

/* The spec of an interface, in 'arena'. */
struct spec *spec_of_interface(const struct policy *,
                               const struct policy_interface *,
                               struct arena *);

/* What a port may not send, of one shape: for each reason the frames that
 * break its rule, empty if there are none. 'unknown' holds those of which the
 * modelled bytes do not say it. */
struct spec_emit {
    bits bad[REASON_MAX + 1];
    bits unknown;
};

void spec_emit(const struct spec *, const struct header *,
               struct spec_emit *ret);

/* All that is forbidden, for whatever reason. */
bits spec_bad(const struct spec_emit *);

/* What may not be sent to a port: frames with a tag, not for its MACs or a
 * group's or not for its addresses. Empty where addresses are not known. */
bits spec_not_addressed(const struct spec *, const struct header *);

#endif /* src/audit/spec.h */
