/* SPDX-License-Identifier: GPL-3.0-or-later */

/* cordon audit: proves isolation from the kernel's state, or shows the frame
 * that breaks it. Asks no agent and changes nothing. */

#include <cordon-config.h>
#include "cli/audit.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "audit/host.h"
#include "audit/report.h"
#include "audit/ruleset.h"
#include "audit/snapshot.h"
#include "lib/file.h"
#include "lib/writer.h"
#include "openvswitch/dynamic-string.h"
#include "policy/parse.h"
#include "policy/policy.h"
#include "util.h"

/* False after a mistake, which has been said. */
static bool
parse(const struct command_context *ctx, int argc, char *argv[],
      struct audit_arguments *a)
{
    static const struct option options[] = {
        { "snapshot", required_argument, NULL, 's' },
        { "public-key", required_argument, NULL, 'k' },
        { "policy", required_argument, NULL, 'p' },
        { "tenant", required_argument, NULL, 't' },
        { "watch", no_argument, NULL, 'w' },
        { "html", required_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int c;

    optind = 0;
    while ((c = command_option(ctx, argc, argv, "+:", options)) != -1) {
        switch (c) {
        case 's':
            a->snapshot = optarg;
            break;
        case 'k':
            a->key = optarg;
            break;
        case 'p':
            a->policy = optarg;
            break;
        case 't':
            if (a->n_tenants == a->allocated_tenants) {
                a->tenants = x2nrealloc(a->tenants, &a->allocated_tenants,
                                        sizeof *a->tenants);
            }
            a->tenants[a->n_tenants++] = optarg;
            break;
        case 'h':
            a->html = optarg;
            break;
        case 'w':
            a->watch = true;
            break;
        default:
            return false;
        }
    }
    if (optind != argc || (a->watch && a->snapshot) || (a->key && !a->snapshot)
        || (a->watch && a->html && !strcmp(a->html, "-"))) {
        command_usage(ctx, argv[0]);
        return false;
    }
    return true;
}

static char *
read_snapshot(const struct audit_arguments *a, struct snapshot **ret_snapshot)
{
    const struct snapshot_options options = { .want_xenstore = true };
    int error;

    if (a->snapshot) {
        return snapshot_read_file(a->snapshot, a->key, ret_snapshot);
    }
    error = snapshot_collect(&options, ret_snapshot);
    if (error) {
        return xasprintf("cannot read this host's state: %s",
                         ovs_strerror(-error));
    }
    snapshot_seal(*ret_snapshot);
    return NULL;
}

static char *
read_policy(const char *path, struct policy **ret_policy)
{
    struct ds errors = DS_EMPTY_INITIALIZER;
    int error = policy_read(path, &errors, ret_policy);

    if (error) {
        if (!errors.length) {
            ds_put_format(&errors, "%s: %s", path, ovs_strerror(-error));
        }
        return ds_steal_cstr(&errors);
    }
    ds_destroy(&errors);
    return NULL;
}

static void
print(const struct audit *audit, bool json)
{
    char *out;

    if (json) {
        struct writer *w = writer_json_new();

        audit_write(audit, w);
        out = writer_finish(w);
    } else {
        out = audit_text(audit);
    }
    fputs(out, stdout);
    free(out);
}

char *
audited_page(const struct audited *d, const struct audit_arguments *a)
{
    char *error = NULL;

    if (a->html) {
        char *page = report_html(d->audit);

        error = file_replace(a->html, page, strlen(page));
        free(page);
    }
    return error;
}

char *
audited_init(struct audited *d, const struct audit_arguments *a,
             const struct policy *policy)
{
    const struct audit_options options = {
        .policy = policy,
        .tenants = a->tenants,
        .n_tenants = a->n_tenants,
    };
    struct ds problems = DS_EMPTY_INITIALIZER;
    char *error;

    *d = (struct audited){ NULL, NULL, NULL, NULL };
    error = read_snapshot(a, &d->snapshot);
    if (!error) {
        d->host = host_decode(d->snapshot, &problems);
        d->ruleset = ruleset_decode(d->snapshot, &problems);
        error = audit_run(d->host, d->ruleset, &options, &d->audit);
    }
    ds_destroy(&problems);
    return error;
}

void
audited_done(struct audited *d)
{
    audit_free(d->audit);
    ruleset_free(d->ruleset);
    host_free(d->host);
    snapshot_free(d->snapshot);
}

enum command_status
audited_status(const struct audited *d)
{
    return d->audit->verdict == AUDIT_ISOLATED ? COMMAND_HOLDS
           : d->audit->verdict == AUDIT_LEAK   ? COMMAND_FAILS
                                               : COMMAND_UNKNOWN;
}

static enum command_status
audit_once(const struct command_context *ctx, const struct audit_arguments *a,
           const struct policy *policy)
{
    enum command_status status = COMMAND_UNKNOWN;
    struct audited d;
    char *error = audited_init(&d, a, policy);

    if (!error) {
        status = audited_status(&d);
        error = audited_page(&d, a);
        /* With an error, JSON is that. */
        if ((!a->html || strcmp(a->html, "-")) && !(error && a->json)) {
            print(d.audit, a->json);
        }
    }
    if (error) {
        command_error(ctx, "%s", error);
        free(error);
        status = COMMAND_UNKNOWN;
    }
    audited_done(&d);
    return status;
}

enum command_status
command_audit(const struct command_context *ctx, int argc, char *argv[])
{
    struct audit_arguments a = { .json = ctx->json };
    enum command_status status = COMMAND_UNKNOWN;
    struct policy *policy = NULL;
    char *error;

    if (!parse(ctx, argc, argv, &a)) {
        free(a.tenants);
        return COMMAND_UNKNOWN;
    }
    error = a.policy ? read_policy(a.policy, &policy) : NULL;
    if (error) {
        command_error(ctx, "%s", error);
        free(error);
    } else if (a.watch) {
        status = audit_watch(ctx, &a, policy);
    } else {
        status = audit_once(ctx, &a, policy);
    }
    policy_free(policy);
    free(a.tenants);
    return status;
}
