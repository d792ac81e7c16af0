/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_POLICY_FILE_H
#define CORDON_POLICY_FILE_H 1

/* The files of a policy: found, read into nodes, includes followed. Private
 * to src/policy. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/diag.h"
#include "policy/build.h"

/* The values of a file's keys. */
struct file_nodes {
    const struct node *version, *include, *host, *tenants;
};

/* A file, in the order of reading. */
struct file {
    struct file *next;
    struct diag_source source;
    char *text;
    const struct file *parent; /* Includes this one. */
    unsigned int level;
    dev_t dev; /* Which file it really is. */
    ino_t ino;
    const struct node *included_at; /* NULL: not by "include". */
    struct file_nodes nodes;
};

struct loader {
    struct build build;
    struct diag diag;
    struct arena *scratch; /* Nodes and files. */
    struct file *files, **end;
    unsigned int n_files;
    size_t total;
    bool on_disk; /* Includes are possible. */
};

void loader_init(struct loader *, bool on_disk);
/* Does not free the policy. */
void loader_done(struct loader *);

/* Adds the text 'text', which is taken over and called 'name' in errors, and
 * reads it into nodes. */
void file_read_text(struct loader *, const char *name, char *text,
                    size_t length);

/* Reads the file or directory 'path' and what it includes. Returns 0,
 * whatever errors are in the text, or -errno and an error if 'path' itself
 * could not be read. Only if 'wait' may 'path' be something that has to be
 * waited for, such as a pipe. */
int file_read_path(struct loader *, const char *path, bool wait);

#endif /* src/policy/file.h */
