/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A snapshot in memory: its parts, by name, and how they are put together.
 * Dumps are in buffers of their own, since they are large; all else is in an
 * arena. */

#include <cordon-config.h>
#include "audit/snapshot.h"

#include <linux/netlink.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "audit/snapshot_private.h"
#include "lib/arena.h"
#include "lib/utf8.h"
#include "util.h"

struct snapshot *
snapshot_new(void)
{
    struct snapshot *s = xzalloc(sizeof *s);

    s->arena = arena_new();
    s->header = (struct snapshot_header){
        .host = "", .time = "", .kernel = "", .machine = "", .by = ""
    };
    return s;
}

void
snapshot_free(struct snapshot *s)
{
    if (s) {
        for (size_t i = 0; i < s->n_parts; i++) {
            free(CONST_CAST(void *, s->parts[i].data));
        }
        free(s->parts);
        arena_free(s->arena);
        free(s);
    }
}

void
snapshot_buffer_reserve(struct snapshot_buffer *b, size_t n)
{
    if (b->allocated - b->n < n) {
        b->allocated = MAX(2 * b->allocated, b->n + n);
        b->data = xrealloc(b->data, b->allocated);
    }
}

void
snapshot_buffer_put(struct snapshot_buffer *b, const void *data, size_t n)
{
    if (n) {
        snapshot_buffer_reserve(b, n);
        memcpy(b->data + b->n, data, n);
        b->n += n;
    }
}

void
snapshot_buffer_done(struct snapshot_buffer *b)
{
    free(b->data);
    *b = (struct snapshot_buffer){ .data = NULL };
}

struct snapshot_part *
snapshot_add(struct snapshot *s, const char *name, enum snapshot_kind kind)
{
    struct snapshot_part *part;

    if (s->n_parts == s->allocated_parts) {
        s->parts = x2nrealloc(s->parts, &s->allocated_parts, sizeof *part);
    }
    part = &s->parts[s->n_parts++];
    *part = (struct snapshot_part){
        .name = arena_strdup(s->arena, name),
        .kind = kind,
        .tries = 1,
    };
    return part;
}

struct snapshot_part *
snapshot_add_netlink(struct snapshot *s, const char *name,
                     struct snapshot_buffer *b)
{
    struct snapshot_part *part = snapshot_add(s, name, SNAPSHOT_NETLINK);

    part->data = b->n ? xrealloc(b->data, b->n) : NULL;
    part->n = b->n;
    if (!b->n) {
        free(b->data);
    }
    *b = (struct snapshot_buffer){ .data = NULL };
    return part;
}

void
snapshot_add_unread(struct snapshot *s, const char *name, bool matters,
                    const char *format, ...)
{
    struct snapshot_part *part = snapshot_add(s, name, SNAPSHOT_UNREAD);
    va_list args;
    char *why;

    va_start(args, format);
    why = xvasprintf(format, args);
    va_end(args);
    part->why = arena_strdup(s->arena, why);
    part->matters = matters;
    free(why);
}

static char *
copy_text(struct arena *arena, const char *s)
{
    char *copy = arena_strdup(arena, s);
    size_t n = strlen(copy);

    for (size_t i = 0; i < n;) {
        size_t length = utf8_character(copy + i, n - i);

        if (!length) {
            copy[i] = '?';
            length = 1;
        }
        i += length;
    }
    return copy;
}

void
snapshot_files_put(struct snapshot *s, struct snapshot_files *fs,
                   const char *path, const char *value)
{
    if (fs->n == fs->allocated) {
        fs->files = x2nrealloc(fs->files, &fs->allocated, sizeof *fs->files);
    }
    fs->files[fs->n++] = (struct snapshot_file){
        .path = copy_text(s->arena, path),
        .value = copy_text(s->arena, value),
    };
}

static int
compare_files(const void *a_, const void *b_)
{
    const struct snapshot_file *a = a_, *b = b_;

    return strcmp(a->path, b->path);
}

bool
snapshot_add_files(struct snapshot *s, const char *name,
                   struct snapshot_files *fs)
{
    struct snapshot_file *files = NULL;
    struct snapshot_part *part;
    bool ok = true;

    if (fs->n) {
        qsort(fs->files, fs->n, sizeof *files, compare_files);
        files = ARENA_ARRAY(s->arena, struct snapshot_file, fs->n);
        memcpy(files, fs->files, fs->n * sizeof *files);
    }
    for (size_t i = 1; i < fs->n; i++) {
        ok = ok && strcmp(files[i - 1].path, files[i].path);
    }
    if (ok) {
        part = snapshot_add(s, name, SNAPSHOT_FILES);
        part->files = files;
        part->n_files = fs->n;
    }
    free(fs->files);
    *fs = (struct snapshot_files){ .files = NULL };
    return ok;
}

const struct snapshot_header *
snapshot_header(const struct snapshot *s)
{
    return &s->header;
}

const char *
snapshot_chain(const struct snapshot *s)
{
    return s->chain;
}

bool
snapshot_signed(const struct snapshot *s)
{
    return s->is_signed;
}

bool
snapshot_verified(const struct snapshot *s)
{
    return s->verified;
}

const struct snapshot_part *
snapshot_parts(const struct snapshot *s, size_t *ret_n)
{
    *ret_n = s->n_parts;
    return s->parts;
}

const struct snapshot_part *
snapshot_part(const struct snapshot *s, const char *name)
{
    static const struct snapshot_part absent = {
        .name = "",
        .kind = SNAPSHOT_ABSENT,
    };

    for (size_t i = 0; i < s->n_parts; i++) {
        if (!strcmp(s->parts[i].name, name)) {
            return &s->parts[i];
        }
    }
    return &absent;
}

const char *
snapshot_file(const struct snapshot_part *part, const char *path)
{
    struct snapshot_file key = { .path = path };
    const struct snapshot_file *f;

    f = part->n_files ? bsearch(&key, part->files, part->n_files, sizeof key,
                                compare_files)
                      : NULL;
    return f ? f->value : NULL;
}

/* With what aligns the next one. NLMSG_ALIGN() cuts off at 32 bits. */
static size_t
message_size(const struct nlmsghdr *nlh)
{
    return ROUND_UP((size_t) nlh->nlmsg_len, NLMSG_ALIGNTO);
}

/* The message at 'offset', or NULL if there is no whole one. */
static const struct nlmsghdr *
message_at(const void *data, size_t n, size_t offset)
{
    const struct nlmsghdr *nlh;

    if (n - offset < sizeof *nlh) {
        return NULL;
    }
    nlh = ALIGNED_CAST(const struct nlmsghdr *, (const char *) data + offset);
    return nlh->nlmsg_len >= sizeof *nlh && message_size(nlh) <= n - offset
               ? nlh
               : NULL;
}

bool
snapshot_messages_ok(const void *data, size_t n)
{
    size_t offset = 0;

    while (offset < n) {
        const struct nlmsghdr *nlh = message_at(data, n, offset);

        if (!nlh) {
            return false;
        }
        offset += message_size(nlh);
    }
    return true;
}

const struct nlmsghdr *
snapshot_next(const struct snapshot_part *part, const struct nlmsghdr *nlh)
{
    size_t offset = 0;

    if (nlh) {
        offset =
            (const char *) nlh - (const char *) part->data + message_size(nlh);
    }
    return offset < part->n ? message_at(part->data, part->n, offset) : NULL;
}
