// SPDX-License-Identifier: GPL-2.0
/*
 * Limits: so much within a time, for all processors together, without a lock.
 */

#include "limit.h"

#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/minmax.h>

/* Whether what takes 'gap' still fits in what is due until 'room' from now. */
static bool take(struct cordon_limit *limit, u64 gap, u64 now, u64 room)
{
	s64 due = atomic64_read(&limit->due);
	u64 start;

	do {
		start = max_t(u64, due, now);
		if (start + gap > now + room)
			return false;
	} while (!atomic64_try_cmpxchg(&limit->due, &due, start + gap));
	return true;
}

bool cordon_limit_take(struct cordon_limit *limit, u64 gap)
{
	return take(limit, gap, ktime_get_coarse_ns(), NSEC_PER_SEC);
}

/* A burst may be over before the coarse clock ticks. */
bool cordon_limit_take_bytes(struct cordon_limit *limit, u32 n, u64 rate,
			     u64 burst_ns)
{
	return take(limit, div64_u64((u64)n * NSEC_PER_SEC, rate),
		    ktime_get_ns(), burst_ns);
}
