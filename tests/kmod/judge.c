/* SPDX-License-Identifier: GPL-3.0-or-later */

/* judge: the kernel guard's judge in userland, for tests. Reads lines from
 * standard input: those of config.h, and
 *
 *     from PORT HEX      a frame that a guest sends
 *     to PORT HEX        one that it may be sent
 *     uplink ID HEX      one that came by the uplink in that segment,
 *                        without its tag
 *     kept PORT HEX      as from, but answers with how many bytes after the
 *                        Ethernet header are linear then, if it passes
 *     have N             bytes after the Ethernet header that are linear
 *     now MILLISECONDS   the time; what was of fragments is forgotten if it
 *                        is 0
 *
 * Answers each frame with a line that is the number of the reason, 0 if it
 * passed. With an argument N, judges each frame N times: for callgrind. */

#include <cordon-config.h>

#include <stdio.h>
#include <stdlib.h>

#include "kmod/config.h"
#include "kmod/frame.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

struct judge {
    struct test_config config;
    u64 now;
    u32 have;
    int repeat;
};

static enum cordon_reason
from_guest(struct judge *judge, struct test_port *port, struct cordon_frame *f)
{
    struct cordon_fragment fragment;
    enum cordon_reason reason =
        cordon_judge_from_guest(f, &port->c, &fragment);

    if (!reason && fragment.family) {
        reason = cordon_fragment_note(&port->fragments, &fragment, judge->now);
    }
    return reason;
}

static bool
judge_frame(struct judge *judge, const char *way, const char *at,
            const u8 *data, u32 size)
{
    struct test_port *port = test_config_port(&judge->config, at);
    const struct cordon_segment_config *segment =
        test_config_segment(&judge->config, atoi(at));
    enum cordon_reason reason = CORDON_PASS;
    bool kept = !strcmp(way, "kept");
    struct test_frame frame;

    test_frame_init(&frame, data, size, judge->have);
    for (int i = 0; i < judge->repeat; i++) {
        if ((kept || !strcmp(way, "from")) && port) {
            reason = from_guest(judge, port, &frame.f);
        } else if (!strcmp(way, "to") && port) {
            reason = cordon_judge_to_guest(&frame.f, &port->c);
        } else if (!strcmp(way, "uplink") && segment) {
            reason = cordon_judge_from_uplink(&frame.f, segment,
                                              &judge->config.host);
        } else {
            test_frame_done(&frame);
            return false;
        }
    }
    printf("%d\n", kept && !reason ? (int) frame.f.have : (int) reason);
    test_frame_done(&frame);
    return true;
}

static u8 *
read_hex(const char *hex, size_t *ret_size)
{
    size_t n = strlen(hex) / 2;
    u8 *data = xmalloc(MAX(n, 1));

    for (size_t i = 0; i < n; i++) {
        bool ok;

        data[i] = hexits_value(hex + 2 * i, 2, &ok);
        if (!ok) {
            free(data);
            return NULL;
        }
    }
    *ret_size = n;
    return data;
}

static bool
judge_line(struct judge *judge, const char *way, const char *at,
           const char *hex)
{
    size_t size;
    u8 *data = read_hex(hex, &size);
    bool ok =
        data && size >= ETH_HLEN && judge_frame(judge, way, at, data, size);

    free(data);
    return ok;
}

static void
set_time(struct judge *judge, u64 now)
{
    judge->now = now;
    for (struct test_port *p = judge->config.ports; p && !now; p = p->next) {
        memset(&p->fragments, 0, sizeof p->fragments);
    }
}

static bool
take_line(struct judge *judge, char *line)
{
    static char way[16], at[32];
    int hex = 0;

    if (sscanf(line, "%15s %31s %n", way, at, &hex) == 2) {
        if (!strcmp(way, "now")) {
            set_time(judge, atoll(at));
            return true;
        } else if (!strcmp(way, "have")) {
            judge->have = atoi(at);
            return true;
        } else if (!strcmp(way, "from") || !strcmp(way, "to")
                   || !strcmp(way, "kept") || !strcmp(way, "uplink")) {
            return judge_line(judge, way, at, line + hex);
        }
    }
    return test_config_line(&judge->config, line);
}

int
main(int argc, char *argv[])
{
    struct judge judge = { .repeat = argc > 1 ? atoi(argv[1]) : 1 };
    struct ds line = DS_EMPTY_INITIALIZER;
    int status = 0;

    while (!status && !ds_get_line(&line, stdin)) {
        char *copy = xstrdup(ds_cstr(&line));

        if (!take_line(&judge, copy)) {
            fprintf(stderr, "judge: %s: cannot take this line\n",
                    ds_cstr(&line));
            status = 1;
        }
        free(copy);
    }
    ds_destroy(&line);
    test_config_done(&judge.config);
    return status;
}
