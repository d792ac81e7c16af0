/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What cordon witness says at its end: how much was seen, and which rules were
 * broken how often, beside what the guards have counted. witness.c calls
 * this. */

#include <cordon-config.h>
#include "cli/witness_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/witness.h"
#include "cli/client.h"
#include "lib/writer.h"
#include "openvswitch/json.h"
#include "util.h"

struct json *
witness_report_drops(const struct command_context *of)
{
    const struct command_context ctx = { .control = of->control,
                                         .answer_timeout = of->answer_timeout,
                                         .json = true };
    static const char *const words[] = { "drops" };
    struct json *json = NULL;
    char *out = NULL;

    if (client_has_agent(&ctx)) {
        client_ask(&ctx, "show", words, 1, &out);
    }
    if (out) {
        json = json_from_string(out);
        free(out);
    }
    return json;
}

static uint64_t
count_drops(const struct json *json, const char *device, const char *reason)
{
    const struct json *drops =
        json && json->type == JSON_OBJECT
            ? shash_find_data(json_object(json), "drops")
            : NULL;

    for (size_t i = 0;
         drops && drops->type == JSON_ARRAY && i < json_array(drops)->n; i++) {
        const struct json *d = json_array(drops)->elems[i];
        const struct json *on, *why, *packets;

        if (d->type != JSON_OBJECT) {
            continue;
        }
        on = shash_find_data(json_object(d), "device");
        why = shash_find_data(json_object(d), "reason");
        packets = shash_find_data(json_object(d), "packets");
        if (on && on->type == JSON_STRING && !strcmp(json_string(on), device)
            && why && why->type == JSON_STRING
            && !strcmp(json_string(why), reason) && packets
            && packets->type == JSON_INTEGER) {
            return json_integer(packets);
        }
    }
    return 0;
}

/* A line for each reason that there was, with what the guards counted. */
static void
write_reasons(const struct witness_report *s, const struct json *before,
              const struct json *after, struct writer *w)
{
    writer_list(w, "forbidden");
    for (size_t i = 0; i < s->n_places; i++) {
        const struct witness_place *p = &s->places[i];

        for (int way = 0; way < WATCHED_N_WAYS; way++) {
            for (unsigned int r = 1; r <= REASON_MAX; r++) {
                uint64_t n = s->counts[i].way[way].forbidden[r];

                if (!n) {
                    continue;
                }
                writer_object(w, NULL);
                writer_string(w, "verdict",
                              witness_is_violation(way) ? "violation"
                                                        : "attempt");
                writer_string(w, "device", p->device);
                writer_string(w, "port", p->port ? p->port->name : NULL);
                writer_string(w, "way", watched_way_name(way));
                writer_string(w, "reason", reason_name(r));
                writer_uint(w, "frames", n);
                if (after && before) {
                    writer_uint(
                        w, "guard_counted",
                        count_drops(after, p->device, reason_name(r))
                            - count_drops(before, p->device, reason_name(r)));
                }
                writer_end(w);
            }
        }
    }
    writer_end(w);
}

enum command_status
witness_report(const struct witness_report *s, const struct json *before,
               const struct json *after)
{
    struct writer *w = s->ctx->json ? writer_json_new() : writer_text_new();
    uint64_t frames = 0, cut = 0, lost = 0, attempts = 0, violations = 0;
    char *out;

    for (size_t i = 0; i < s->n_places; i++) {
        lost += s->counts[i].lost;
        for (int way = 0; way < WATCHED_N_WAYS; way++) {
            const struct witness_count *c = &s->counts[i].way[way];

            frames += c->frames;
            cut += c->cut;
            for (unsigned int r = 1; r <= REASON_MAX; r++) {
                *(witness_is_violation(way) ? &violations : &attempts) +=
                    c->forbidden[r];
            }
        }
    }
    writer_object(w, NULL);
    write_reasons(s, before, after, w);
    writer_uint(w, "devices", s->n_places);
    writer_uint(w, "frames", frames);
    writer_uint(w, "lost", lost);
    writer_uint(w, "cut", cut);
    writer_uint(w, "attempts", attempts);
    writer_uint(w, "violations", violations);
    writer_end(w);
    out = writer_finish(w);
    fputs(out, stdout);
    free(out);
    return violations    ? COMMAND_FAILS
           : lost || cut ? COMMAND_UNKNOWN
                         : COMMAND_HOLDS;
}
