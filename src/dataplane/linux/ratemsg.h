/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_RATEMSG_H
#define CORDON_DATAPLANE_LINUX_RATEMSG_H 1

/* The rtnetlink messages of rates: the root qdisc that shapes what goes to a
 * guest, the queue in it, and the police actions of a filter that what comes
 * from a guest goes through. What is put here is parsed here.
 *
 * The kernel keeps a burst as the time that it takes at its rate, in ticks. */

#include <stdbool.h>
#include <stdint.h>

struct nl_msg;
struct nlattr;
struct nlmsghdr;

#define TC_TICK_NSEC 64

/* How many ticks 'burst' bytes take at 'rate' bytes a second. */
uint32_t ratemsg_ticks(uint64_t rate, uint32_t burst);

/* A queue holds so much. A frame that a guest sent is in its own pages, with
 * one of the 256 slots of its ring for each, until it has gone. */
#define TC_QUEUE_FRAMES 64
#define TC_QUEUE_BYTES (256 * 1024) /* Of memory. */

enum tc_queue_form {
    TC_QUEUE_SHAPER, /* Our root: tbf. */
    TC_QUEUE_INNER,  /* The queue in it, as it should be. */
    TC_QUEUE_ODD,    /* Something else in its place. */
    TC_QUEUE_OTHER,  /* A root that somebody else has put there. */
};

struct tc_queue {
    uint32_t ifindex;
    enum tc_queue_form form;
    char kind[16];
    uint32_t handle;
    uint64_t rate;  /* TC_QUEUE_SHAPER: bytes a second. */
    uint32_t burst; /* In ticks. */
    uint64_t drops; /* Those of inner queues too. */
};

struct nl_msg *ratemsg_new_shaper(uint32_t ifindex, uint64_t rate,
                                  uint32_t burst); /* In bytes. */
/* The same of one that is there: its queue stays. */
struct nl_msg *ratemsg_set_shaper(uint32_t ifindex, uint64_t rate,
                                  uint32_t burst);
struct nl_msg *ratemsg_del_shaper(uint32_t ifindex);
struct nl_msg *ratemsg_new_inner(uint32_t ifindex);
struct nl_msg *ratemsg_del_inner(uint32_t ifindex);

/* 1 if the message is a qdisc that sits where ours do and that somebody made,
 * 0 if it is something else, -EPROTO if it cannot be read. */
int ratemsg_parse_queue(const struct nlmsghdr *, struct tc_queue *ret);

/* What polices a port: frames first, then bytes. 0: not limited. */
struct tc_limits {
    uint32_t ifindex; /* The actions are known by it. */
    uint64_t rate;    /* Bytes a second. */
    uint32_t burst;   /* Of these, in ticks. */
    uint64_t packets; /* Frames a second; as many at once. */
    uint64_t over[2]; /* Frames dropped for 'packets', for 'rate'. */
};

/* Puts the actions, as list 'type' of a filter. */
void ratemsg_put_police(struct nl_msg *, int type, const struct tc_limits *);

/* Changes the actions that there are. */
struct nl_msg *ratemsg_set_police(const struct tc_limits *);

/* True if 'acts' are such actions, of 'ret->ifindex'. */
bool ratemsg_parse_police(struct nlattr *acts, struct tc_limits *ret);

#endif /* src/dataplane/linux/ratemsg.h */
