/* SPDX-License-Identifier: GPL-3.0-or-later */

/* cordon witness: watches frames, live or in a file, and says which of them
 * the policy forbids. What reads frames is a process without privileges, which
 * shares numbers with this one and nothing else. */

#include <cordon-config.h>
#include "cli/command.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "audit/host.h"
#include "audit/snapshot.h"
#include "audit/witness.h"
#include "cli/witness_report.h"
#include "lib/frame.h"
#include "lib/writer.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "policy/parse.h"
#include "policy/policy.h"
#include "util.h"

#define SNAPLEN 262144

/* Findings that are told one by one. */
#define TOLD_MAX 1000

struct arguments {
    const char *policy;
    const char *only; /* Device or port, NULL: all. */
    const char *read, *write;
    enum watched_way way; /* Of a file; WATCHED_N_WAYS: to be guessed. */
    unsigned int seconds; /* 0: until it is interrupted. */
};

struct session {
    const struct command_context *ctx;
    struct arguments args;
    struct policy *policy;
    struct watched *watched;
    struct snapshot *snapshot;
    const struct host *host;
    struct witness_place *places;
    size_t n_places;
    struct witness_counts *counts; /* Shared with the reading process. */
    struct witness_live *live;
    struct witness_file *file;
    pcap_t *dead;
    pcap_dumper_t *dumper;
    unsigned int told;
};

static volatile bool stop;
static volatile pid_t reader; /* 0 in the reading process. */

static void
on_signal(int signal OVS_UNUSED)
{
    stop = true;
    if (reader > 0) {
        kill(reader, SIGTERM);
    }
}

static bool
parse_way(const char *s, enum watched_way *ret_way)
{
    for (int way = 0; way < WATCHED_N_WAYS; way++) {
        if (!strcmp(s, watched_way_name(way))) {
            *ret_way = way;
            return true;
        }
    }
    return false;
}

/* False after a mistake, which has been said. */
static bool
parse_arguments(const struct command_context *ctx, int argc, char *argv[],
                struct arguments *args)
{
    static const struct option options[] = {
        { "policy", required_argument, NULL, 'p' },
        { "for", required_argument, NULL, 'f' },
        { "way", required_argument, NULL, 'd' },
        { NULL, 0, NULL, 0 },
    };
    int c;

    *args = (struct arguments){ .way = WATCHED_N_WAYS };
    optind = 0;
    while ((c = command_option(ctx, argc, argv, "+:i:r:w:", options)) != -1) {
        switch (c) {
        case 'p':
            args->policy = optarg;
            break;
        case 'i':
            args->only = strcmp(optarg, "all") ? optarg : NULL;
            break;
        case 'r':
            args->read = optarg;
            break;
        case 'w':
            args->write = optarg;
            break;
        case 'f':
            if (!command_duration(optarg, &args->seconds)) {
                command_error(ctx, "--for %s: is no time; say 60s, 5m or 1h",
                              optarg);
                return false;
            }
            break;
        case 'd':
            if (!parse_way(optarg, &args->way)) {
                command_error(ctx,
                              "--way %s: is from-guest, to-guest, "
                              "from-uplink or to-uplink",
                              optarg);
                return false;
            }
            break;
        default:
            return false;
        }
    }
    if (optind != argc || !args->policy || (args->read && args->seconds)
        || (!args->read && args->way != WATCHED_N_WAYS)) {
        command_usage(ctx, argv[0]);
        return false;
    } else if (args->read && !args->only) {
        command_error(ctx,
                      "-r needs -i: the port (tenant/guest/index), or "
                      "the uplink, that %s was captured on",
                      args->read);
        return false;
    }
    return true;
}

/* What is needed before frames are read. */

/* The address of the policy's bridge; zero if there is none. */
static struct eth_addr
bridge_mac(const struct policy *policy, const struct host *host)
{
    const struct host_link *link =
        host ? host_link_by_name(host, policy->host.bridge) : NULL;

    return link ? link->mac : (struct eth_addr){ .ea = { 0 } };
}

