// SPDX-License-Identifier: GPL-2.0
/*
 * Remembers what a port has sent of datagrams in fragments, and finds those
 * that overlap. Called by hook.c for fragments that cordon_judge_from_guest()
 * has passed.
 */

#include "fragment.h"

#ifdef __KERNEL__
#include <linux/compiler.h>
#include <linux/socket.h>
#include <linux/string.h>
#endif

static bool is_of(const struct cordon_datagram *d,
		  const struct cordon_fragment *f)
{
	return d->family == f->family && d->id == f->id &&
	       d->proto == f->proto && !memcmp(d->src, f->src, sizeof(d->src)) &&
	       !memcmp(d->dst, f->dst, sizeof(d->dst));
}

/* The fragment's datagram, a new one if it is the first, NULL if all are in use. */
static struct cordon_datagram *find(struct cordon_fragments *fragments,
				    const struct cordon_fragment *f, u64 now)
{
	struct cordon_datagram *free = NULL;
	u32 i;

	for (i = 0; i < CORDON_FRAGMENT_DATAGRAMS; i++) {
		struct cordon_datagram *d = &fragments->datagrams[i];

		if (d->family && d->expires <= now)
			d->family = 0;
		if (!d->family)
			free = free ? free : d;
		else if (is_of(d, f))
			return d;
	}
	if (!free)
		return NULL;
	memset(free, 0, sizeof(*free));
	free->family = f->family;
	free->proto = f->proto;
	free->id = f->id;
	free->expires = now + (f->family == AF_INET ? CORDON_FRAGMENT_MS4 :
						      CORDON_FRAGMENT_MS6);
	memcpy(free->src, f->src, sizeof(free->src));
	memcpy(free->dst, f->dst, sizeof(free->dst));
	return free;
}

/* Adds a range. False: it overlaps another, or there are too many. */
static bool insert_range(struct cordon_datagram *d, u32 start, u32 end)
{
	struct cordon_fragment_range *r = d->ranges;
	u32 i, n = d->n_ranges;

	for (i = 0; i < n; i++)
		if (start < r[i].end && r[i].start < end)
			return false;
	for (i = 0; i < n && r[i].end < start; i++)
		;
	/* 'r[i]' is the first that ends where the new one begins, or later. */
	if (i == n || (r[i].end != start && r[i].start != end)) {
		if (n == CORDON_FRAGMENT_RANGES)
			return false;
		memmove(&r[i + 1], &r[i], (n - i) * sizeof(*r));
		r[i].start = start;
		r[i].end = end;
		d->n_ranges++;
		return true;
	}
	if (r[i].end == start)
		r[i].end = end;
	else
		r[i].start = start;
	if (i + 1 < n && r[i].end == r[i + 1].start) {
		r[i].end = r[i + 1].end;
		memmove(&r[i + 1], &r[i + 2], (n - i - 2) * sizeof(*r));
		d->n_ranges--;
	}
	return true;
}

enum cordon_reason cordon_fragment_note(struct cordon_fragments *fragments,
					const struct cordon_fragment *fragment,
					u64 now)
{
	struct cordon_datagram *d = find(fragments, fragment, now);

	if (!d || d->spoilt)
		return CORDON_DROP_FRAGMENT;
	if (!insert_range(d, fragment->start, fragment->end)) {
		d->spoilt = true;
		return CORDON_DROP_FRAGMENT;
	}
	if (!fragment->more) {
		d->last_seen = true;
		d->total = fragment->end;
	}
	/* Whole: what comes next with its number is another. */
	if (d->last_seen && d->n_ranges == 1 && !d->ranges[0].start &&
	    d->ranges[0].end == d->total)
		d->family = 0;
	return CORDON_PASS;
}
