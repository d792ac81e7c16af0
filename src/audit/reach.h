/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_REACH_H
#define CORDON_AUDIT_REACH_H 1

/* What a hook lets through: chains of nftables and filters of tc run over all
 * frames of one shape at once, for one device. The device's own numbers and
 * names are put in first, so that of a set of all ports only the elements of
 * this one are looked at.
 *
 * What is not understood passes, under an oracle (header.h), or is a note;
 * whoever proves something finds either in its way. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/bits.h"
#include "audit/filter.h"
#include "audit/header.h"

struct host;
struct host_link;
struct ruleset;
struct ruleset_chain;
struct ruleset_rule;

/* Why a hook cannot be told exactly, or where else frames go. */
enum reach_note_kind {
    REACH_UNKNOWN,  /* May do anything: no claim about these frames. */
    REACH_SENDS,    /* Goes, or a copy goes, out of 'target'. */
    REACH_RECEIVES, /* Enters as if it had come in on 'target'. */
    REACH_DECIDES,  /* Accepted here: of what lets frames through. */
};

struct reach_note {
    enum reach_note_kind kind;
    bits frames;
    char *text;      /* "netdev t in, rule 7: match". */
    uint32_t target; /* ifindex, 0: not known. */
};

struct reach {
    const struct host *host;
    const struct ruleset *ruleset;
    const struct host_link *input, *output; /* NULL: none, or any. */
    bool any_output; /* 'output' is not known: of a forwarded frame. */
    struct header header;

    bits frames;              /* Those that are still there. */
    struct bits_byte mark[4]; /* Of each of them; host's number, big end
                                 * first. */
    struct bits_byte pkttype;

    struct reach_note *notes;
    size_t n_notes, allocated_notes;
    unsigned int depth;
    unsigned int n_steps; /* Expressions that were looked at. */
};

/* All frames of a shape, on their way into ('input') or out of ('output') a
 * device. At ingress their mark is 'mark' if it is known, at egress it may be
 * anything. reach_done() frees what is not in the region of bits.h. */
void reach_init(struct reach *, const struct host *, const struct ruleset *,
                const struct host_link *, enum header_shape, bool tagged,
                enum header_direction);
void reach_done(struct reach *);

/* Runs the base chains of a hook: 'frames' becomes what they let through. */
void reach_chains(struct reach *, uint8_t family, uint32_t hook,
                  const char *device);
/* Runs the tc filters of the device. */
void reach_tc(struct reach *, const struct host_link *, enum host_filter_hook);

/* Adds a note; 'text' is taken over. */
void reach_note(struct reach *, enum reach_note_kind, bits frames,
                uint32_t target, char *text);

/* Those of 'x' that pass whatever the oracles say, limits not being used
 * up. */
bits reach_certain(bits x);

#endif /* src/audit/reach.h */
