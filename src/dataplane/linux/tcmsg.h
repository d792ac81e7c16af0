/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_TCMSG_H
#define CORDON_DATAPLANE_LINUX_TCMSG_H 1

/* The rtnetlink messages of the lock: clsact qdiscs with blocks, and filters
 * in such blocks. What is put here is parsed here. */

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/linux/ratemsg.h"

struct nl_msg;
struct nlmsghdr;

/* What sits where clsact and ingress qdiscs sit (parent ffff:fff1). */
struct tc_qdisc {
    uint32_t ifindex;
    bool clsact;
    uint32_t ingress_block, egress_block; /* 0: not shared. */
};

/* The filters that the lock and rates use have these priorities. */
#define TC_PRIO_JUDGED 1
#define TC_PRIO_PASS 2
#define TC_PRIO_DROP 3
#define TC_PRIO_POLICE 4

/* A block of a port's own, of its ifindex: where it is policed. */
#define TC_BLOCK_POLICE 0x80000000u
#define TC_BLOCK_POLICE_MASK 0xc0000000u

enum tc_form {
    TC_FORM_PASS,   /* fw: mark 'handle' under 'mask' passes. */
    TC_FORM_DROP,   /* matchall: drops. */
    TC_FORM_POLICE, /* matchall: drops what is above 'limits'. */
    TC_FORM_HEAD,   /* Head of a list of either. */
    TC_FORM_OTHER,  /* Anything else. */
};

struct tc_filter {
    uint32_t block;
    uint16_t prio;
    uint32_t handle;
    enum tc_form form;
    char kind[16];
    uint32_t mask;           /* TC_FORM_PASS. */
    uint64_t packets, bytes; /* That it has acted on. */
    struct tc_limits limits; /* TC_FORM_POLICE. */
};

struct nl_msg *tcmsg_get_qdiscs(void);
struct nl_msg *tcmsg_get_filters(uint32_t block);

struct nl_msg *tcmsg_new_qdisc(const struct tc_qdisc *);
struct nl_msg *tcmsg_del_qdisc(uint32_t ifindex);

/* TC_FORM_PASS, TC_FORM_DROP or TC_FORM_POLICE. */
struct nl_msg *tcmsg_new_filter(const struct tc_filter *);
struct nl_msg *tcmsg_del_filter(const struct tc_filter *);

/* 1 if the message is one (of a block, and of a qdisc at ffff:fff1), 0 if it
 * is something else, -EPROTO if it cannot be read. */
int tcmsg_parse_qdisc(const struct nlmsghdr *, struct tc_qdisc *ret);
int tcmsg_parse_filter(const struct nlmsghdr *, struct tc_filter *ret);

#endif /* src/dataplane/linux/tcmsg.h */
