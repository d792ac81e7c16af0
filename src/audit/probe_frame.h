/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_PROBE_FRAME_H
#define CORDON_AUDIT_PROBE_FRAME_H 1

/* The frames that `cordon probe` plays between its canaries: what guests send
 * one another, and what they may not send.
 *
 * So that a host that lets them through is not harmed, what a frame claims is
 * about canaries: it is sent to a canary's MAC, and as somebody's who is none
 * only to a canary's MAC. What goes to a group says nothing that a guest would
 * note. Each bears a mark of 8 bytes that no other frame has. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

#define PROBE_N_STATIONS 4 /* 0 and 1 in one network, 2 and 3 in the other. */
#define PROBE_MARK_LEN 8

struct probe_station {
    struct eth_addr mac;
    struct addr v4; /* AF_UNSPEC: none. */
    struct addr v6; /* The link-local one if there is no other. */
    struct addr link_local;
    uint16_t vlan;
    struct eth_addr gateway;            /* Zero: none. */
    struct addr gateway_v4, gateway_v6; /* AF_UNSPEC: none. */
};

struct probe_stations {
    struct probe_station v[PROBE_N_STATIONS];
    struct eth_addr bridge;   /* The host's. */
    struct eth_addr stranger; /* Nobody's. */
};

/* Who sends with 'from', and who is in the same network or the other one. */
static inline size_t
probe_peer(size_t from)
{
    return from ^ 1;
}

static inline size_t
probe_other(size_t from)
{
    return (from + 2) % PROBE_N_STATIONS;
}

struct probe_frame {
    const char *name;
    size_t from, to; /* Stations; to whom it is, or with it is meant. */
    bool may;        /* Whether it is lost does not matter. */
    uint8_t mark[PROBE_MARK_LEN];
    uint8_t *data;
    size_t n;
};

struct probe_frames {
    struct probe_frame *v;
    size_t n, allocated;
};

/* Makes all frames, always the same ones in the same order but for their
 * marks and what depends on 'run'. */
void probe_frames_make(const struct probe_stations *, uint32_t run,
                       struct probe_frames *ret_frames);
void probe_frames_done(struct probe_frames *);

#endif /* src/audit/probe_frame.h */
