/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_CHAIN_H
#define CORDON_AUDIT_CHAIN_H 1

/* The chain of SHA-256 over a snapshot: one link over the header, one for each
 * part that was read, one over what is absent or unread. Each takes in the
 * one before, so the last one stands for all. doc/snapshot-format.md says
 * what exactly is hashed. */

struct snapshot;
struct snapshot_part;

#define CHAIN_SIZE 32     /* Bytes of a link. */
#define CHAIN_HEX_SIZE 65 /* As text, with NUL. */

/* 'link' is the link before and becomes the new one. */
void chain_header(const struct snapshot *, unsigned char link[CHAIN_SIZE]);
void chain_part(const struct snapshot_part *, unsigned char link[CHAIN_SIZE]);
void chain_end(const struct snapshot *, unsigned char link[CHAIN_SIZE]);

void chain_hex(const unsigned char link[CHAIN_SIZE], char hex[CHAIN_HEX_SIZE]);

#endif /* src/audit/chain.h */
