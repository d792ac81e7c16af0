/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The order of the audit, and findings. */

#include <cordon-config.h>
#include "audit/audit_private.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "audit/host.h"
#include "audit/reach_private.h"
#include "audit/snapshot.h"
#include "lib/arena.h"
#include "policy/policy.h"
#include "util.h"

#define MAX_NODES (40 << 20) /* 20 bytes each. */
#define FRAME_MAX 2048

struct audit_finding *
audit_find(struct audit *a, enum audit_severity severity, const char *what,
           const char *port, const char *format, ...)
{
    struct audit_finding *f;
    va_list args;
    char *s;

    if (a->n_findings == a->allocated_findings) {
        a->findings = x2nrealloc(a->findings, &a->allocated_findings,
                                 sizeof *a->findings);
    }
    va_start(args, format);
    s = xvasprintf(format, args);
    va_end(args);
    f = &a->findings[a->n_findings++];
    *f = (struct audit_finding){
        .severity = severity,
        .what = what,
        .text = arena_strdup(a->arena, s),
        .port = port ? port : "",
        .to = "",
        .through = "",
    };
    free(s);
    return f;
}

void
audit_find_frame(struct audit *a, struct audit_finding *f,
                 const struct reach *r, bits x)
{
    uint8_t frame[FRAME_MAX], *copy;
    size_t n = header_example(&r->header, x, frame, sizeof frame, NULL);
    const char *through = "";

    n = MIN(n, sizeof frame);
    copy = arena_alloc(a->arena, MAX(n, 1));
    memcpy(copy, frame, n);
    f->frame = copy;
    f->n_frame = n;
    for (size_t i = 0; i < r->n_notes; i++) {
        const struct reach_note *note = &r->notes[i];

        if (note->kind == REACH_DECIDES
            && header_has(&r->header, note->frames, frame, n, 0)) {
            through = arena_printf(a->arena, "%s%s%s", through,
                                   *through ? "; " : "", note->text);
        }
    }
    f->through = *through ? through : "no filter";
}

void
audit_assume(struct audit *a, const char *format, ...)
{
    va_list args;
    char *s;

    va_start(args, format);
    s = xvasprintf(format, args);
    va_end(args);
    for (size_t i = 0; i < a->n_assumptions; i++) {
        if (!strcmp(a->assumptions[i], s)) {
            free(s);
            return;
        }
    }
    if (a->n_assumptions == a->allocated_assumptions) {
        a->assumptions = x2nrealloc(a->assumptions, &a->allocated_assumptions,
                                    sizeof *a->assumptions);
    }
    a->assumptions[a->n_assumptions++] = arena_strdup(a->arena, s);
    free(s);
}

static void
usual_assumptions(struct audit *a)
{
    audit_assume(a, "the kernel does what its source of version %s says",
                 a->host->kernel);
    audit_assume(a, "the network behind the uplinks keeps VLANs apart");
    audit_assume(a, "state that takes more than one frame is not part of the "
                    "proof: limits of broadcasts, overlapping fragments");
    audit_assume(a, "times, sizes and rates that tenants could read one "
                    "another's activity from are not part of it");
}

/* What could not be read, or be seen through. */
static void
find_unknown(struct audit *a)
{
    const struct snapshot_part *parts;
    size_t n;

    for (size_t i = 0; i < a->host->n_unknown; i++) {
        const struct host_unknown *u = &a->host->unknown[i];
        const struct host_link *link =
            u->ifindex ? host_link(a->host, u->ifindex) : NULL;

        if (!u->ifindex && strstr(u->what, "netfilter hooks call")) {
            /* An older kernel: what hooks then is a loaded module, which is
             * as much the kernel as the rest of it. */
            audit_assume(a, "no module of the kernel moves frames by a hook "
                            "of its own: this kernel does not list them");
            continue;
        }
        audit_find(a, AUDIT_OPEN, "not-read", link ? link->name : "", "%s",
                   u->what);
        audit_worsen(&a->host_verdict, AUDIT_NOT_PROVEN);
    }
    parts = snapshot_parts(a->host->snapshot, &n);
    for (size_t i = 0; i < n; i++) {
        if (parts[i].kind == SNAPSHOT_UNREAD && parts[i].matters) {
            audit_find(a, AUDIT_OPEN, "not-read", "", "%s was not read: %s",
                       parts[i].name, parts[i].why);
            audit_worsen(&a->host_verdict, AUDIT_NOT_PROVEN);
        }
    }
    if (a->ruleset->incomplete) {
        audit_find(a, AUDIT_OPEN, "not-read", "",
                   "nftables could not be read whole");
        audit_worsen(&a->host_verdict, AUDIT_NOT_PROVEN);
    }
}

