/* SPDX-License-Identifier: GPL-3.0-or-later */

/* cordon probe: has the agent add four guests of its own to two tenants, is
 * those guests, and plays what guests may and may not send between them. What
 * it makes ends with it, however it ends: the agent's canaries with the
 * connection that holds them, the veths with the sockets in their
 * namespaces. */

#include <cordon-config.h>
#include "cli/command.h"

#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/canary.h"
#include "audit/probe.h"
#include "audit/probe_port.h"
#include "cli/client.h"
#include "jsonrpc.h"
#include "lib/frame.h"
#include "lib/reason.h"
#include "lib/writer.h"
#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "policy/parse.h"
#include "policy/policy.h"
#include "random.h"
#include "timeval.h"
#include "util.h"

#define OPEN_SECONDS "20" /* For a canary's port. */
#define END_SECONDS "20"  /* For the agent to take them out again. */
#define PACE_US 2000      /* Well within a port's storm limit. */
#define WAIT_MS 3000      /* For what has to arrive, and after that */
#define QUIET_MS 300      /* for what must not. */
#define FRAME_MAX 65536

struct session {
    const struct command_context *ctx;
    const char *names[2];
    unsigned int seconds; /* To go on for; 0: once. */
    struct jsonrpc *hold;
    struct probe *probe;
    struct probe_port ports[PROBE_N_PLACES];
    const char *devices[PROBE_N_PLACES];
    unsigned int times, lost;
    char *broken; /* Why it has ended early; NULL: it has not. */
};

static volatile sig_atomic_t interrupted;

static void
on_signal(int signal OVS_UNUSED)
{
    interrupted = 1;
}

