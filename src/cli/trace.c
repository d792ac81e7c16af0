/* SPDX-License-Identifier: GPL-3.0-or-later */

/* cordon trace: the path of frames through this host, or through one of which
 * there is a snapshot, with the rules that decided. Sends nothing; needs no
 * agent. */

#include <cordon-config.h>
#include "cli/command.h"

#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "audit/frame_spec.h"
#include "audit/host.h"
#include "audit/path.h"
#include "audit/ruleset.h"
#include "audit/snapshot.h"
#include "lib/addr.h"
#include "lib/frame.h"
#include "lib/writer.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

struct arguments {
    const char *snapshot;   /* NULL: of this host, now. */
    const char *public_key; /* NULL: no signature is asked for. */
    const char *port;
    char *frame;      /* To be freed. NULL: frames are in */
    const char *file; /* this, one a line. */
    struct eth_addr source, destination;
    bool has_source, has_destination;
    int vlan;
    struct path_options path;
};

/* What is traced on. */
struct tracer {
    const struct command_context *ctx;
    const struct arguments *args;
    struct snapshot *snapshot;
    const struct host *host;
    const struct ruleset *ruleset;
    const struct host_link *port;
    enum command_status worst;
};

static const struct {
    const char *name;
    uint32_t bit;
} states[] = {
    { "invalid", 1 << 0 },
    { "established", 1 << 1 },
    { "related", 1 << 2 },
    { "new", 1 << 3 },
};

static bool
parse_state(const char *s, uint32_t *ret_state)
{
    for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
        if (!strcmp(states[i].name, s)) {
            *ret_state = states[i].bit;
            return true;
        }
    }
    return false;
}

/* The rest of the command line, as one string. */
static char *
join(char *const words[], int n)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    for (int i = 0; i < n; i++) {
        ds_put_format(&s, "%s%s", i ? " " : "", words[i]);
    }
    return ds_steal_cstr(&s);
}

static bool
parse_option(int c, struct arguments *args)
{
    int linear;

    switch (c) {
    case 's':
        args->snapshot = optarg;
        return true;
    case 'p':
        args->public_key = optarg;
        return true;
    case 'f':
        args->file = optarg;
        return true;
    case 'a':
        args->has_source = true;
        return mac_parse(optarg, &args->source);
    case 'd':
        args->has_destination = true;
        return mac_parse(optarg, &args->destination);
    case 'v':
        return str_to_int(optarg, 10, &args->vlan) && args->vlan >= 1
               && args->vlan <= 4094;
    case 'b':
        args->path.assume.beyond_limits = true;
        return true;
    case 'c':
        return parse_state(optarg, &args->path.assume.ct_state);
    case 'l':
        if (!str_to_int(optarg, 10, &linear) || linear < 14) {
            return false;
        }
        args->path.linear = linear;
        return true;
    default:
        return false;
    }
}

/* False after a mistake, which has been said. */
static bool
parse_arguments(const struct command_context *ctx, int argc, char *argv[],
                struct arguments *args)
{
    static const struct option options[] = {
        { "snapshot", required_argument, NULL, 's' },
        { "public-key", required_argument, NULL, 'p' },
        { "frames", required_argument, NULL, 'f' },
        { "source-mac", required_argument, NULL, 'a' },
        { "destination-mac", required_argument, NULL, 'd' },
        { "vlan", required_argument, NULL, 'v' },
        { "beyond-limits", no_argument, NULL, 'b' },
        { "ct-state", required_argument, NULL, 'c' },
        { "linear", required_argument, NULL, 'l' },
        { NULL, 0, NULL, 0 },
    };
    int c, n;

    *args = (struct arguments){ .port = NULL };
    optind = 0;
    while ((c = command_option(ctx, argc, argv, "+:", options)) != -1) {
        if (!parse_option(c, args)) {
            if (c != '?') {
                command_error(ctx, "not a value for this option: %s", optarg);
            }
            return false;
        }
    }
    n = argc - optind;
    if (n < 1 || (n > 1) == !!args->file
        || (args->public_key && !args->snapshot)) {
        command_usage(ctx, argv[0]);
        return false;
    }
    args->port = argv[optind];
    if (!args->file) {
        args->frame = join(argv + optind + 1, n - 1);
    }
    return true;
}

