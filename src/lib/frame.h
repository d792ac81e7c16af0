/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_LIB_FRAME_H
#define CORDON_LIB_FRAME_H 1

/* What the headers of a frame say. */

#include <stddef.h>
#include <stdint.h>

struct writer;

/* Writes as fields of an open object what the first 'n' bytes of an Ethernet
 * frame, 'p', say, as far as they go: MACs, VLAN, addresses, protocol, ports.
 * The frame may be anything. Nothing of what is behind the headers is
 * written. */
void frame_write(struct writer *, const uint8_t *p, size_t n);

/* The bytes as pairs of hex digits. The caller frees. */
char *frame_hex(const uint8_t *p, size_t n);

#endif /* src/lib/frame.h */
