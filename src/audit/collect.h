/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_COLLECT_H
#define CORDON_AUDIT_COLLECT_H 1

/* What the collectors of a snapshot share: sockets, dumps of netlink into
 * parts, files into parts. snapshot_collect() calls them in order; each adds
 * its parts to 'snapshot'. */

#include <stdbool.h>
#include <stdint.h>

#include "audit/snapshot_private.h"

struct mnl_socket;
struct nlmsghdr;

struct collector {
    struct snapshot *snapshot;
    unsigned int tries; /* Of what is torn. */
    uint32_t seq;
    struct mnl_socket *route, *netfilter, *generic; /* NULL: no such. */
    char message[256]; /* The kernel's own words for the last refusal. */
};

#define COLLECT_REQUEST 512 /* Bytes that a request may have. */

/* Opens a socket that gives the kernel's words and strict dumps. NULL with
 * errno set if it cannot be. */
struct mnl_socket *collect_open(int protocol);

/* Starts a request of 'type' in 'buf'. */
struct nlmsghdr *collect_request(char buf[COLLECT_REQUEST], uint16_t type,
                                 uint16_t flags);

/* Sends 'request', a dump if it has NLM_F_DUMP, and appends the messages of
 * the answer to 'out'. Returns 0, -EAGAIN if the dump was torn, or another
 * -errno; 'out' is then as before, and c->message has the kernel's words. */
int collect_dump(struct collector *c, struct mnl_socket *socket,
                 struct nlmsghdr *request, struct snapshot_buffer *out);

/* Adds a part for what a dump into 'buffer' gave: its messages if 'error' is
 * 0, else why it is absent or unread. Takes over the buffer. */
struct snapshot_part *collect_add(struct collector *c, const char *name,
                                  int error, struct snapshot_buffer *buffer);

/* Waits a moment before what was torn is read again: longer each time. */
void collect_pause(unsigned int tries);

/* The first line of file 'path', without new-line, or NULL with errno set.
 * The caller frees. */
char *collect_line(const char *path);

/* Adds file 'path' under 'root' if it can be read. */
void collect_file(struct collector *c, struct snapshot_files *files,
                  const char *root, const char *path);

/* Each adds the parts of its file's name. */
void collect_links(struct collector *c);
void collect_tc(struct collector *c, struct snapshot_buffer *qdiscs,
                struct snapshot_buffer *classes,
                struct snapshot_buffer *filters, int *ret_error);
void collect_routes(struct collector *c);
void collect_nft(struct collector *c);
int collect_hooks(struct collector *c, struct snapshot_buffer *out);
void collect_conntrack(struct collector *c);
void collect_generic(struct collector *c);
void collect_bpf(struct collector *c);
void collect_system(struct collector *c);
void collect_xen(struct collector *c);
void collect_ovs(struct collector *c);

#endif /* src/audit/collect.h */
