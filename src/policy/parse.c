/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Makes a policy of files.
 *
 * Three passes: all files into nodes, following includes (file.c); all nodes
 * into the policy (host.c, tenant.c and below); the policy against itself
 * (conflict.c). Each goes on after an error, so that one run finds every
 * error. Nodes and texts are gone at the end. */

#include <cordon-config.h>
#include "policy/parse.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/arena.h"
#include "policy/field.h"
#include "policy/file.h"
#include "policy/node.h"
#include "policy/policy.h"
#include "policy/scalar.h"
#include "util.h"

/* Reads "host", which only one file may have. */
static void
read_host(struct build *b, const struct file *f)
{
    const struct node *node = f->nodes.host;

    if (!node) {
        return;
    }
    if (b->host) {
        build_error(b, node,
                    "\"host\" is already in %s:%u; keep one of the "
                    "two",
                    b->host->place.source->name, b->host->place.line);
        return;
    }
    b->host = node;
    host_read(b, node, &b->policy->host);
}

/* Adds the tenants of 'f' to the policy; node i of 'guests' is that of the
 * guests of tenant i. */
static void
read_tenants(struct build *b, const struct file *f,
             const struct node *guests[])
{
    struct policy *policy = b->policy;

    if (!mapping_check(b, f->nodes.tenants)) {
        return;
    }
    NODE_FOR_EACH (key, f->nodes.tenants) {
        struct policy_tenant *tenant = &policy->tenants[policy->n_tenants];
        const struct node *first = build_once(&b->tenants, key->text, key);

        if (first) {
            build_error(b, key,
                        "tenant \"%.60s\" is already in %s:%u; write "
                        "all of a tenant into one file",
                        key->text, first->place.source->name,
                        first->place.line);
            continue;
        }
        name_check(b, key, "a tenant");
        guests[policy->n_tenants++] = tenant_read(b, key, tenant);
        shash_add(&b->owners, tenant->name, tenant);
    }
}

/* Makes the policy of all files that have been read. */
static int
finish(struct loader *l, struct ds *errors, struct policy **ret_policy)
{
    struct policy *policy = l->build.policy;
    const struct node **guests;
    size_t n = 0;

    policy->host = (struct policy_host){
        .bridge = "cordon0",
        .dataplane = DATAPLANE_LINUX,
        .mark_mask = POLICY_MARK_MASK,
        .where = { .file = l->files ? l->files->source.name : "",
                   .line = 1,
                   .column = 1 },
    };
    for (const struct file *f = l->files; f; f = f->next) {
        n += f->nodes.tenants ? f->nodes.tenants->n : 0;
    }
    policy->tenants = ARENA_ARRAY(policy->arena, struct policy_tenant, n);
    guests = xcalloc(n, sizeof *guests);
    for (const struct file *f = l->files; f; f = f->next) {
        read_host(&l->build, f);
        read_tenants(&l->build, f, guests);
    }
    for (size_t i = 0; i < policy->n_tenants; i++) {
        guests_read(&l->build, guests[i], &policy->tenants[i]);
    }
    free(guests);
    conflicts_check(&l->build);
    members_check(&l->build);
    if (l->diag.n) {
        diag_format(&l->diag, errors);
        policy_free(policy);
        return -EINVAL;
    }
    *ret_policy = policy;
    return 0;
}

static int
load(const char *path, bool wait, struct ds *errors,
     struct policy **ret_policy)
{
    struct loader l;
    int error;

    loader_init(&l, true);
    error = file_read_path(&l, path, wait);
    if (error) {
        diag_format(&l.diag, errors);
        policy_free(l.build.policy);
    } else {
        error = finish(&l, errors, ret_policy);
    }
    loader_done(&l);
    return error;
}

int
policy_load(const char *path, struct ds *errors, struct policy **ret_policy)
{
    return load(path, false, errors, ret_policy);
}

int
policy_read(const char *path, struct ds *errors, struct policy **ret_policy)
{
    return load(path, true, errors, ret_policy);
}

int
policy_parse(const char *name, const char *text, size_t length,
             struct ds *errors, struct policy **ret_policy)
{
    struct loader l;
    int error;

    loader_init(&l, false);
    file_read_text(&l, name, xmemdup0(text, length), length);
    error = finish(&l, errors, ret_policy);
    loader_done(&l);
    return error;
}
