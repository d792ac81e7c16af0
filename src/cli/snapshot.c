/* SPDX-License-Identifier: GPL-3.0-or-later */

/* cordon snapshot: writes everything that decides where a frame goes on this
 * host to a file, or says what such a file holds and whether it is as it was
 * written. Needs no agent. */

#include <cordon-config.h>
#include "cli/command.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/snapshot.h"
#include "lib/writer.h"
#include "util.h"

struct arguments {
    const char *path;
    const char *private_key; /* NULL: not signed. */
    const char *public_key;  /* NULL: a signature is not looked at. */
    bool verify;
};

/* False after a mistake, which has been said. */
static bool
parse_arguments(const struct command_context *ctx, int argc, char *argv[],
                struct arguments *args)
{
    static const struct option options[] = {
        { "key", required_argument, NULL, 'k' },
        { "public-key", required_argument, NULL, 'p' },
        { "verify", no_argument, NULL, 'v' },
        { NULL, 0, NULL, 0 },
    };
    int c;

    *args = (struct arguments){ .path = NULL };
    optind = 0;
    /* Options may stand behind the file, too. */
    while ((c = command_option(ctx, argc, argv, ":", options)) != -1) {
        switch (c) {
        case 'k':
            args->private_key = optarg;
            break;
        case 'p':
            args->public_key = optarg;
            break;
        case 'v':
            args->verify = true;
            break;
        default:
            return false;
        }
    }
    if (argc - optind != 1 || (args->verify && args->private_key)
        || (!args->verify && args->public_key)) {
        command_usage(ctx, argv[0]);
        return false;
    }
    args->path = argv[optind];
    return true;
}

/* What was read, what the host has not, and what could not be read. */
static void
list_parts(struct writer *w, const struct snapshot *s)
{
    const struct snapshot_part *parts;
    size_t n;

    parts = snapshot_parts(s, &n);
    writer_list(w, "parts");
    for (size_t i = 0; i < n; i++) {
        const struct snapshot_part *p = &parts[i];

        if (p->kind == SNAPSHOT_NETLINK || p->kind == SNAPSHOT_FILES) {
            writer_object(w, NULL);
            writer_string(w, "name", p->name);
            writer_string(w, "kind",
                          p->kind == SNAPSHOT_NETLINK ? "netlink" : "files");
            writer_uint(w, "bytes", p->n);
            writer_uint(w, "files", p->n_files);
            writer_uint(w, "tries", p->tries);
            writer_end(w);
        }
    }
    writer_end(w);
    writer_list(w, "absent");
    for (size_t i = 0; i < n; i++) {
        if (parts[i].kind == SNAPSHOT_ABSENT) {
            writer_string(w, NULL, parts[i].name);
        }
    }
    writer_end(w);
    writer_list(w, "unread");
    for (size_t i = 0; i < n; i++) {
        if (parts[i].kind == SNAPSHOT_UNREAD) {
            writer_object(w, NULL);
            writer_string(w, "part", parts[i].name);
            writer_string(w, "why", parts[i].why);
            writer_bool(w, "matters", parts[i].matters);
            writer_end(w);
        }
    }
    writer_end(w);
}

static void
report(const struct command_context *ctx, const struct snapshot *s,
       const struct arguments *args)
{
    struct writer *w = ctx->json ? writer_json_new() : writer_text_new();
    const struct snapshot_header *h = snapshot_header(s);
    char *out;

    writer_object(w, NULL);
    writer_string(w, "snapshot", args->path);
    writer_string(w, "host", h->host);
    writer_string(w, "time", h->time);
    writer_string(w, "kernel", h->kernel);
    writer_string(w, "by", h->by);
    writer_string(w, "chain", snapshot_chain(s));
    writer_bool(w, "signed", snapshot_signed(s));
    if (args->public_key) {
        writer_bool(w, "verified", snapshot_verified(s));
    }
    list_parts(w, s);
    writer_end(w);
    out = writer_finish(w);
    /* The snapshot itself goes to standard output if it was asked to. */
    fputs(out, !args->verify && !strcmp(args->path, "-") ? stderr : stdout);
    free(out);
}

static bool
is_complete(const struct snapshot *s)
{
    const struct snapshot_part *parts;
    size_t n;

    parts = snapshot_parts(s, &n);
    for (size_t i = 0; i < n; i++) {
        if (parts[i].kind == SNAPSHOT_UNREAD && parts[i].matters) {
            return false;
        }
    }
    return true;
}

static enum command_status
fail(const struct command_context *ctx, char *error)
{
    command_error(ctx, "%s", error);
    free(error);
    return COMMAND_UNKNOWN;
}

/* Takes a snapshot and writes it. */
static enum command_status
take(const struct command_context *ctx, const struct arguments *args,
     struct snapshot **ret_snapshot)
{
    static const struct snapshot_options options = { .want_xenstore = true };
    struct snapshot *s;
    char *message;
    int error;

    error = snapshot_collect(&options, &s);
    if (error == -EPERM) {
        command_error(ctx, "only root can read the kernel's state");
        return COMMAND_UNKNOWN;
    } else if (error) {
        command_error(ctx, "cannot read the devices of this host: %s",
                      ovs_strerror(-error));
        return COMMAND_UNKNOWN;
    }
    message = snapshot_write_file(s, args->path, args->private_key);
    if (message) {
        snapshot_free(s);
        return fail(ctx, message);
    }
    *ret_snapshot = s;
    return COMMAND_HOLDS;
}

enum command_status
command_snapshot(const struct command_context *ctx, int argc, char *argv[])
{
    enum command_status status = COMMAND_HOLDS;
    struct snapshot *s = NULL;
    struct arguments args;

    if (!parse_arguments(ctx, argc, argv, &args)) {
        return COMMAND_UNKNOWN;
    }
    if (args.verify) {
        char *error = snapshot_read_file(args.path, args.public_key, &s);

        if (error) {
            return fail(ctx, error);
        }
    } else {
        status = take(ctx, &args, &s);
    }
    if (s) {
        report(ctx, s, &args);
        status = is_complete(s) ? COMMAND_HOLDS : COMMAND_FAILS;
    }
    snapshot_free(s);
    return status;
}
