/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_PROBE_H
#define CORDON_AUDIT_PROBE_H 1

/* What of the frames played between canaries had to arrive where, by
 * audit/portsec.h, and what did. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/probe_frame.h"

struct policy;
struct portsec_port;
struct watched;

/* Where frames are seen. The stations come first. */
enum probe_place {
    PROBE_UPLINK = PROBE_N_STATIONS, /* Leaving by it. */
    PROBE_HOST,                      /* On the bridge device. */
    PROBE_N_PLACES,
};

/* Of a frame. The worst is the last. */
enum probe_verdict {
    PROBE_PASSED, /* It had to arrive, or could, and did. */
    PROBE_HELD,   /* It had to be kept back and was. */
    PROBE_LOST,   /* It had to arrive and did not. */
    PROBE_LEAKED, /* It was seen where it must not be. */
    PROBE_N_VERDICTS,
};
const char *probe_verdict_name(enum probe_verdict);

/* A frame as it was judged, in all the times that it was played. */
struct probe_result {
    const char *name;
    size_t from, to;
    unsigned int reason; /* Why its sender may not send it; 0: it may. */
    uint32_t must, may;  /* Places, as bits: where it has to be seen, and
                          * where it can be. */
    uint32_t got;        /* Where it was seen, the last time. */
    enum probe_verdict verdict; /* The worst of all times. */
    uint32_t leaked;            /* Places where it must not have been. */
    uint8_t *data;              /* As sent when it leaked or was lost. */
    size_t n;
};

struct probe {
    struct policy *policy; /* Of the canaries alone. */
    struct watched *watched;
    const struct portsec_port *ports[PROBE_N_STATIONS];
    const struct policy_interface *interfaces[PROBE_N_STATIONS];
    struct probe_stations stations;
    struct probe_frames frames;   /* Of this time. */
    uint32_t run;                 /* Number of it. */
    struct probe_result *results; /* NULL: not yet begun. */
    size_t n_results;
};

/* 'policy' has the canaries, on devices named cprobe and a number, and is
 * taken over. Returns NULL, or what is wrong with it. */
char *probe_new(struct policy *policy, struct eth_addr bridge,
                struct probe **ret_probe);
void probe_free(struct probe *); /* NULL is fine. */

/* Makes the frames of the next time, with marks of 'run', and judges them. */
void probe_begin(struct probe *, uint32_t run);

/* Notes that the frame 'data' was seen at 'place'. Frames of others are not
 * noted. */
void probe_seen(struct probe *, unsigned int place, const void *data,
                size_t n);

/* True if all that has to arrive has. */
bool probe_is_complete(const struct probe *);

/* Notes the verdicts of this time. */
void probe_end(struct probe *);

#endif /* src/audit/probe.h */