static void
write_receivers(struct writer *w, const struct path *p)
{
    writer_list(w, "delivered");
    for (size_t i = 0; i < p->n_receivers; i++) {
        const struct path_receiver *r = &p->receivers[i];

        writer_format(w, NULL, "%s%s", r->host ? "host by " : "",
                      r->link->name);
    }
    writer_end(w);
}

static void
write_assumed(struct writer *w, const struct tracer *t, const struct path *p)
{
    const struct run_assume *assume = &t->args->path.assume;

    writer_list(w, "assumed");
    if (p->assumed & RUN_ASSUMED_LIMIT) {
        writer_string(w, NULL,
                      assume->beyond_limits ? "limits are used up"
                                            : "it is within limits");
    }
    if (p->assumed & RUN_ASSUMED_CT) {
        const char *name = "new";

        for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
            if (assume->ct_state == states[i].bit) {
                name = states[i].name;
            }
        }
        writer_format(w, NULL, "its connection is %s", name);
    }
    if (p->assumed & RUN_ASSUMED_ROOM) {
        writer_string(w, NULL, "sets that rules fill have room");
    }
    if (p->assumed & RUN_ASSUMED_FRAGMENT) {
        writer_string(w, NULL, "it overlaps no fragment that was sent before");
    }
    writer_end(w);
}

/* Follows one frame and prints its path. */
static void
trace(struct tracer *t, const uint8_t *frame, size_t n)
{
    struct writer *w = t->ctx->json ? writer_json_new() : writer_text_new();
    enum command_status status;
    struct path *p;
    char *out;

    p = path_follow(t->host, t->ruleset, t->port, frame, n, &t->args->path);
    status = p->unknown       ? COMMAND_UNKNOWN
             : p->n_receivers ? COMMAND_HOLDS
                              : COMMAND_FAILS;
    t->worst = MAX(t->worst, status);

    writer_object(w, NULL);
    writer_string(w, "port", t->port->name);
    writer_uint(w, "bytes", n);
    frame_write(w, frame, n);
    writer_string(w, "result",
                  p->unknown       ? "unknown"
                  : p->n_receivers ? "delivered"
                                   : "dropped");
    if (p->unknown) {
        writer_string(w, "why", p->why);
    }
    write_receivers(w, p);
    write_assumed(w, t, p);
    writer_list(w, "hops");
    for (size_t i = 0; i < p->n_hops; i++) {
        path_hop_write(&p->hops[i], w);
    }
    writer_end(w);
    writer_end(w);
    out = writer_finish(w);
    fputs(out, stdout);
    free(out);
    path_free(p);
}

/* For frames that have their MACs and tags: returns an error in words if the
 * command line says others, or NULL. */
static char *
check_whole(const struct arguments *args)
{
    return args->has_source || args->has_destination || args->vlan
               ? xstrdup("--source-mac, --destination-mac and --vlan are for "
                         "frames in words; this one has its own")
               : NULL;
}

/* Returns an error in words, or NULL. */
static char *
trace_text(struct tracer *t, const char *text)
{
    const struct frame_spec spec = {
        .host = t->host,
        .ruleset = t->ruleset,
        .port = t->port,
        .source = t->args->has_source ? &t->args->source : NULL,
        .destination = t->args->has_destination ? &t->args->destination : NULL,
        .vlan = t->args->vlan,
    };
    uint8_t *frame;
    char *error;
    size_t n;

    if (strchr(text, '>')) {
        error = frame_from_text(&spec, text, &frame, &n);
    } else {
        error = check_whole(t->args);
        error = error ? error : frame_from_hex(text, &frame, &n);
    }
    if (!error) {
        trace(t, frame, n);
        free(frame);
    }
    return error;
}

