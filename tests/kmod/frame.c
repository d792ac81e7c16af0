/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Frames for the judge; see frame.h. */

#include <cordon-config.h>
#include "kmod/frame.h"

#include <stdlib.h>

#include "util.h"

/* Copies the Ethernet header and 'n' bytes behind it to fresh blocks. */
static void
put(struct test_frame *frame, u32 n)
{
    u8 *eth = xmemdup(frame->data, ETH_HLEN);
    u8 *net = xmalloc(MAX(n, 1));

    memcpy(net, frame->data + ETH_HLEN, n);
    free(frame->eth);
    free(frame->net);
    frame->eth = eth;
    frame->net = n ? net : net + 1;
    frame->f.eth = (const struct ethhdr *) eth;
    frame->f.net = frame->net;
    frame->f.have = n;
    frame->net = net;
}

void
test_frame_init(struct test_frame *frame, const void *data, u32 size, u32 have)
{
    memset(frame, 0, sizeof *frame);
    ovs_assert(size >= ETH_HLEN);
    frame->data = data;
    frame->f.len = size - ETH_HLEN;
    frame->f.skb = frame;
    put(frame, MIN(have, frame->f.len));
}

void
test_frame_done(struct test_frame *frame)
{
    free(frame->eth);
    free(frame->net);
}

bool
cordon_frame_pull(struct cordon_frame *f, u32 n)
{
    struct test_frame *frame = f->skb;

    frame->pulls++;
    if (n > f->len) {
        return false;
    }
    put(frame, n);
    return true;
}
