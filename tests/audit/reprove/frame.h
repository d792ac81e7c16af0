/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_AUDIT_REPROVE_FRAME_H
#define TESTS_AUDIT_REPROVE_FRAME_H 1

/* One frame, of which nothing is known, and how the kernel sees it where it
 * comes in. It may have a tag of 802.1Q or 802.1ad in front, which the kernel
 * takes out: then 'byte' and 'len' are those of the frame without it. */

#include <stdbool.h>
#include <stddef.h>

#include "audit/reprove/sym.h"

#define FRAME_N 384 /* Bytes; what is behind them is of no matter. */
#define FRAME_TAG_LEN 4
#define FRAME_PLACES 16 /* Where an upper layer may start... */

/* ...if 'is' holds. */
struct frame_place {
    sym is;
    unsigned int at; /* From the destination MAC. */
};

struct frame {
    sym byte[FRAME_N];
    sym len;    /* 17 bits. */
    sym linear; /* 17 bits: of 'len', how many are in the linear area. */
    bool tagged;
    sym tag[FRAME_TAG_LEN];
    sym protocol[2]; /* skb->protocol. */
    sym pkttype;     /* 8 bits. */
    sym good;        /* What holds of any frame. */

    /* The upper layer, as netfilter finds it. */
    sym known, later; /* Later: in a later fragment. */
    sym l4proto;
    struct frame_place places[FRAME_PLACES];
    size_t n_places;
    sym elsewhere; /* Behind more extension headers than are looked at. */
};

void frame_init(struct frame *, bool tagged, const uint8_t mac[6]);

/* The frame has at least 'n' bytes. */
sym frame_has(const struct frame *, unsigned int n);
/* The bytes 'at' and 'at' + 1 as a number of 16 bits. */
sym frame_u16(const struct frame *, unsigned int at);

/* What a rule loads: sets 'n' bytes of 'ret'; returns whether it can. 'base' is
 * one of NFT_PAYLOAD_*. */
sym frame_load(const struct frame *, unsigned int base, unsigned int offset,
               unsigned int n, sym *ret);

#endif /* tests/audit/reprove/frame.h */
