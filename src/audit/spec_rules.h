/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_SPEC_RULES_H
#define CORDON_AUDIT_SPEC_RULES_H 1

/* What spec.c and spec6.c share. */

#include "audit/spec.h"

/* Adds the frames 'x' to those that 'reason' forbids. */
void spec_add(struct spec_emit *, enum reason reason, bits x);

/* What differs from port to port. Each is a question where ports are looked
 * at by classes (question.h). */
enum spec_ask {
    SPEC_SOURCE,    /* 'b' is a MAC that frames may come from; */
    SPEC_MAC,       /* 'b' is one of the port's; */
    SPEC_SAME_MAC,  /* 'a' and 'b' are one and the same of them. */
    SPEC_OWNED,     /* 'b' is an address of the port, of the MAC 'a' if that is
                     * not NULL. */
    SPEC_BROADCAST, /* 'b' is a subnet's broadcast address. */
    SPEC_FORWARDED, /* A router may forward from 'b'. */
    SPEC_VRID,      /* 'b' is one of the port's. */
};
bits spec_ask(const struct spec *, enum spec_ask, const struct bits_byte *a,
              const struct bits_byte *b, uint8_t family);

/* Those whose field at 'b' is the MAC. */
bits spec_mac(const struct bits_byte *b, struct eth_addr mac);
/* Those whose two fields are one and the same of the port's MACs; all if these
 * are not known. */
bits spec_is_mac(const struct spec *, const struct bits_byte *a,
                 const struct bits_byte *b);
/* Those whose address at 'b' is in one of the prefixes... */
bits spec_in_prefixes(const struct bits_byte *b, uint8_t family,
                      const struct prefix *, size_t n);
/* ...or the port's, with the MAC at 'mac' if it is not NULL. */
bits spec_owned(const struct spec *, const struct bits_byte *mac,
                const struct bits_byte *b, uint8_t family);
bits spec_directed_broadcast(const struct spec *, const struct bits_byte *b);
/* Those whose IPv4 address at 'b' it is. */
bits spec_is_ip4(const struct bits_byte *b, uint32_t addr);
bits spec_u8_in(const struct bits_byte *b, const uint8_t *values, size_t n);

/* What spec_ask() asks, in spec6.c. */
bits spec_forwarded6(const struct spec *, const struct bits_byte *b);

void spec_ip6(const struct spec *, const struct header *, struct spec_emit *);

#endif /* src/audit/spec_rules.h */
