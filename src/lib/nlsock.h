/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_LIB_NLSOCK_H
#define CORDON_LIB_NLSOCK_H 1

/* Netlink requests over a libnl socket, with what libnl lacks: the kernel's
 * own words for a refusal (extended ACK), ENOBUFS told from lack of memory,
 * torn dumps reported as such, and many requests in one datagram.
 *
 * Messages are libnl's. They are freed by the function that they are given
 * to. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/compiler.h"

struct nl_msg;
struct nlattr;
struct nlmsghdr;
struct nlsock;

/* Opens a socket of 'protocol' (NETLINK_ROUTE). 0 or -errno. */
int nlsock_open(int protocol, struct nlsock **ret_sock);
void nlsock_close(struct nlsock *); /* NULL is fine. */
int nlsock_fd(const struct nlsock *);

/* A message of 'type' that starts with the 'size' bytes at 'header'. */
struct nl_msg *nlsock_msg(int type, int flags, const void *header,
                          size_t size);

typedef int nlsock_cb(const struct nlmsghdr *, void *aux);

/* Sends 'msg' and calls 'cb' with each message of the answer. A result of
 * 'cb' other than 0 ends the call (the rest of the answer is read and
 * ignored). Returns 0, a result of 'cb', -EAGAIN if the dump was torn and has
 * to be made again, or another -errno. */
int nlsock_dump(struct nlsock *, struct nl_msg *msg, nlsock_cb *, void *aux);

/* The same for a request that is no dump. */
int nlsock_get(struct nlsock *, struct nl_msg *msg, nlsock_cb *, void *aux);

/* What the kernel said about the last request that failed, "" if nothing. */
const char *nlsock_message(const struct nlsock *);

/* Is called for each queued request that failed, with the number it was
 * queued with and "No such device: ..." . */
typedef void nlsock_failed_cb(uint32_t tag, int error, const char *message,
                              void *aux);

/* Queues 'msg', a request without other answer than an ACK. Requests are made
 * in order, at the latest by nlsock_flush(); one that fails does not keep
 * later ones back. */
void nlsock_queue(struct nlsock *, struct nl_msg *msg, uint32_t tag);
#define NLSOCK_IGNORE UINT32_MAX /* Tag: failure does not matter. */
void nlsock_set_failed(struct nlsock *, nlsock_failed_cb *, void *aux);
void nlsock_flush(struct nlsock *);

/* Makes one request that changes something. 0 or -errno. */
int nlsock_write(struct nlsock *, struct nl_msg *msg);

/* Requests sent since the socket was opened: that change something, that read
 * something. */
uint64_t nlsock_writes(const struct nlsock *);
uint64_t nlsock_reads(const struct nlsock *);

/* Reads and drops all notifications that are waiting, calling 'cb' (may be
 * NULL) with each. True if there were any for which 'cb' returned nonzero, or
 * if some were lost. */
bool nlsock_drain(struct nlsock *, nlsock_cb *, void *aux);

/* Attributes of the message 'nlh', whose header has 'size' bytes, by number:
 * 'tb' has 'max' + 1. Those longer or shorter than 'policy' says make it
 * -EPROTO. */
struct nla_policy;
int nlsock_parse(const struct nlmsghdr *nlh, size_t size, struct nlattr **tb,
                 int max, const struct nla_policy *policy);

#endif /* src/lib/nlsock.h */
