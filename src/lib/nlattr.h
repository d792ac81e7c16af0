/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_LIB_NLATTR_H
#define CORDON_LIB_NLATTR_H 1

/* Attributes of netlink messages: what nlsock.h sends and receives. */

#include <stddef.h>
#include <stdint.h>

struct nl_msg;
struct nlattr;

/* Value of an attribute, or 'otherwise' if there is none (or it is shorter
 * than it should be). */
uint8_t attr_u8(const struct nlattr *, uint8_t otherwise);
uint16_t attr_u16(const struct nlattr *, uint16_t otherwise);
uint32_t attr_u32(const struct nlattr *, uint32_t otherwise);
uint64_t attr_u64(const struct nlattr *, uint64_t otherwise);

/* Puts into 'msg', which grows. */
void put_attr(struct nl_msg *msg, int type, const void *data, size_t size);
void put_u8(struct nl_msg *msg, int type, uint8_t);
void put_u16(struct nl_msg *msg, int type, uint16_t);
void put_u32(struct nl_msg *msg, int type, uint32_t);
void put_u64(struct nl_msg *msg, int type, uint64_t);
void put_string(struct nl_msg *msg, int type, const char *);
struct nlattr *put_nest(struct nl_msg *msg, int type);

#endif /* src/lib/nlattr.h */
