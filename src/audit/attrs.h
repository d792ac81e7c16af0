/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_ATTRS_H
#define CORDON_AUDIT_ATTRS_H 1

/* Attributes of a netlink message, or nested in one, by number. Reading goes
 * on after a mistake: 'odd' says that there was one, so that whoever reads
 * asks once, at the end. Numbers are in network byte order, as nftables has
 * them. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct nlattr;

#define ATTRS_MAX 31

struct attrs {
    const struct nlattr *tb[ATTRS_MAX + 1];
    bool odd; /* An attribute above the highest, twice, of a wrong size; or
               * bytes that are none. */
};

/* Reads the 'n' bytes at 'p', of which attributes up to number 'max' are
 * known. */
void attrs_read(struct attrs *, const void *p, size_t n, int max);

/* Reads what is nested in attribute 'type' of 'outer'. If it is not there,
 * nothing is, which is not odd. */
void attrs_nested(struct attrs *, const struct attrs *outer, int type,
                  int max);
void attrs_inside(struct attrs *, const struct nlattr *, int max);

/* Those that are not there leave '*ret' alone, and are false. */
bool attrs_u8(struct attrs *, int type, uint8_t *ret);
bool attrs_u16(struct attrs *, int type, uint16_t *ret);
bool attrs_u32(struct attrs *, int type, uint32_t *ret);
bool attrs_u64(struct attrs *, int type, uint64_t *ret);

/* A number that has to be there. */
uint32_t attrs_need_u32(struct attrs *, int type);

/* Not NULL-terminated strings are odd. NULL if there is none. Points into the
 * message. */
const char *attrs_string(struct attrs *, int type);
const void *attrs_bytes(const struct attrs *, int type, size_t *ret_n);

/* Goes through what is nested in 'outer':
 *
 *     const struct nlattr *a = NULL;
 *     while ((a = attrs_next(outer, a))) ...
 */
const struct nlattr *attrs_next(const struct nlattr *outer,
                                const struct nlattr *);

#endif /* src/audit/attrs.h */