/* Frames in a file, one a line. */
static char *
trace_lines(struct tracer *t, const char *path)
{
    FILE *stream = strcmp(path, "-") ? fopen(path, "re") : stdin;
    struct ds line = DS_EMPTY_INITIALIZER;
    char *error = NULL;
    unsigned int n = 0;

    if (!stream) {
        return xasprintf("%s: %s", path, ovs_strerror(errno));
    }
    while (!error && !ds_get_line(&line, stream)) {
        n++;
        if (line.length) {
            error = trace_text(t, ds_cstr(&line));
        }
    }
    if (error) {
        char *where = xasprintf("%s:%u: %s", path, n, error);

        free(error);
        error = where;
    }
    if (stream != stdin) {
        fclose(stream);
    }
    ds_destroy(&line);
    return error;
}

static char *
trace_pcap(struct tracer *t, const char *path)
{
    char buf[PCAP_ERRBUF_SIZE], *error = check_whole(t->args);
    struct pcap_pkthdr *header;
    const u_char *data;
    pcap_t *pcap;
    int result;

    if (error) {
        return error;
    }
    pcap = pcap_open_offline(path, buf);
    if (!pcap) {
        return xasprintf("%s: %s", path, buf);
    }
    if (pcap_datalink(pcap) != DLT_EN10MB) {
        error = xasprintf("%s: not of Ethernet", path);
    }
    while (!error && (result = pcap_next_ex(pcap, &header, &data)) == 1) {
        if (header->caplen != header->len) {
            error = xasprintf("%s: holds frames that are not whole", path);
        } else {
            trace(t, data, header->caplen);
        }
    }
    if (!error && result == PCAP_ERROR) {
        error = xasprintf("%s: %s", path, pcap_geterr(pcap));
    }
    pcap_close(pcap);
    return error;
}

static char *
trace_all(struct tracer *t)
{
    const struct arguments *args = t->args;
    struct stat st;

    t->port = host_link_by_name(t->host, args->port);
    if (!t->port) {
        return xasprintf("%s: there is no such device", args->port);
    } else if (args->file) {
        return trace_lines(t, args->file);
    } else if (!stat(args->frame, &st) && S_ISREG(st.st_mode)) {
        return trace_pcap(t, args->frame);
    }
    return trace_text(t, args->frame);
}

/* Reads or takes the snapshot. */
static char *
get_snapshot(const struct arguments *args, struct snapshot **ret_snapshot)
{
    const struct snapshot_options options = { .want_xenstore = false };
    int error;

    if (args->snapshot) {
        return snapshot_read_file(args->snapshot, args->public_key,
                                  ret_snapshot);
    }
    error = snapshot_collect(&options, ret_snapshot);
    return error ? xasprintf("cannot read the state of this host: %s",
                             ovs_strerror(-error))
                 : NULL;
}

enum command_status
command_trace(const struct command_context *ctx, int argc, char *argv[])
{
    struct ds problems = DS_EMPTY_INITIALIZER;
    struct arguments args;
    struct tracer t = { .ctx = ctx, .args = &args };
    char *error;

    if (!parse_arguments(ctx, argc, argv, &args)) {
        return COMMAND_UNKNOWN;
    }
    error = get_snapshot(&args, &t.snapshot);
    if (!error) {
        t.host = host_decode(t.snapshot, &problems);
        t.ruleset = ruleset_decode(t.snapshot, &problems);
        if (problems.length && !ctx->json) {
            fputs(ds_cstr(&problems), stderr);
        }
        error = trace_all(&t);
        ruleset_free(t.ruleset);
        host_free(t.host);
        snapshot_free(t.snapshot);
    }
    if (error) {
        command_error(ctx, "%s", error);
        t.worst = COMMAND_UNKNOWN;
    }
    free(error);
    free(args.frame);
    ds_destroy(&problems);
    return t.worst;
}