static void
catch_signals(void)
{
    const struct sigaction action = { .sa_handler = on_signal };

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

static bool
parse_arguments(struct session *s, int argc, char *argv[])
{
    static const struct option options[] = {
        { "for", required_argument, NULL, 'f' },
        { NULL, 0, NULL, 0 },
    };
    int c;

    optind = 0;
    while ((c = command_option(s->ctx, argc, argv, "+:", options)) != -1) {
        if (c != 'f') {
            return false;
        } else if (!command_duration(optarg, &s->seconds)) {
            command_error(s->ctx, "--for %s: not a time; write 60s, 5m or 1h",
                          optarg);
            return false;
        } else if (s->seconds > CANARY_HELD_MAX) {
            command_error(s->ctx, "--for %s: an hour at most", optarg);
            return false;
        }
    }
    if (argc - optind != 2) {
        command_usage(s->ctx, argv[0]);
        return false;
    }
    s->names[0] = argv[optind];
    s->names[1] = argv[optind + 1];
    return true;
}

/* The MAC of a device of this host, zero if there is none. */
static struct eth_addr
mac_of(const char *device)
{
    struct eth_addr mac = { .ea = { 0 } };
    struct ifreq ifr = { .ifr_ifindex = 0 };
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    ovs_strlcpy(ifr.ifr_name, device, sizeof ifr.ifr_name);
    if (fd >= 0 && !ioctl(fd, SIOCGIFHWADDR, &ifr)) {
        memcpy(mac.ea, ifr.ifr_hwaddr.sa_data, sizeof mac.ea);
    }
    if (fd >= 0) {
        close(fd);
    }
    return mac;
}

/* Has the agent add the canaries, and holds them. */
static bool
begin(struct session *s)
{
    const char *const argv[] = { "begin", s->names[0], s->names[1] };
    struct ds errors = DS_EMPTY_INITIALIZER;
    struct policy *policy;
    char *output, *error;
    bool good;

    if (client_ask(s->ctx, "probe", argv, 3, &output) != COMMAND_HOLDS) {
        if (output) {
            client_print(s->ctx, output);
        }
        free(output);
        return false;
    }
    s->hold = client_hold(s->ctx, "probe", (const char *const[]){ "hold" }, 1);
    good = s->hold
           && !policy_parse("the agent's answer", output, strlen(output),
                            &errors, &policy);
    free(output);
    if (s->hold && !good) {
        command_error(s->ctx, "%s", ds_cstr(&errors));
    }
    ds_destroy(&errors);
    if (!good) {
        return false;
    }
    error = probe_new(policy, mac_of(policy->host.bridge), &s->probe);
    if (error) {
        command_error(s->ctx, "%s", error);
        free(error);
    }
    return s->probe;
}

/* Makes the canaries' devices and waits until they are open. */
static bool
open_ports(struct session *s)
{
    const struct policy_host *host = &s->probe->policy->host;
    char *error = NULL;

    for (size_t i = 0; i < PROBE_N_STATIONS && !error; i++) {
        const struct policy_interface *ifc = s->probe->interfaces[i];

        s->devices[i] = ifc->device;
        error = probe_port_open(ifc->device, ifc->mac, &s->ports[i]);
    }
    for (size_t i = 0; i < PROBE_N_STATIONS && !error; i++) {
        const char *const argv[] = { OPEN_SECONDS, s->devices[i] };
        char *output;

        if (interrupted) {
            error = xstrdup("interrupted");
        } else if (client_ask(s->ctx, "plug", argv, 2, &output)
                   != COMMAND_HOLDS) {
            if (output) {
                client_print(s->ctx, output);
            }
            free(output);
            return false;
        } else {
            free(output);
        }
    }
    s->devices[PROBE_HOST] = host->bridge;
    if (!error) {
        error = probe_port_listen(host->bridge, s->probe->stations.stranger,
                                  false, &s->ports[PROBE_HOST]);
    }
    if (!error && host->uplink) {
        s->devices[PROBE_UPLINK] = host->uplink;
        error = probe_port_listen(host->uplink, s->probe->stations.stranger,
                                  true, &s->ports[PROBE_UPLINK]);
    }
    if (error) {
        command_error(s->ctx, "%s", error);
        free(error);
        return false;
    }
    return true;
}

/* Notes what has come. True if anything has. */
static bool
listen_all(struct session *s)
{
    static uint8_t buf[FRAME_MAX];
    bool any = false;

    for (unsigned int i = 0; i < PROBE_N_PLACES; i++) {
        ssize_t n;

        if (s->ports[i].fd < 0) {
            continue;
        }
        while ((n = probe_port_receive(&s->ports[i], buf, sizeof buf)) >= 0) {
            probe_seen(s->probe, i, buf, n);
            any = true;
        }
        if (n != -EAGAIN && !s->broken) {
            s->broken = xasprintf("%s: %s", s->devices[i], ovs_strerror(-n));
        }
    }
    return any;
}

/* True if it is to end. */
static bool
is_over(struct session *s)
{
    if (!s->broken && interrupted) {
        s->broken = xstrdup("interrupted");
    }
    if (!s->broken) {
        s->broken = client_is_over(s->hold);
    }
    return s->broken != NULL;
}

/* Listens until all that has to arrive has, and nothing comes any more. */
static void
wait_for_frames(struct session *s)
{
    long long int deadline = time_msec() + WAIT_MS;
    long long int quiet = time_msec() + QUIET_MS;

    for (;;) {
        long long int now;

        if (listen_all(s)) {
            quiet = time_msec() + QUIET_MS;
        }
        now = time_msec();
        if ((now >= quiet && probe_is_complete(s->probe)) || now >= deadline
            || is_over(s)) {
            return;
        }
        usleep(PACE_US);
    }
}

/* Plays all frames once. */
static void
play_once(struct session *s)
{
    const struct probe_frames *frames = &s->probe->frames;

    probe_begin(s->probe, random_uint32());
    for (size_t i = 0; i < frames->n && !is_over(s); i++) {
        const struct probe_frame *f = &frames->v[i];
        int error = probe_port_send(&s->ports[f->from], f->data, f->n);

        if (error) {
            s->broken =
                xasprintf("%s: cannot send (%s): %s", s->devices[f->from],
                          f->name, ovs_strerror(-error));
            return;
        }
        usleep(PACE_US);
        listen_all(s);
    }
    if (!s->broken) {
        wait_for_frames(s);
    }
    for (unsigned int i = 0; i < PROBE_N_PLACES; i++) {
        if (s->ports[i].fd >= 0) {
            s->lost += probe_port_lost(&s->ports[i]);
        }
    }
    /* What a time that was broken off has not sent is not lost. */
    if (!s->broken) {
        probe_end(s->probe);
        s->times++;
    }
}

static void
play(struct session *s)
{
    long long int end = time_msec() + 1000LL * s->seconds;

    do {
        play_once(s);
    } while (!s->broken && time_msec() < end);
}

/* Takes everything away. False if the agent does not say that it has. */
static bool
session_end(struct session *s)
{
    bool good = true;

    for (size_t i = 0; i < PROBE_N_PLACES; i++) {
        probe_port_close(&s->ports[i]);
    }
    if (s->hold) {
        const char *const argv[] = { "end", END_SECONDS };
        struct command_context ctx = *s->ctx;
        char *output;

        /* What is wrong with it is no part of the report. */
        ctx.json = false;
        good = client_ask(&ctx, "probe", argv, 2, &output) != COMMAND_UNKNOWN;
        free(output);
        jsonrpc_close(s->hold);
    }
    return good;
}

/* The report. */

static char *
places(const struct session *s, uint32_t set)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    for (unsigned int i = 0; i < PROBE_N_PLACES; i++) {
        if (set & 1u << i) {
            ds_put_format(&ds, "%s%s", ds.length ? " " : "", s->devices[i]);
        }
    }
    return ds_steal_cstr(&ds);
}

