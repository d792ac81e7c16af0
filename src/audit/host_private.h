/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_HOST_PRIVATE_H
#define CORDON_AUDIT_HOST_PRIVATE_H 1

/* What the decoders of a host share: one file for each group of parts. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/host.h"
#include "audit/snapshot.h"
#include "openvswitch/compiler.h"

struct nlattr;
struct nlmsghdr;

/* Items of one type while they are being found. Zeroed is empty. */
struct host_list {
    char *items;
    size_t n, allocated;
};

struct host_build {
    struct host *host;
    struct arena *arena;
    struct ds *problems;
    struct host_list unknown;
    struct host_link *links; /* host->links, still to be changed. */
};

/* A zeroed item of 'size' bytes at the end of the list. */
void *host_list_add(struct host_list *, size_t size);
/* Moves the list into the arena; NULL if it is empty. */
void *host_list_take(struct host_build *, struct host_list *, size_t size,
                     size_t *ret_n);

/* Something that could not be read, or seen through: into 'unknown' and
 * 'problems'. 'ifindex' is 0 for the host as a whole. */
void host_unknown(struct host_build *, uint32_t ifindex, const char *format,
                  ...) OVS_PRINTF_FORMAT(3, 4);

/* A message: its header of known size, and its attributes. */
struct host_message {
    const struct nlmsghdr *nlh;
    const void *header;
    struct nlattr *attrs;
    int n_attrs; /* Bytes. */
};

typedef void host_message_cb(struct host_build *, const struct host_message *,
                             void *aux);

/* Calls 'cb' for each message of part 'name' that has a header of that size;
 * a part that was not read, and messages that are too short, are unknown. */
void host_each_message(struct host_build *, const char *name,
                       size_t header_size, host_message_cb *, void *aux);

/* Attributes by number; those of a nest, of which there may be none. 'tb' has
 * 'max' + 1. */
void host_attrs(const struct host_message *, struct nlattr **tb, int max);
void host_nested(const struct nlattr *, struct nlattr **tb, int max);

/* The text of an attribute, "" if there is none. */
const char *host_text(struct host_build *, const struct nlattr *);
/* True, and a copy, if the attribute has just that size. */
bool host_bytes(const struct nlattr *, void *ret, size_t size);
/* family 0 if it is no address. */
struct addr host_addr(const struct nlattr *);

struct host_link *host_build_link(struct host_build *, uint32_t ifindex);

/* In this order; all but links may rely on links. */
void host_decode_links(struct host_build *);
void host_decode_bridges(struct host_build *);
void host_decode_tc(struct host_build *);
void host_decode_routes(struct host_build *);
void host_decode_hooks(struct host_build *);
void host_decode_module(struct host_build *);
void host_decode_vifs(struct host_build *);
void host_decode_rest(struct host_build *);

/* Actions in attribute 'nest' (TCA_*_ACT of a filter). */
void host_decode_actions(struct host_build *, const struct nlattr *nest,
                         struct host_filter *);

#endif /* src/audit/host_private.h */
