/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CORDON_FRAGMENT_H
#define CORDON_FRAGMENT_H

/*
 * The fragments that a port has sent and that may not be a whole datagram yet,
 * so that none overlaps an earlier one (RFC 5722; for IPv4 alike). Of fixed
 * size, no locks, no allocation; compiles in userland too.
 *
 * All doubt drops: no room for another datagram or for another hole in one, a
 * datagram with an overlap. Only the port that did so is affected.
 */

#include "parse.h"

#define CORDON_FRAGMENT_DATAGRAMS	64
#define CORDON_FRAGMENT_RANGES		8

/*
 * How long a datagram is remembered after its first fragment: at least as long
 * as receivers wait for the rest (RFC 8200, 4.5; ip_fragment.c).
 */
#define CORDON_FRAGMENT_MS4	30000
#define CORDON_FRAGMENT_MS6	60000

/* Bytes of the payload that have been seen; sorted, disjoint, not adjacent. */
struct cordon_fragment_range {
	u16 start, end;
};

struct cordon_datagram {
	u64 expires;
	u32 id;
	u8 family;		/* 0: not in use */
	u8 proto;
	u8 n_ranges;
	bool spoilt;		/* had an overlap: nothing more of it passes */
	bool last_seen;
	u16 total;		/* if 'last_seen' */
	u8 src[16], dst[16];
	struct cordon_fragment_range ranges[CORDON_FRAGMENT_RANGES];
};

/* Zeroed, it is empty. */
struct cordon_fragments {
	struct cordon_datagram datagrams[CORDON_FRAGMENT_DATAGRAMS];
};

/*
 * Notes a fragment that passes otherwise. 'now' is in milliseconds of a clock
 * that does not go back. Returns CORDON_PASS or CORDON_DROP_FRAGMENT. The
 * caller holds a lock.
 */
enum cordon_reason cordon_fragment_note(struct cordon_fragments *fragments,
					const struct cordon_fragment *fragment,
					u64 now);

#endif /* CORDON_FRAGMENT_H */
