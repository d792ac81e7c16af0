/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_GUARD_CHAINS_H
#define CORDON_DATAPLANE_LINUX_GUARD_CHAINS_H 1

/* The rules, as text in the form of nft_rule.h, by what they look at.
 *
 * "$mark" stands for the segment in skb->mark, "$not-underlay4" and
 * "$not-underlay6" for comparisons that hold if the destination is no
 * endpoint of the underlay.
 *
 * How they are written: a rule whose load runs past the end of the packet
 * does not match. So a rule that drops only loads what earlier rules have
 * found to be there, and every chain ends in a drop, an accept after what
 * decides has been proven, or a goto. */

/* An array of these ends with a NULL name. */
struct guard_chain {
    const char *name;
    const char *const *rules; /* NULL-ended. */
};

#define RULES(...)        \
    (const char *const[]) \
    {                     \
        __VA_ARGS__, NULL \
    }

extern const struct guard_chain guard_chains_fast[];
extern const struct guard_chain guard_chains_frame[];
extern const struct guard_chain guard_chains_ip4[];
extern const struct guard_chain guard_chains_ip6[];
extern const struct guard_chain guard_chains_icmp6[];
extern const struct guard_chain guard_chains_out[];
extern const struct guard_chain guard_chains_shared[];
extern const struct guard_chain guard_chains_uplink[];

#endif /* src/dataplane/linux/guard_chains.h */
