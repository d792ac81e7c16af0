/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Attributes of netlink messages, by libmnl. What is read may be anything: a
 * snapshot comes from elsewhere. Used by the decoders of nftables. */

#include <cordon-config.h>
#include "audit/attrs.h"

#include <libmnl/libmnl.h>
#include <string.h>

#include "openvswitch/types.h"
#include "unaligned.h"
#include "util.h"

void
attrs_read(struct attrs *as, const void *p, size_t n, int max)
{
    const struct nlattr *a = p;

    ovs_assert(max <= ATTRS_MAX);
    memset(as, 0, sizeof *as);
    while (n >= MNL_ATTR_HDRLEN && mnl_attr_ok(a, n)) {
        int type = mnl_attr_get_type(a);
        size_t step = MNL_ALIGN(a->nla_len);

        if (type > max || as->tb[type]) {
            as->odd = true;
        } else {
            as->tb[type] = a;
        }
        n -= MIN(step, n);
        a = mnl_attr_next(a);
    }
    if (n) {
        as->odd = true;
    }
}

void
attrs_inside(struct attrs *as, const struct nlattr *a, int max)
{
    attrs_read(as, mnl_attr_get_payload(a), mnl_attr_get_payload_len(a), max);
}

void
attrs_nested(struct attrs *as, const struct attrs *outer, int type, int max)
{
    if (outer->tb[type]) {
        attrs_inside(as, outer->tb[type], max);
    } else {
        memset(as, 0, sizeof *as);
    }
}

/* The value of 'type', which has to have 'n' bytes. */
static const void *
value(struct attrs *as, int type, size_t n)
{
    const struct nlattr *a = as->tb[type];

    if (!a) {
        return NULL;
    } else if (mnl_attr_get_payload_len(a) != n) {
        as->odd = true;
        return NULL;
    }
    return mnl_attr_get_payload(a);
}

bool
attrs_u8(struct attrs *as, int type, uint8_t *ret)
{
    const uint8_t *p = value(as, type, 1);

    if (p) {
        *ret = *p;
    }
    return p;
}

bool
attrs_u16(struct attrs *as, int type, uint16_t *ret)
{
    const ovs_be16 *p = value(as, type, 2);

    if (p) {
        *ret = ntohs(get_unaligned_be16(p));
    }
    return p;
}

bool
attrs_u32(struct attrs *as, int type, uint32_t *ret)
{
    const ovs_be32 *p = value(as, type, 4);

    if (p) {
        *ret = ntohl(get_unaligned_be32(p));
    }
    return p;
}

bool
attrs_u64(struct attrs *as, int type, uint64_t *ret)
{
    const ovs_be64 *p = value(as, type, 8);

    if (p) {
        *ret = ntohll(get_unaligned_be64(p));
    }
    return p;
}

uint32_t
attrs_need_u32(struct attrs *as, int type)
{
    uint32_t x = 0;

    if (!attrs_u32(as, type, &x)) {
        as->odd = true;
    }
    return x;
}

const char *
attrs_string(struct attrs *as, int type)
{
    const struct nlattr *a = as->tb[type];

    if (!a) {
        return NULL;
    } else if (!memchr(mnl_attr_get_payload(a), '\0',
                       mnl_attr_get_payload_len(a))) {
        as->odd = true;
        return NULL;
    }
    return mnl_attr_get_payload(a);
}

const void *
attrs_bytes(const struct attrs *as, int type, size_t *ret_n)
{
    const struct nlattr *a = as->tb[type];

    *ret_n = a ? mnl_attr_get_payload_len(a) : 0;
    return a ? mnl_attr_get_payload(a) : NULL;
}

const struct nlattr *
attrs_next(const struct nlattr *outer, const struct nlattr *a)
{
    const char *end = (const char *) mnl_attr_get_payload(outer)
                      + mnl_attr_get_payload_len(outer);

    a = a ? mnl_attr_next(a) : mnl_attr_get_payload(outer);
    if ((const char *) a + MNL_ATTR_HDRLEN > end) {
        return NULL;
    }
    return mnl_attr_ok(a, end - (const char *) a) ? a : NULL;
}