static int
finding_cmp(const void *a_, const void *b_)
{
    const struct audit_finding *a = a_, *b = b_;
    int c = (int) b->severity - (int) a->severity;

    if (!c) {
        c = strcmp(a->port, b->port);
    }
    return c ? c : strcmp(a->what, b->what);
}

static void
conclude(struct audit *a)
{
    a->verdict = a->host_verdict;
    for (size_t i = 0; i < a->n_ports; i++) {
        audit_worsen(&a->verdict, a->ports[i].verdict);
    }
    for (size_t i = 0; i < a->n_tenants * a->n_tenants; i++) {
        audit_worsen(&a->verdict, a->pairs[i]);
    }
    for (size_t i = 0; i < a->n_findings; i++) {
        /* Nothing is said to be proven beside a hole. */
        if (a->findings[i].severity == AUDIT_HOLE) {
            audit_worsen(&a->verdict, AUDIT_LEAK);
        } else if (a->findings[i].severity == AUDIT_OPEN) {
            audit_worsen(&a->verdict, AUDIT_NOT_PROVEN);
        }
    }
    if (a->n_findings) {
        qsort(a->findings, a->n_findings, sizeof *a->findings, finding_cmp);
    }
}

char *
audit_run(const struct host *host, const struct ruleset *ruleset,
          const struct audit_options *options, struct audit **ret_audit)
{
    struct audit *a = xzalloc(sizeof *a);
    char *error;

    a->arena = arena_new();
    a->host = host;
    a->ruleset = ruleset;
    a->policy = options->policy;
    error = audit_tenants(a, options);
    if (error) {
        audit_free(a);
        return error;
    }
    if (header_init(MAX_NODES)) {
        audit_free(a);
        return xstrdup("no memory for the proof");
    }
    a->pairs = arena_alloc(a->arena, MAX(a->n_tenants * a->n_tenants, 1));
    usual_assumptions(a);
    find_unknown(a);
    audit_domains(a);
    audit_rewritten(a);
    audit_labels(a);
    audit_ports(a);
    audit_host(a);
    audit_joins(a);
    audit_pairs(a);
    if (bits_failed()) {
        audit_find(a, AUDIT_OPEN, "too-large", "",
                   "the proof needs more memory than it may have");
        memset(a->pairs, AUDIT_NOT_PROVEN, a->n_tenants * a->n_tenants);
        for (size_t i = 0; i < a->n_ports; i++) {
            audit_worsen(&a->ports[i].verdict, AUDIT_NOT_PROVEN);
        }
        audit_worsen(&a->host_verdict, AUDIT_NOT_PROVEN);
    }
    conclude(a);
    audit_classes_free(a);
    reach_forget_lookups();
    header_done();
    *ret_audit = a;
    return NULL;
}

void
audit_free(struct audit *a)
{
    if (a) {
        audit_domains_free(a);
        free(a->findings);
        free(a->assumptions);
        arena_free(a->arena);
        free(a);
    }
}

bool
audit_is_pair(const struct audit *a, size_t from, size_t to)
{
    return from != to && a->tenants[from].n_ports && a->tenants[to].n_ports;
}

const char *
audit_verdict_name(enum audit_verdict v)
{
    switch (v) {
    case AUDIT_ISOLATED:
        return "isolated";
    case AUDIT_NOT_PROVEN:
        return "not proven";
    case AUDIT_LEAK:
        return "leak";
    }
    OVS_NOT_REACHED();
}

const char *
audit_severity_name(enum audit_severity s)
{
    switch (s) {
    case AUDIT_NOTE:
        return "note";
    case AUDIT_WARNING:
        return "warning";
    case AUDIT_OPEN:
        return "not proven";
    case AUDIT_HOLE:
        return "leak";
    }
    OVS_NOT_REACHED();
}
