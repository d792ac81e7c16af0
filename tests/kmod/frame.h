/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_KMOD_FRAME_H
#define CORDON_KMOD_FRAME_H 1

/* A frame for the judge of the kernel guard, in userland. Each pull puts what
 * may be read into a block of its own of just that size, and frees the one
 * before: sanitizers see what is read too far, or by an old pointer. */

#include "../../kmod/parse.h"

struct test_frame {
    struct cordon_frame f; /* Give this to the judge. */
    const u8 *data;        /* Not owned. */
    u32 pulls;
    u8 *eth, *net;
};

/* A frame of 'size' bytes, at least 14, of which the kernel has 'have' bytes
 * after the Ethernet header linear. 'data' stays the caller's. */
void test_frame_init(struct test_frame *frame, const void *data, u32 size,
                     u32 have);
void test_frame_done(struct test_frame *frame);

#endif /* tests/kmod/frame.h */