static void
write_places(struct writer *w, const char *key, const struct session *s,
             uint32_t set)
{
    char *text = places(s, set);

    writer_string(w, key, text);
    free(text);
}

static void
write_frame(struct writer *w, const struct session *s,
            const struct probe_result *r)
{
    bool bad = r->verdict == PROBE_LEAKED || r->verdict == PROBE_LOST;

    writer_object(w, NULL);
    writer_string(w, "verdict", probe_verdict_name(r->verdict));
    writer_string(w, "frame", r->name);
    writer_string(w, "from", s->devices[r->from]);
    writer_string(w, "to", s->devices[r->to]);
    writer_string(w, "reason", r->reason ? reason_name(r->reason) : "");
    write_places(w, "due", s, r->must);
    write_places(w, "seen", s, r->leaked ? r->leaked : r->got);
    if (bad || s->ctx->json) {
        char *hex = frame_hex(r->data, r->n);

        writer_string(w, "bytes", hex);
        free(hex);
    } else {
        writer_string(w, "bytes", "");
    }
    writer_end(w);
}

static void
write_canaries(struct writer *w, const struct session *s)
{
    writer_list(w, "canaries");
    for (size_t i = 0; i < PROBE_N_STATIONS; i++) {
        const struct policy_interface *ifc = s->probe->interfaces[i];
        struct ds addresses = DS_EMPTY_INITIALIZER;
        char buf[PREFIX_STRLEN];

        for (size_t j = 0; j < ifc->n_addresses; j++) {
            ds_put_format(&addresses, "%s%s", j ? " " : "",
                          prefix_format(&ifc->addresses[j], buf));
        }
        writer_object(w, NULL);
        writer_string(w, "device", ifc->device);
        writer_string(w, "port", ifc->port);
        writer_string(w, "network", ifc->network->name);
        writer_format(w, "mac", ETH_ADDR_FMT, ETH_ADDR_ARGS(ifc->mac));
        writer_string(w, "addresses", ds_cstr(&addresses));
        writer_end(w);
        ds_destroy(&addresses);
    }
    writer_end(w);
}

static enum command_status
report(const struct session *s)
{
    struct writer *w = s->ctx->json ? writer_json_new() : writer_text_new();
    unsigned int n[PROBE_N_VERDICTS] = { 0 };
    enum command_status status;
    char *out;

    writer_object(w, NULL);
    write_canaries(w, s);
    writer_list(w, "frames");
    for (size_t i = 0; s->times && i < s->probe->n_results; i++) {
        write_frame(w, s, &s->probe->results[i]);
        n[s->probe->results[i].verdict]++;
    }
    writer_end(w);
    status = n[PROBE_LEAKED] ? COMMAND_FAILS
             : n[PROBE_LOST] || s->lost || s->broken || !s->times
                 ? COMMAND_UNKNOWN
                 : COMMAND_HOLDS;
    writer_uint(w, "times", s->times);
    for (int i = 0; i < PROBE_N_VERDICTS; i++) {
        writer_uint(w, probe_verdict_name(i), n[i]);
    }
    if (s->lost) {
        writer_uint(w, "not_captured", s->lost);
    }
    if (s->broken) {
        writer_string(w, "broken_off", s->broken);
    }
    writer_string(w, "result",
                  status == COMMAND_HOLDS   ? "held"
                  : status == COMMAND_FAILS ? "leaked"
                                            : "cannot be told");
    writer_end(w);
    out = writer_finish(w);
    fputs(out, stdout);
    free(out);
    return status;
}

static void
session_done(struct session *s)
{
    probe_free(s->probe);
    free(s->broken);
}

enum command_status
command_probe(const struct command_context *ctx, int argc, char *argv[])
{
    enum command_status status = COMMAND_UNKNOWN;
    struct session s = { .ctx = ctx };
    bool played = false, gone;

    for (size_t i = 0; i < PROBE_N_PLACES; i++) {
        s.ports[i].fd = -1;
    }
    if (!parse_arguments(&s, argc, argv)) {
        return COMMAND_UNKNOWN;
    }
    catch_signals();
    if (begin(&s) && open_ports(&s)) {
        play(&s);
        played = true;
    }
    gone = session_end(&s);
    if (played) {
        status = report(&s);
    }
    if (!gone) {
        fprintf(stderr, "cordon: the agent has not said that it has taken the "
                        "canaries out; it will\n");
        status = status == COMMAND_HOLDS ? COMMAND_UNKNOWN : status;
    }
    session_done(&s);
    return status;
}