static bool
load_policy(struct session *s)
{
    struct ds errors = DS_EMPTY_INITIALIZER;
    int error = policy_read(s->args.policy, &errors, &s->policy);

    if (error) {
        command_error(s->ctx, "%s: %s", s->args.policy,
                      errors.length ? ds_cstr(&errors) : ovs_strerror(-error));
    }
    ds_destroy(&errors);
    return !error;
}

static bool
read_host(struct session *s)
{
    const struct snapshot_options options = { .want_xenstore = true };
    struct ds problems = DS_EMPTY_INITIALIZER;
    int error = snapshot_collect(&options, &s->snapshot);

    if (error) {
        command_error(s->ctx, "cannot read the devices of this host: %s",
                      ovs_strerror(-error));
        return false;
    }
    s->host = host_decode(s->snapshot, &problems);
    ds_destroy(&problems);
    return true;
}

/* Of the host's places, those that were asked for. */
static bool
find_places(struct session *s)
{
    const char *only = s->args.only;
    size_t n = 0;

    s->places = witness_places(s->policy, s->host, s->watched, &s->n_places);
    for (size_t i = 0; i < s->n_places; i++) {
        const struct witness_place *p = &s->places[i];

        if (p->port) {
            watched_is_here(s->watched, p->port);
        }
        if (!only || !strcmp(only, p->device)
            || (p->port && !strcmp(only, p->port->name))) {
            s->places[n++] = *p;
        }
    }
    s->n_places = n;
    if (!n) {
        command_error(s->ctx,
                      only ? "%s: is no device or port of the policy's on "
                             "this host; cordon show ports lists them"
                           : "no device on this host is the policy's",
                      only);
    }
    return n;
}

/* The one place of a file. */
static bool
file_place(struct session *s)
{
    const char *uplink = s->policy->host.uplink;
    const struct portsec_port *port = watched_port(s->watched, s->args.only);
    bool trunk = uplink && !strcmp(uplink, s->args.only);
    bool guest =
        s->args.way == WATCHED_FROM_GUEST || s->args.way == WATCHED_TO_GUEST;

    if (!port && !trunk) {
        command_error(s->ctx, "%s: is no port of the policy's, nor its uplink",
                      s->args.only);
        return false;
    } else if (s->args.way != WATCHED_N_WAYS && guest != (port != NULL)) {
        command_error(s->ctx, "--way %s: not on %s",
                      watched_way_name(s->args.way), s->args.only);
        return false;
    }
    s->places = xmalloc(sizeof *s->places);
    s->places[0] = (struct witness_place){ s->args.only, port };
    s->n_places = 1;
    return true;
}

