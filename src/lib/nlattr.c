/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Attributes of netlink messages, by libnl. A message of ours that would not
 * fit is a bug. Used wherever messages are built or read. */

#include <cordon-config.h>
#include "lib/nlattr.h"

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>

#include "util.h"

uint8_t
attr_u8(const struct nlattr *a, uint8_t otherwise)
{
    return a && nla_len(a) >= 1 ? nla_get_u8(a) : otherwise;
}

uint16_t
attr_u16(const struct nlattr *a, uint16_t otherwise)
{
    return a && nla_len(a) >= 2 ? nla_get_u16(a) : otherwise;
}

uint32_t
attr_u32(const struct nlattr *a, uint32_t otherwise)
{
    return a && nla_len(a) >= 4 ? nla_get_u32(a) : otherwise;
}

uint64_t
attr_u64(const struct nlattr *a, uint64_t otherwise)
{
    return a && nla_len(a) >= 8 ? nla_get_u64(a) : otherwise;
}

void
put_attr(struct nl_msg *msg, int type, const void *data, size_t size)
{
    if (nla_put(msg, type, size, data) < 0) {
        /* A message has a page; none of ours comes near that. */
        OVS_NOT_REACHED();
    }
}

void
put_u8(struct nl_msg *msg, int type, uint8_t x)
{
    put_attr(msg, type, &x, sizeof x);
}

void
put_u16(struct nl_msg *msg, int type, uint16_t x)
{
    put_attr(msg, type, &x, sizeof x);
}

void
put_u32(struct nl_msg *msg, int type, uint32_t x)
{
    put_attr(msg, type, &x, sizeof x);
}

void
put_u64(struct nl_msg *msg, int type, uint64_t x)
{
    put_attr(msg, type, &x, sizeof x);
}

void
put_string(struct nl_msg *msg, int type, const char *s)
{
    put_attr(msg, type, s, strlen(s) + 1);
}

struct nlattr *
put_nest(struct nl_msg *msg, int type)
{
    struct nlattr *a = nla_nest_start(msg, type);

    if (!a) {
        OVS_NOT_REACHED();
    }
    return a;
}
