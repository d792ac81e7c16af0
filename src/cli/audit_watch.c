/* SPDX-License-Identifier: GPL-3.0-or-later */

/* cordon audit --watch: audits again whenever the kernel says that something
 * has changed, and tells what that changes. Each audit is a whole one: what a
 * notification says is not used for anything. */

#include <cordon-config.h>
#include "cli/audit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/audit.h"
#include "audit/host.h"
#include "audit/snapshot.h"
#include "audit/watch.h"
#include "lib/writer.h"
#include "svec.h"
#include "util.h"

/* What an interruption ends the process with. */
static volatile sig_atomic_t last_status = COMMAND_UNKNOWN;

/* There is nothing to clean up that the process' end does not: while files
 * are written, signals are held back. */
static void
on_signal(int signal OVS_UNUSED)
{
    _exit(last_status);
}

static void
handle_signals(sigset_t *ret_signals)
{
    struct sigaction action = { .sa_handler = on_signal };

    sigemptyset(ret_signals);
    sigaddset(ret_signals, SIGINT);
    sigaddset(ret_signals, SIGTERM);
    action.sa_mask = *ret_signals;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static void add_line(struct svec *lines, const char *format, ...)
    OVS_PRINTF_FORMAT(2, 3);

static void
add_line(struct svec *lines, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    svec_add_nocopy(lines, xvasprintf(format, args));
    va_end(args);
}

/* What there is to say of an audit, one thing a line. Frames are left out:
 * another one for the same hole is no news. */
static void
put_lines(const struct audit *a, struct svec *lines)
{
    size_t n = a->n_tenants;

    if (a->host_verdict != AUDIT_ISOLATED) {
        add_line(lines, "the host itself: %s",
                 audit_verdict_name(a->host_verdict));
    }
    for (size_t i = 0; i < n * n; i++) {
        if (a->pairs[i] != AUDIT_ISOLATED) {
            add_line(lines, "from %s to %s: %s", a->tenants[i / n].name,
                     a->tenants[i % n].name, audit_verdict_name(a->pairs[i]));
        }
    }
    for (size_t i = 0; i < a->n_ports; i++) {
        const struct audit_port *p = &a->ports[i];

        if (p->verdict != AUDIT_ISOLATED) {
            add_line(lines, "port %s of %s: %s", p->link->name,
                     a->tenants[p->tenant].name,
                     audit_verdict_name(p->verdict));
        }
    }
    for (size_t i = 0; i < a->n_findings; i++) {
        const struct audit_finding *f = &a->findings[i];

        add_line(lines, "%s: %s: %s%s%s", audit_severity_name(f->severity),
                 f->what, f->text, *f->through ? "; through " : "",
                 f->through);
    }
    svec_sort_unique(lines);
}

static void
print_text(const struct audit *a, const struct svec *before,
           const struct svec *now)
{
    const struct snapshot_header *h = snapshot_header(a->host->snapshot);
    struct svec gone, new;
    const char *line;
    size_t i;

    svec_init(&gone);
    svec_init(&new);
    svec_diff(before, now, &gone, NULL, &new);
    printf("%s %s: %s\n", h->time, h->host, audit_verdict_name(a->verdict));
    SVEC_FOR_EACH (i, line, &gone) {
        printf("  - %s\n", line);
    }
    SVEC_FOR_EACH (i, line, &new) {
        printf("  + %s\n", line);
    }
    svec_destroy(&gone);
    svec_destroy(&new);
}

static void
print_json(const struct audit *a)
{
    struct writer *w = writer_json_new();
    char *out;

    audit_write(a, w);
    out = writer_finish(w);
    fputs(out, stdout);
    free(out);
}

/* What was told last. */
struct told {
    bool any;
    enum audit_verdict verdict;
    struct svec lines;
};

/* Tells of an audit if it differs from the one before; the page is there when
 * it is told. Returns an error in words, or NULL. */
static char *
tell(struct told *told, const struct audited *d,
     const struct audit_arguments *args)
{
    struct svec lines;
    char *error;

    svec_init(&lines);
    put_lines(d->audit, &lines);
    if (told->any && told->verdict == d->audit->verdict
        && svec_equal(&told->lines, &lines)) {
        svec_destroy(&lines);
        return NULL;
    }
    error = audited_page(d, args);
    if (args->json) {
        print_json(d->audit);
    } else {
        print_text(d->audit, &told->lines, &lines);
    }
    fflush(stdout);
    svec_destroy(&told->lines);
    told->any = true;
    told->verdict = d->audit->verdict;
    told->lines = lines;
    return error;
}

/* One audit. */
static void
look(const struct command_context *ctx, const struct audit_arguments *args,
     const struct policy *policy, const sigset_t *signals, struct told *told)
{
    struct audited d;
    char *error = audited_init(&d, args, policy);

    sigprocmask(SIG_BLOCK, signals, NULL);
    if (!error) {
        last_status = audited_status(&d);
        error = tell(told, &d, args);
    } else {
        last_status = COMMAND_UNKNOWN;
        told->any = false; /* Whatever comes next is news. */
    }
    if (error) {
        command_error(ctx, "%s", error);
        fflush(stdout);
        free(error);
    }
    sigprocmask(SIG_UNBLOCK, signals, NULL);
    audited_done(&d);
}

enum command_status
audit_watch(const struct command_context *ctx,
            const struct audit_arguments *args, const struct policy *policy)
{
    struct told told = { .any = false };
    struct watch *watch;
    sigset_t signals;
    int error = watch_open(&watch);

    if (error) {
        command_error(ctx, "cannot listen to the kernel: %s",
                      ovs_strerror(-error));
        return COMMAND_UNKNOWN;
    }
    svec_init(&told.lines);
    handle_signals(&signals);
    do {
        watch_forget(watch);
        look(ctx, args, policy, &signals, &told);
    } while (watch_wait(watch) != WATCH_FAILED);
    command_error(ctx, "cannot listen to the kernel: %s", ovs_strerror(errno));
    svec_destroy(&told.lines);
    watch_close(watch);
    return COMMAND_UNKNOWN;
}