static bool
open_all(struct session *s)
{
    char *why = s->args.read
                    ? witness_file_open(s->args.read, &s->file)
                    : witness_live_open(s->places, s->n_places, &s->live);

    if (!why && s->args.write) {
        s->dead = pcap_open_dead(DLT_EN10MB, SNAPLEN);
        s->dumper = pcap_dump_open(s->dead, s->args.write);
        /* Written now, or both processes would. */
        if (!s->dumper || pcap_dump_flush(s->dumper)) {
            why = xasprintf("%s: %s", s->args.write,
                            s->dumper ? ovs_strerror(errno)
                                      : pcap_geterr(s->dead));
        }
    }
    if (!why) {
        s->counts =
            mmap(NULL, s->n_places * sizeof *s->counts, PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (s->counts == MAP_FAILED) {
            s->counts = NULL;
            why = xstrdup(ovs_strerror(errno));
        }
    }
    if (why) {
        command_error(s->ctx, "%s", why);
        free(why);
        return false;
    }
    return true;
}

static void
session_done(struct session *s)
{
    if (s->counts) {
        munmap(s->counts, s->n_places * sizeof *s->counts);
    }
    if (s->dumper) {
        pcap_dump_close(s->dumper);
    }
    if (s->dead) {
        pcap_close(s->dead);
    }
    witness_live_close(s->live);
    witness_file_close(s->file);
    free(s->places);
    watched_free(s->watched);
    host_free(s->host);
    snapshot_free(s->snapshot);
    policy_free(s->policy);
}

/* The reading process. */

/* As one line: text, or an object. */
static void
tell(const struct session *s, const struct witness_finding *f)
{
    struct writer *w = writer_json_new();
    char *out;

    writer_object(w, NULL);
    writer_string(w, "verdict",
                  witness_is_violation(f->way) ? "violation" : "attempt");
    writer_format(w, "time", "%lld.%06ld", (long long int) f->when.tv_sec,
                  (long int) f->when.tv_usec);
    writer_string(w, "device", f->place->device);
    writer_string(w, "port", f->place->port ? f->place->port->name : NULL);
    writer_string(w, "way", watched_way_name(f->way));
    writer_string(w, "reason", reason_name(f->reason));
    frame_write(w, f->frame, f->n);
    writer_end(w);
    out = writer_finish(w);
    if (!s->ctx->json) {
        printf("%s %s %s %s %s: ",
               witness_is_violation(f->way) ? "VIOLATION" : "attempt",
               f->place->device, f->place->port ? f->place->port->name : "-",
               watched_way_name(f->way), reason_name(f->reason));
    }
    fputs(out, stdout);
    fflush(stdout);
    free(out);
}

static void
on_finding(const struct witness_finding *f, void *s_)
{
    struct session *s = s_;
    const struct pcap_pkthdr header = { f->when, f->n, f->n };

    if (s->dumper) {
        pcap_dump((u_char *) s->dumper, &header, f->frame);
    }
    if (s->told < TOLD_MAX) {
        tell(s, f);
        s->told++;
    }
}

static int
read_frames(struct session *s)
{
    struct witness witness = {
        .watched = s->watched,
        .places = s->places,
        .n_places = s->n_places,
        .counts = s->counts,
        .found = on_finding,
        .aux = s,
    };
    int error = witness_confine();
    char *why;

    if (error) {
        command_error(s->ctx, "cannot give up privileges: %s",
                      ovs_strerror(-error));
        return COMMAND_UNKNOWN;
    }
    why = s->file
              ? witness_file_run(s->file, &witness, 0, s->args.way)
              : witness_live_run(s->live, &witness, s->args.seconds, &stop);
    if (!why && s->dumper && pcap_dump_flush(s->dumper)) {
        why = xasprintf("%s: %s", s->args.write, ovs_strerror(errno));
    }
    if (why) {
        command_error(s->ctx, "%s", why);
        free(why);
        return COMMAND_UNKNOWN;
    }
    return COMMAND_HOLDS;
}

/* Runs read_frames() in a process of its own, which is what an interruption
 * ends: then there is a report. */
static enum command_status
read_apart(struct session *s)
{
    sigset_t signals, old;
    int status;
    pid_t pid;

    fflush(stdout);
    fflush(stderr);
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, &old);
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    pid = reader = fork();
    sigprocmask(SIG_SETMASK, &old, NULL);
    if (!pid) {
        status = read_frames(s);
        fflush(stdout);
        _exit(status);
    } else if (pid < 0 || waitpid(pid, &status, 0) < 0) {
        command_error(s->ctx, "cannot start a process: %s",
                      ovs_strerror(errno));
        return COMMAND_UNKNOWN;
    } else if (!WIFEXITED(status)) {
        command_error(s->ctx, "the process that reads frames has died");
        return COMMAND_UNKNOWN;
    }
    return WEXITSTATUS(status);
}

enum command_status
command_witness(const struct command_context *ctx, int argc, char *argv[])
{
    enum command_status status = COMMAND_UNKNOWN;
    struct session s = { .ctx = ctx };

    if (!parse_arguments(ctx, argc, argv, &s.args) || !load_policy(&s)
        || (!s.args.read && !read_host(&s))) {
        goto out;
    }
    s.watched = watched_new(s.policy, bridge_mac(s.policy, s.host));
    if (!(s.args.read ? file_place(&s) : find_places(&s)) || !open_all(&s)) {
        goto out;
    } else {
        const struct witness_report report = { ctx, s.places, s.counts,
                                               s.n_places };
        struct json *before = s.file ? NULL : witness_report_drops(ctx);
        struct json *after;

        status = read_apart(&s);
        after = s.file ? NULL : witness_report_drops(ctx);
        if (status == COMMAND_HOLDS) {
            status = witness_report(&report, before, after);
        }
        json_destroy(before);
        json_destroy(after);
    }
out:
    session_done(&s);
    return status;
}
