/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_HEADER_VARS_H
#define CORDON_AUDIT_HEADER_VARS_H 1

/* Between header_vars.c, header.c and header_frame.c: the variables that a
 * frame's bytes are, of all shapes. */

#include "audit/header.h"

#define HEADER_N_TRANSPORT 88

struct header_vars {
    struct bits_byte dst[6], src[6], tci[2], type[2];
    bits tpid; /* 0x88a8, not 0x8100. */
    bits len[HEADER_LEN_BITS];
    struct bits_byte arp[28], other[16];
    struct bits_byte ip4[20], option[4], upper4[HEADER_N_TRANSPORT];
    struct bits_byte ip6[40], extension[8], upper6[HEADER_N_TRANSPORT];
};

/* Valid between header_init() and header_done(). */
const struct header_vars *header_vars(void);

/* All variables there are. */
int header_n_vars(void);
/* The number of the variable that a bit is, -1 if it is a constant or a
 * function of several. */
int header_var_of(int bit);

#endif /* src/audit/header_vars.h */
