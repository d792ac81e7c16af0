/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_SNAPSHOT_H
#define CORDON_AUDIT_SNAPSHOT_H 1

/* A snapshot: everything that decides where a frame goes on a host, as the
 * kernel's own bytes. Nothing is interpreted when it is taken; host.h and the
 * other decoders do that, on this host or on another.
 *
 * doc/snapshot-format.md describes the file. Its parts are dumps of netlink,
 * message behind message as the kernel sent them, and small files: sysctls,
 * /proc, names in /run/netns, xenstore. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nlmsghdr;
struct snapshot;

enum snapshot_kind {
    SNAPSHOT_NETLINK, /* 'data'. */
    SNAPSHOT_FILES,   /* 'files'. */
    SNAPSHOT_ABSENT,  /* The host has no such thing. */
    SNAPSHOT_UNREAD,  /* Refused, or torn each time: 'why'. */
};

struct snapshot_file {
    const char *path;
    const char *value; /* Not NULL; NUL ends it. Without final new-line. */
};

/* A part. Names, and what messages or paths they hold, are listed in
 * doc/snapshot-format.md. */
struct snapshot_part {
    const char *name;
    enum snapshot_kind kind;
    const char *why; /* SNAPSHOT_UNREAD: the error in words. Else NULL. */
    bool matters;    /* SNAPSHOT_UNREAD: frames may depend on it. */

    const void *data; /* Aligned as netlink messages need. */
    size_t n;         /* Bytes. */

    const struct snapshot_file *files; /* Sorted by path. */
    size_t n_files;

    uint32_t generation; /* Of nftables, in parts whose names start with
                          * "nft.". */
    unsigned int tries;  /* Until it was not torn. */
    char link[65];       /* Of the chain of SHA-256, in hex. "" in a snapshot
                          * that no file has held yet. */
};

/* Who, where and when. */
struct snapshot_header {
    const char *host;
    const char *time; /* "2026-11-23T12:00:00Z". */
    const char *kernel;
    const char *machine;
    const char *by; /* "cordon 0.1.0". */
};

struct snapshot_options {
    bool want_xenstore; /* False: not asked, as if this host had no Xen. */
    unsigned int tries; /* Of what is torn; 0: the usual number. */
};

/* Reads this host's (this network namespace's) state. Returns 0; -EPERM if
 * this is not root's to do; or another -errno if not even links could be
 * read. All else that cannot be read is SNAPSHOT_UNREAD. */
int snapshot_collect(const struct snapshot_options *,
                     struct snapshot **ret_snapshot);
void snapshot_free(struct snapshot *); /* NULL is fine. */

/* Reads 'path' ("-": standard input) and verifies its chain, and if
 * 'public_key', the path of a PEM file, is not NULL, its signature. Returns
 * NULL, or an error in words that the caller frees. */
char *snapshot_read_file(const char *path, const char *public_key,
                         struct snapshot **ret_snapshot);

/* The same, of the text of a file. 'text[n]' is NUL. */
char *snapshot_parse(const char *text, size_t n, const char *public_key,
                     struct snapshot **ret_snapshot);

/* Writes to 'path' ("-": standard output), signed if 'private_key', the path
 * of a PEM file with an Ed25519 key, is not NULL. A file is replaced whole.
 * Returns NULL, or an error in words that the caller frees. */
char *snapshot_write_file(struct snapshot *, const char *path,
                          const char *private_key);

/* Computes the chain of one that was just taken, as writing it would. */
void snapshot_seal(struct snapshot *);

const struct snapshot_header *snapshot_header(const struct snapshot *);

/* Last link of the chain in hex, which a snapshot has once it was read,
 * written or sealed; before it is "". And whether a signature is there,
 * and whether it was verified. */
const char *snapshot_chain(const struct snapshot *);
bool snapshot_signed(const struct snapshot *);
bool snapshot_verified(const struct snapshot *);

/* The part of that name; one of SNAPSHOT_ABSENT if the snapshot does not say
 * anything about it. Never NULL. */
const struct snapshot_part *snapshot_part(const struct snapshot *,
                                          const char *name);
const struct snapshot_part *snapshot_parts(const struct snapshot *,
                                           size_t *ret_n);

/* The value of a file of 'part', NULL if it has none of that path. */
const char *snapshot_file(const struct snapshot_part *part, const char *path);

/* The messages of a part, in order: NULL after the last.
 *
 *     const struct nlmsghdr *nlh = NULL;
 *     while ((nlh = snapshot_next(part, nlh))) ...
 *
 * The reader has made sure that they fill the part without a rest and are as
 * long as they say, no more: their insides may be anything. */
const struct nlmsghdr *snapshot_next(const struct snapshot_part *part,
                                     const struct nlmsghdr *);

#endif /* src/audit/snapshot.h */
