/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Finds and reads the files of a policy. How much is read is bounded in every
 * direction, and each file is read once. */

#include <cordon-config.h>
#include "policy/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/arena.h"
#include "openvswitch/dynamic-string.h"
#include "policy/field.h"
#include "policy/node.h"
#include "policy/scalar.h"
#include "svec.h"
#include "util.h"

enum {
    MAX_FILE = 16 * 1024 * 1024, /* Bytes. 10,000 interfaces: 1.5 M. */
    MAX_TOTAL = 4 * MAX_FILE,
    MAX_FILES = 10000,
    MAX_INCLUDES = 16, /* Levels. */
};

static const struct field file_fields[] = {
    FIELD(struct file_nodes, version, FIELD_REQUIRED),
    FIELD(struct file_nodes, include, FIELD_OPTIONAL),
    FIELD(struct file_nodes, host, FIELD_OPTIONAL),
    FIELD(struct file_nodes, tenants, FIELD_OPTIONAL),
    FIELDS_END,
};

void
loader_init(struct loader *l, bool on_disk)
{
    *l = (struct loader){ .scratch = arena_new(), .on_disk = on_disk };
    l->end = &l->files;
    build_init(&l->build, &l->diag);
}

void
loader_done(struct loader *l)
{
    for (struct file *f = l->files; f; f = f->next) {
        free(f->text);
    }
    arena_free(l->scratch);
    build_done(&l->build);
    diag_done(&l->diag);
}

/* Adds a file that is called 'name' in errors and takes 'text' over. */
static struct file *
file_add(struct loader *l, const char *name, char *text, size_t length)
{
    struct file *f = arena_alloc(l->scratch, sizeof *f);

    f->text = text;
    f->source = (struct diag_source){
        .name = arena_strdup(l->build.arena, name),
        .text = text,
        .length = length,
        .rank = l->n_files++,
    };
    *l->end = f;
    l->end = &f->next;
    l->total += length;
    return f;
}

/* Reads all of 'fd'. Returns 0 or -errno. */
static int
read_text(int fd, char **ret_text, size_t *ret_length)
{
    struct ds text = DS_EMPTY_INITIALIZER;
    char buf[65536];

    for (;;) {
        ssize_t n = read(fd, buf, sizeof buf);

        if (n > 0 && text.length + n <= MAX_FILE) {
            ds_put_buffer(&text, buf, n);
        } else if (!n) {
            *ret_length = text.length;
            *ret_text = ds_steal_cstr(&text);
            return 0;
        } else if (n > 0 || errno != EINTR) {
            int error = n > 0 ? -EFBIG : -errno;

            ds_destroy(&text);
            return error;
        }
    }
}

static struct file *
file_by_inode(struct loader *l, const struct stat *s)
{
    for (struct file *f = l->files; f; f = f->next) {
        if (f->dev == s->st_dev && f->ino == s->st_ino) {
            return f;
        }
    }
    return NULL;
}

static void include_all(struct loader *, struct file *);

/* Reads 'f's text into nodes, and the files it includes. */
static void
file_read(struct loader *l, struct file *f)
{
    struct build *b = &l->build;
    const struct node *root = node_read(l->scratch, &l->diag, &f->source);
    int64_t version;

    if (!fields_read(b, root, root, "this file", file_fields, &f->nodes)) {
        return;
    }
    scalar_integer(b, f->nodes.version, 1, 1, &version);
    if (f->nodes.include) {
        include_all(l, f);
    }
}

/* Enters the open file 'fd' and reads it; see file_load(). */
static int
file_load_fd(struct loader *l, const char *path, bool wait, int fd,
             const struct file *parent, const struct node *at)
{
    struct file *f;
    struct stat s;
    size_t length;
    char *text;
    int error;

    if (fstat(fd, &s)) {
        return -errno;
    }
    if (S_ISDIR(s.st_mode)) {
        return -EISDIR;
    }
    if (!wait && !S_ISREG(s.st_mode)) {
        return -ENXIO; /* As if it were a socket. */
    }
    if (l->n_files >= MAX_FILES) {
        return -EMFILE;
    }
    error = read_text(fd, &text, &length);
    if (error) {
        return error;
    }
    if (l->total + length > MAX_TOTAL) {
        free(text);
        return -EFBIG;
    }
    f = file_add(l, path, text, length);
    f->dev = s.st_dev;
    f->ino = s.st_ino;
    f->parent = parent;
    f->level = parent ? parent->level + 1 : 0;
    f->included_at = at;
    file_read(l, f);
    return 0;
}

/* Loads the file 'path', which 'parent' includes at 'at' (both may be NULL).
 * Returns 0, whatever errors are in it, or -errno if it could not be read.
 * Unless 'wait', opening does not wait for the other end of a named pipe, and
 * nothing but a regular file is read. */
static int
file_load(struct loader *l, const char *path, bool wait,
          const struct file *parent, const struct node *at)
{
    int fd =
        open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (wait ? 0 : O_NONBLOCK));
    int error;

    if (fd < 0) {
        return -errno;
    }
    error = file_load_fd(l, path, wait, fd, parent, at);
    close(fd);
    return error;
}

/* Adds an error about the file or directory 'path' as a whole. */
static void
path_error(struct loader *l, const char *path, const char *message,
           const char *advice)
{
    struct diag_place place = {
        .source = &file_add(l, path, xstrdup(""), 0)->source,
    };

    diag_add(&l->diag, &place, "%s; %s", message, advice);
}

