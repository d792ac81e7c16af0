/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CORDON_LIMIT_H
#define CORDON_LIMIT_H

/*
 * A limit of a rate, by one number that all processors share.
 */

#include <linux/atomic.h>
#include <linux/types.h>

/* A rate: when the next one would be due if all came in time. */
struct cordon_limit {
	atomic64_t due;
};

/*
 * Whether what takes 'gap' ns at the rate is within it, with a burst of one
 * second's worth.
 */
bool cordon_limit_take(struct cordon_limit *limit, u64 gap);
/* Whether 'n' bytes more are within 'rate' bytes a second (not 0), with a burst
 * of what is due in 'burst_ns'.
 */
bool cordon_limit_take_bytes(struct cordon_limit *limit, u32 n, u64 rate,
			     u64 burst_ns);

#endif /* CORDON_LIMIT_H */
