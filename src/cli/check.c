/* SPDX-License-Identifier: GPL-3.0-or-later */

/* cordon check: validates a policy, and says whether this host can take it.
 * Needs no agent and touches nothing. */

#include <cordon-config.h>
#include "cli/command.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "inventory/inventory.h"
#include "lib/arena.h"
#include "lib/writer.h"
#include "openvswitch/dynamic-string.h"
#include "plan/plan.h"
#include "policy/parse.h"
#include "policy/policy.h"
#include "util.h"

/* Whether this host can take 'policy'. Sets '*ret_problem' to what stands
 * against it and where the policy says so, or '*ret_note' to why it was not
 * looked at; all in 'arena'. Returns 0 or -errno. */
static int
check_host(const struct policy *policy, struct arena *arena,
           const char **ret_problem, const char **ret_note)
{
    const struct policy_where *where = &policy->host.where;
    const char *problem = NULL;
    struct inventory *inventory;
    int error;

    *ret_problem = *ret_note = NULL;
    error = inventory_read(NULL, &inventory);
    if (error) {
        return error;
    }
    if (policy->host.uplink
        && !inventory_link_by_name(inventory, policy->host.uplink)) {
        *ret_note = arena_printf(arena,
                                 "this host has no device %s: not "
                                 "checked whether the policy fits a host",
                                 policy->host.uplink);
    } else {
        problem = plan_bridge_problem(policy, inventory, arena);
        if (!problem && policy->host.uplink) {
            problem = plan_host_problem(policy, inventory, arena);
            where = &policy->host.uplink_where;
        }
    }
    if (problem) {
        *ret_problem = arena_printf(arena, "%s:%u:%u: %s", where->file,
                                    where->line, where->column, problem);
    }
    inventory_free(inventory);
    return 0;
}

static void
report(const struct command_context *ctx, const struct policy *policy,
       const char *path, const char *problem, const char *note)
{
    struct writer *w = ctx->json ? writer_json_new() : writer_text_new();
    char *out;

    writer_object(w, NULL);
    writer_string(w, "policy", path);
    writer_bool(w, "valid", !problem);
    if (problem) {
        writer_string(w, "host_problem", problem);
    }
    if (note) {
        writer_string(w, "note", note);
    }
    writer_uint(w, "tenants", policy->n_tenants);
    writer_uint(w, "interfaces", policy->n_interfaces);
    writer_end(w);
    out = writer_finish(w);
    fputs(out, stdout);
    free(out);
}

enum command_status
command_check(const struct command_context *ctx, int argc, char *argv[])
{
    static const struct option options[] = {
        { "offline", no_argument, NULL, 'o' },
        { NULL, 0, NULL, 0 },
    };
    const char *problem = NULL, *note = NULL, *path;
    struct ds errors = DS_EMPTY_INITIALIZER;
    enum command_status status;
    struct policy *policy;
    bool offline = false;
    struct arena *arena;
    int c, error;

    optind = 0;
    while ((c = command_option(ctx, argc, argv, "+:", options)) != -1) {
        if (c != 'o') {
            return COMMAND_UNKNOWN;
        }
        offline = true;
    }
    if (argc - optind != 1) {
        return command_usage(ctx, argv[0]);
    }
    path = argv[optind];

    error = policy_read(path, &errors, &policy);
    if (error) {
        if (!errors.length) {
            ds_put_format(&errors, "%s: %s\n", path, ovs_strerror(-error));
        }
        if (ctx->json) {
            command_error(ctx, "%s", ds_cstr(&errors));
        } else {
            fputs(ds_cstr(&errors), stderr);
        }
        ds_destroy(&errors);
        return error == -EINVAL ? COMMAND_FAILS : COMMAND_UNKNOWN;
    }
    ds_destroy(&errors);

    arena = arena_new();
    error = offline ? 0 : check_host(policy, arena, &problem, &note);
    if (error) {
        command_error(ctx,
                      "cannot read the devices of this host: %s; "
                      "--offline checks the policy alone",
                      ovs_strerror(-error));
        status = COMMAND_UNKNOWN;
    } else {
        report(ctx, policy, path, problem, note);
        status = problem ? COMMAND_FAILS : COMMAND_HOLDS;
    }
    arena_free(arena);
    policy_free(policy);
    return status;
}
