/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_PATH_PRIVATE_H
#define CORDON_AUDIT_PATH_PRIVATE_H 1

/* What the files that follow a frame share. */

#include "audit/filter.h"
#include "audit/host.h"
#include "audit/path.h"
#include "audit/ruleset.h"
#include "audit/skb.h"

/* A frame on its way. */
struct walk {
    const struct host *host;
    const struct ruleset *ruleset;
    const struct path_options *options;
    struct path *path;
    const struct host_link *to; /* For whom the copy is that is followed. */
    int depth;                  /* Devices within devices. */
};

/* Adds a hop; returns it for what else there is to say. */
struct path_hop *path_add(struct walk *, enum path_hop_kind, enum path_verdict,
                          const char *where, const struct host_link *,
                          const struct skb *, const char *why);
/* Adds one that makes the path not known. */
void path_give_up(struct walk *, enum path_hop_kind, const char *where,
                  const struct host_link *, const struct skb *,
                  const char *why);

/* A copy, with room for a tag. */
struct skb path_copy(struct walk *, const struct skb *);

/* The frame comes in by a device, as it stands in 'skb'; or is sent by one.
 * All else follows from there. */
void path_receive(struct walk *, const struct host_link *, struct skb *);
void path_transmit(struct walk *, const struct host_link *, struct skb *);
void path_bridge(struct walk *, const struct host_link *port, struct skb *);

/* The host itself gets it, on 'link'. */
void path_host(struct walk *, const struct host_link *, struct skb *);

/* Asks what is hooked. False if the frame ends there, or goes elsewhere. */
bool path_hooks(struct walk *, uint8_t family, uint32_t hook,
                const struct host_link *in, const struct host_link *out,
                struct skb *);
bool path_tc(struct walk *, const struct host_link *, bool egress,
             struct skb *);

#endif /* src/audit/path_private.h */
