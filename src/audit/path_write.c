/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A hop of a path in words: for cordon trace and for the audit's report. */

#include <cordon-config.h>
#include "audit/path.h"

#include <inttypes.h>
#include <stdlib.h>

#include "audit/filter.h"
#include "audit/host.h"
#include "audit/ruleset.h"
#include "lib/writer.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

const char *
path_verdict_name(enum path_verdict verdict)
{
    switch (verdict) {
    case PATH_PASS:
        return "pass";
    case PATH_DROP:
        return "drop";
    case PATH_DIVERT:
        return "divert";
    case PATH_UNKNOWN:
        return "unknown";
    }
    OVS_NOT_REACHED();
}

char *
path_hop_chains(const struct path_hop *hop)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < hop->n_steps; i++) {
        const struct run_step *step = &hop->steps[i];

        if (step->kind == RUN_STEP_ENTER) {
            ds_put_format(&s, "%s%s", s.length ? ", " : "", step->chain->name);
        } else if (step->kind == RUN_STEP_JUMP
                   || step->kind == RUN_STEP_GOTO) {
            ds_put_format(&s, " %s %s",
                          step->kind == RUN_STEP_JUMP ? "jump" : "goto",
                          step->to->name);
        }
    }
    return ds_steal_cstr(&s);
}

char *
path_hop_rule(const struct path_hop *hop)
{
    if (hop->rule) {
        return xasprintf("%" PRIu64, hop->rule->handle);
    } else if (hop->filter) {
        return xasprintf("pref %u handle %#x %s", hop->filter->prio,
                         hop->filter->handle, hop->filter->name);
    }
    return xstrdup(hop->chain ? "policy" : "");
}

void
path_hop_write(const struct path_hop *hop, struct writer *w)
{
    char *chains = path_hop_chains(hop), *rule = path_hop_rule(hop);

    writer_object(w, NULL);
    writer_string(w, "where", hop->where);
    writer_string(w, "device", hop->link ? hop->link->name : "");
    writer_string(w, "for", hop->to ? hop->to->name : "");
    writer_string(w, "verdict", path_verdict_name(hop->verdict));
    writer_format(w, "mark", "%#x", hop->mark);
    writer_string(w, "table",
                  hop->chain ? ruleset_family_name(hop->chain->table->family)
                             : "");
    writer_string(w, "of", hop->chain ? hop->chain->table->name : "");
    writer_string(w, "chain", hop->chain ? hop->chain->name : "");
    writer_string(w, "rule", rule);
    writer_string(w, "why", hop->why ? hop->why : chains);
    writer_end(w);
    free(chains);
    free(rule);
}
