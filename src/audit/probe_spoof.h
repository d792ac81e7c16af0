/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_PROBE_SPOOF_H
#define CORDON_AUDIT_PROBE_SPOOF_H 1

/* What a guest may not send, between two canaries of `cordon probe`. Adds to
 * the maker's frames. */

struct frame_maker;

void probe_forged(struct frame_maker *); /* It claims to be another one. */
void probe_shapes(struct frame_maker *); /* It hides what it is. */

#endif /* src/audit/probe_spoof.h */
