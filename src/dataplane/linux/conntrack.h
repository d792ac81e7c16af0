/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_CONNTRACK_H
#define CORDON_DATAPLANE_LINUX_CONNTRACK_H 1

/* Entries of the kernel's connection tracking, over netlink: reading all,
 * changing the mark of one, deleting one. No request changes anything without
 * saying of which entry: without a tuple, kernels before 6.8 take the whole
 * table. */

#include <stddef.h>
#include <stdint.h>

#include "plan/rule.h"

struct nl_msg;
struct nlmsghdr;
struct nlsock;

/* Bits of an entry's mark. Others are others'. An entry is one for both of its
 * ends: each has agreed to it for itself, by its rules and in the direction
 * that it was opened in, or what passes it by is judged by its rules. */
#define CT_MARK_BLOCKED 0x1u /* It is no longer allowed. */
#define CT_MARK_SRC 0x2u     /* Who opened it has agreed, */
#define CT_MARK_DST 0x4u     /* who did not has. */
#define CT_MARK_OLD 0x8u     /* It has been blocked for a while. */
#define CT_MARK_BITS 0xfu

struct conntrack_entry {
    uint16_t zone; /* 0: none. */
    uint32_t id;
    uint32_t mark;
    uint16_t icmp_id;      /* Of ICMP and ICMPv6, host order. */
    struct rule_flow flow; /* The original direction. Ports are keys of other
                            * protocols that have some (GRE). */
};

struct conntrack_entries {
    struct conntrack_entry *v;
    size_t n, allocated;
};

/* Reads the entries of zones other than 0. Returns 0 or -errno; the caller
 * frees with conntrack_done() in either case. A dump that was torn, or of
 * which something was lost, is made again. */
int conntrack_read(struct nlsock *, struct conntrack_entries *ret_entries);
void conntrack_done(struct conntrack_entries *);

/* Parses how many entries there are, of all zones, as the kernel tells it. 0,
 * or -EPROTO. */
int conntrack_parse_count(const struct nlmsghdr *, uint32_t *ret_n);

/* Parses an entry as the kernel tells it. 0, or -EPROTO. */
int conntrack_parse(const struct nlmsghdr *, struct conntrack_entry *);

/* A request that sets the bits under 'mask' in the mark of 'e' to those of
 * 'mark'. It fails with -ENOENT if the entry has gone. */
struct nl_msg *conntrack_mark(const struct conntrack_entry *e, uint32_t mark,
                              uint32_t mask);

/* A request that deletes 'e'. It fails with -ENOENT if the entry has gone, or
 * another is in its place. */
struct nl_msg *conntrack_delete(const struct conntrack_entry *e);

#endif /* src/dataplane/linux/conntrack.h */
