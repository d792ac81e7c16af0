/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_HEADER_H
#define CORDON_AUDIT_HEADER_H 1

/* The extended header: what rules may ask of a frame, as variables of sets of
 * frames (bits.h): the bytes of its headers, how long it is, its tag, and the
 * mark that it carries.
 *
 * Frames are taken apart by shape, so that in each shape every field has one
 * place: where the transport header starts, for instance, is a number and not
 * a function of the frame. The shapes with and without a VLAN tag are all
 * there is: every frame is of exactly one.
 *
 * What is beyond the modelled bytes, and what is unknown for another reason,
 * is an *oracle*: a variable of its own that may have either value. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/bits.h"

enum header_shape {
    HEADER_ARP,
    HEADER_OTHER,         /* Neither ARP nor IP, LLC included. */
    HEADER_IP4,           /* Header of 20 bytes. */
    HEADER_IP4_OPTION,    /* Of 24. */
    HEADER_IP4_OPTIONS,   /* Longer. */
    HEADER_IP4_BAD,       /* Of another version or less than 20 bytes. */
    HEADER_IP6,           /* No extension header (of those that the kernel's
                         * ipv6_find_hdr() passes over). */
    HEADER_IP6_EXTENSION, /* One of 8 bytes, then the upper layer. */
    HEADER_IP6_CHAIN,     /* Others. */
    HEADER_IP6_BAD,       /* Of another version. */
};
#define HEADER_N_SHAPES (HEADER_IP6_BAD + 1)

#define HEADER_MAX 144      /* Bytes behind the Ethernet header. */
#define HEADER_LEN_BITS 16  /* Of the length. */
#define HEADER_MARK_BITS 32 /* Of the mark. */

enum header_base { HEADER_LINK, HEADER_NETWORK, HEADER_TRANSPORT };

enum header_direction {
    HEADER_INGRESS, /* Seen where a device receives: netdev ingress. */
    HEADER_EGRESS,  /* Where a device sends. */
};

struct header {
    enum header_shape shape;
    enum header_direction direction;
    bool tagged; /* 0x8100 or 0x88a8, in band or beside the frame. */
    bits domain; /* The frames of this shape. */

    struct bits_byte dst[6], src[6];
    struct bits_byte tpid[2], tci[2]; /* If 'tagged'. */
    struct bits_byte type[2];         /* Behind the tag. */
    struct bits_byte protocol[2];     /* skb->protocol. */
    struct bits_byte nh[HEADER_MAX];  /* From the network header on. */
    size_t n_nh;                      /* That are modelled. */
    int th; /* Where in 'nh' the transport header is; -1: anywhere. */
    bits len[HEADER_LEN_BITS]; /* Bytes from the network header on. */
    bits valid; /* The kernel finds the IP header good and knows the upper
                  * protocol... */
    bits upper; /* ...and that it is there: no later fragment. */
    struct bits_byte l4proto;
};

/* Makes the variables; nothing else may use bits.h until header_done().
 * Returns 0 or -errno. */
int header_init(int max_nodes);
void header_done(void);

/* '*h' lives as long as the region that it is made in. */
void header_make(struct header *h, enum header_shape, bool tagged,
                 enum header_direction);

/* The frames that have at least 'n' bytes from the network header on. */
bits header_longer(const struct header *, unsigned int n);

/* What a payload expression loads. '*ret_there': where it does. */
void header_load(const struct header *, enum header_base, unsigned int offset,
                 unsigned int n, struct bits_byte *ret, bits *ret_there);

/* The variables of the mark, as the four bytes of a big-endian number. */
void header_mark(struct bits_byte ret[4]);
bits header_mark_vars(void);
/* All variables but the mark's: bits_exists() with it leaves the marks. */
bits header_all_but_mark(void);

/* An oracle; the same for the same 'why'. If there are too many, one that is
 * shared, which costs proofs and not soundness. */
bits header_oracle(const char *why);
bits header_oracle_vars(void);
/* Reasons of the oracles that 'x' depends on: at most 'max'; returns how
 * many. */
size_t header_oracles(bits x, const char **ret_why, size_t max);
/* An oracle that usually is 1: "there is room", "within the limit". */
bits header_usually(const char *why);
/* Those of 'x' that are in it whatever the oracles are, if the usual ones are
 * as usual. */
bits header_certain(bits x);
/* Forgets all oracles: those of another port may take their variables. */
void header_forget(void);

/* What differs from port to port may be left open: numbers, as variables that
 * stand for the bits of what is a port's own, and sets of frames that depend
 * on it, each of which one variable stands for (question.h). The numbers: 16
 * bytes each. */
#define HEADER_N_OWN 12
void header_own(size_t which, struct bits_byte ret[16]);
/* True if the variable is bit '*ret_bit' (of 128) of such a number. */
bool header_is_own(int var, size_t *ret_which, size_t *ret_bit);
/* The variables that stand for sets, in order. */
const int *header_open_vars(size_t *ret_n);

/* Of the frames in 'x' one that is plain to read, its lengths and checksums
 * right where 'x' lets them be. 'x' is not empty. Returns its length, at most
 * 'size' of which are in 'frame'; 'ret_mark' (may be NULL) is its mark. */
size_t header_example(const struct header *, bits x, uint8_t *frame,
                      size_t size, uint32_t *ret_mark);

/* True if 'h' is the shape of the frame and the frame is in 'x', with that
 * mark and every oracle 0. */
bool header_has(const struct header *, bits x, const uint8_t *frame, size_t n,
                uint32_t mark);

const char *header_shape_name(enum header_shape);

#endif /* src/audit/header.h */