/* What is wrong with a file that could not be read. */
static const char *
load_strerror(int error)
{
    switch (-error) {
    case EFBIG:
        return "too large (16 MiB per file, 64 MiB in all)";
    case EMFILE:
        return "too many files (10,000)";
    case ENXIO:
        return "not a file";
    default:
        return ovs_strerror(-error);
    }
}

/* What to do about it. */
static const char *
load_advice(int error)
{
    switch (-error) {
    case EFBIG:
        return "split it, or leave out what this host does not need";
    case EMFILE:
        return "put several tenants into one";
    case EISDIR:
        return "name the files in it, or call it otherwise";
    case ENOENT:
        return "name one that is there";
    case ENXIO:
        return "put the policy into one";
    default:
        return "make it readable";
    }
}

/* True, and an error, if 'f' cannot include 'other' because of what has been
 * read already. */
static bool
is_read_already(struct loader *l, const struct file *f,
                const struct file *other, const struct node *at)
{
    for (const struct file *p = f; p; p = p->parent) {
        if (p == other) {
            struct ds chain = DS_EMPTY_INITIALIZER;

            for (const struct file *q = f; q != other; q = q->parent) {
                char *rest = ds_steal_cstr(&chain);

                ds_put_format(&chain, " -> %s%s", q->source.name, rest);
                free(rest);
            }
            build_error(&l->build, at,
                        "includes loop: %s%s -> %s; remove one "
                        "of them",
                        other->source.name, ds_cstr(&chain),
                        other->source.name);
            ds_destroy(&chain);
            return true;
        }
    }
    if (other->included_at) {
        const struct diag_place *first = &other->included_at->place;

        build_error(&l->build, at,
                    "\"%.200s\" is included twice, first at "
                    "%s:%u:%u; keep one of the two",
                    at->text, first->source->name, first->line, first->column);
        return true;
    }
    return false;
}

/* Returns 'name' as seen from the directory that 'f' is in. */
static char *
include_path(const struct file *f, const char *name)
{
    const char *slash = strrchr(f->source.name, '/');

    return name[0] == '/' || !slash
               ? xstrdup(name)
               : xasprintf("%.*s%s", (int) (slash + 1 - f->source.name),
                           f->source.name, name);
}

static void
include_one(struct loader *l, struct file *f, const struct node *at)
{
    const char *name;
    struct file *other;
    struct stat s;
    char *path;

    if (!scalar_string(&l->build, at, "the name of a file", &name)) {
        return;
    }
    path = include_path(f, name);
    other = stat(path, &s) ? NULL : file_by_inode(l, &s);
    if (other) {
        if (!is_read_already(l, f, other, at)) {
            other->included_at = at;
        }
    } else if (f->level + 1 >= MAX_INCLUDES) {
        build_error(&l->build, at,
                    "includes are more than %d levels deep; "
                    "include the file further up",
                    MAX_INCLUDES);
    } else {
        int error = file_load(l, path, false, f, at);

        if (error) {
            build_error(&l->build, at, "cannot read \"%.200s\": %s; %s", name,
                        load_strerror(error),
                        error == -ENOENT ? "names are relative to the "
                                           "directory of this file"
                                         : load_advice(error));
        }
    }
    free(path);
}

static void
include_all(struct loader *l, struct file *f)
{
    const struct node *list = f->nodes.include;

    if (!list_check(&l->build, list, 0, MAX_FILES, "file names")) {
        return;
    }
    if (!l->on_disk) {
        build_error(&l->build, list,
                    "\"include\" is possible in files only; "
                    "write everything into one text");
        return;
    }
    NODE_FOR_EACH (item, list) {
        include_one(l, f, item);
    }
}

static bool
is_policy_file(const char *name)
{
    const char *dot = strrchr(name, '.');

    return name[0] != '.' && dot
           && (!strcmp(dot, ".yaml") || !strcmp(dot, ".yml")
               || !strcmp(dot, ".json"));
}

/* Loads all policy files in the directory 'path', in the order of their
 * names. What has another name is not looked at; what has the name of one has
 * to be one. */
static int
directory_load(struct loader *l, const char *path)
{
    struct svec names = SVEC_EMPTY_INITIALIZER;
    DIR *dir = opendir(path);
    struct dirent *d;
    const char *name;
    size_t i;

    if (!dir) {
        return -errno;
    }
    while ((d = readdir(dir))) {
        if (is_policy_file(d->d_name)) {
            svec_add(&names, d->d_name);
        }
    }
    closedir(dir);
    svec_sort(&names);
    SVEC_FOR_EACH (i, name, &names) {
        bool slash = path[strlen(path) - 1] == '/';
        char *file = xasprintf("%s%s%s", path, slash ? "" : "/", name);
        struct stat s;
        int error = 0;

        if (stat(file, &s) || !file_by_inode(l, &s)) {
            error = file_load(l, file, false, NULL, NULL);
        }
        if (error) {
            path_error(l, file, load_strerror(error), load_advice(error));
        }
        free(file);
    }
    if (!names.n) {
        path_error(l, path, "no *.yaml, *.yml or *.json in this directory",
                   "write a file per tenant into it");
    }
    svec_destroy(&names);
    return 0;
}

void
file_read_text(struct loader *l, const char *name, char *text, size_t length)
{
    file_read(l, file_add(l, name, text, length));
}

int
file_read_path(struct loader *l, const char *path, bool wait)
{
    struct stat s;
    int error;

    if (!stat(path, &s) && S_ISDIR(s.st_mode)) {
        error = directory_load(l, path);
    } else {
        error = file_load(l, path, wait, NULL, NULL);
    }
    if (error) {
        path_error(l, path, load_strerror(error), load_advice(error));
    }
    return error;
}
