/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_SNAPSHOT_PRIVATE_H
#define CORDON_AUDIT_SNAPSHOT_PRIVATE_H 1

/* How a snapshot is put together: for what collects, reads and writes it. */

#include <stdbool.h>
#include <stddef.h>

#include "audit/snapshot.h"
#include "openvswitch/compiler.h"

struct arena;

struct snapshot {
    struct arena *arena; /* Of strings and files. */
    struct snapshot_header header;
    struct snapshot_part *parts; /* In the order of the chain. */
    size_t n_parts, allocated_parts;
    char chain[65];
    bool is_signed, verified;
};

/* Bytes that grow. Zeroed is empty. */
struct snapshot_buffer {
    char *data;
    size_t n, allocated;
};

/* Makes room for 'n' bytes more behind those there are. */
void snapshot_buffer_reserve(struct snapshot_buffer *, size_t n);
void snapshot_buffer_put(struct snapshot_buffer *, const void *, size_t n);
void snapshot_buffer_done(struct snapshot_buffer *);

struct snapshot *snapshot_new(void);

/* Adds a part. These take over what 'buffer' holds, and copy 'name'. The
 * result may be changed until the next part is added. */
struct snapshot_part *snapshot_add(struct snapshot *, const char *name,
                                   enum snapshot_kind);
struct snapshot_part *snapshot_add_netlink(struct snapshot *, const char *name,
                                           struct snapshot_buffer *buffer);
void snapshot_add_unread(struct snapshot *, const char *name, bool matters,
                         const char *format, ...) OVS_PRINTF_FORMAT(4, 5);

/* Files being gathered for a part. Zeroed is empty. */
struct snapshot_files {
    struct snapshot_file *files;
    size_t n, allocated;
};

/* Adds a file. Both texts are copied, and bytes that are no UTF-8 become
 * question marks, so that JSON can hold them. */
void snapshot_files_put(struct snapshot *, struct snapshot_files *,
                        const char *path, const char *value);

/* Sorts, and adds a part of them; frees what 'files' holds. False if a path
 * was there twice, and then no part is added. */
bool snapshot_add_files(struct snapshot *, const char *name,
                        struct snapshot_files *files);

/* True if 'data' are whole netlink messages without a rest. */
bool snapshot_messages_ok(const void *data, size_t n);

#endif /* src/audit/snapshot_private.h */
