/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Proves again, with Z3, what cordon audit proves with decision diagrams of
 * what ports may send: that what nftables accepts of a port where it comes in,
 * and a bridge then takes of it, is within port security.
 *
 *     reprove [--without CHAIN:NUMBER] SNAPSHOT POLICY [DEVICE...]
 *
 * The ruleset is the audit's own decoded one; what its rules mean (rules.c),
 * what port security is (statement.c) and what a bridge takes are written here
 * a second time, on purpose: whatever is shared with src/audit's proof would be
 * wrong in both, so nothing of it is. Where Z3 finds a frame, the exact
 * interpreter (src/audit/run.h) has to accept it.
 * Then the audit has to say the same of the port: "proven" here and a frame
 * against port security there, or the reverse, is a failure.
 *
 * --without takes rule NUMBER, from 1, out of a chain of netdev first.
 *
 * Prints a line per port and frame. Exit 0: agreement, all proven; 1: agreement,
 * and there are frames; 2: something is wrong. */

#include <cordon-config.h>

#include <getopt.h>
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audit/audit.h"
#include "audit/host.h"
#include "audit/reprove/frame.h"
#include "audit/reprove/rules.h"
#include "audit/reprove/statement.h"
#include "audit/ruleset.h"
#include "audit/run.h"
#include "audit/snapshot.h"
#include "lib/reason.h"
#include "openvswitch/dynamic-string.h"
#include "policy/parse.h"
#include "policy/policy.h"
#include "util.h"

struct proving {
    const struct host *host;
    const struct ruleset *ruleset;
    const struct audit_port *port;
    const struct ruleset_chain **chains;
    size_t n_chains;
    struct frame frame;
    Z3_solver solver;
    sym accepted;
    struct carried carried;
    bool found, wrong;
};

static void
fail(const char *what, const char *why)
{
    fprintf(stderr, "reprove: %s: %s\n", what, why);
    exit(2);
}

/* What a bridge takes of those frames: source and destination as it has them
 * in its table, the source in the port's VLAN if the frame has none. */
static sym
bridge_takes(const struct proving *p)
{
    const struct host_link *link = p->port->link;
    const struct host_link *bridge = host_link(p->host, link->master);
    const struct frame *f = &p->frame;
    bool any_vlan = f->tagged || !bridge || !bridge->bridge
                    || !bridge->bridge->vlan_filtering;
    static const uint8_t zero[6];
    sym known = sym_false(), kept = sym_false(), group;

    if (!link->port) {
        return sym_true();
    }
    for (size_t i = 0; i < p->host->n_fdb; i++) {
        const struct host_fdb *e = &p->host->fdb[i];

        if (e->ifindex != link->ifindex || e->bridge != link->port->bridge) {
            continue;
        }
        if (!e->local && (any_vlan || e->vlan == host_link_pvid(link))) {
            known = sym_or(known, sym_bytes_equal(&f->byte[6], e->mac.ea, 6));
        }
        if (e->is_static && e->sticky && e->vlan == host_link_pvid(link)
            && !f->tagged) {
            kept = sym_or(kept, sym_bytes_equal(f->byte, e->mac.ea, 6));
        }
    }
    group = sym_is(sym_slice(f->byte[6], 0, 0), 1, 1);
    kept = sym_or(kept, sym_or(group, sym_bytes_equal(&f->byte[6], zero, 6)));
    known = link->port->locked ? known : sym_true();
    return sym_and(known, sym_not(kept));
}

static uint64_t
value_of(Z3_model model, sym a)
{
    sym value;
    uint64_t x;

    if (!Z3_model_eval(sym_context(), model, a, true, &value)
        || !sym_value(value, &x)) {
        fail("Z3's model", "has no value");
    }
    return x;
}

/* The frame of the model, with its tag. Returns how long it is. */
static size_t
frame_of(const struct proving *p, Z3_model model, uint8_t *data,
         size_t *ret_linear)
{
    const struct frame *f = &p->frame;
    size_t n = value_of(model, f->len), at = 0;

    for (size_t i = 0; i < n; i++) {
        if (i == 12 && f->tagged) {
            for (size_t j = 0; j < FRAME_TAG_LEN; j++) {
                data[at++] = value_of(model, f->tag[j]);
            }
        }
        data[at++] = i < FRAME_N ? value_of(model, f->byte[i]) : 0;
    }
    *ret_linear = value_of(model, f->linear) + (at - n);
    return at;
}

static bool
runs_through(const struct proving *p, const uint8_t *data, size_t n,
             size_t linear, bool beyond_limits, uint32_t *ret_mark)
{
    const struct run_assume assume = { .beyond_limits = beyond_limits };
    const struct run_hook hook = {
        .family = NFPROTO_NETDEV,
        .hook = NF_NETDEV_INGRESS,
        .in = p->port->link,
        .assume = &assume,
    };
    uint8_t *copy = xmemdup(data, n);
    bool good;
    struct skb skb;

    good = skb_receive(&skb, copy, n, linear, p->port->link->mac);
    for (size_t i = 0; i < p->n_chains && good; i++) {
        struct run_result r = { .end = RUN_DROP };

        run_chain(p->chains[i], &hook, &skb, &r);
        good = r.end == RUN_ACCEPT;
        run_result_done(&r);
    }
    *ret_mark = good ? skb.mark : 0;
    free(copy);
    return good;
}

/* The exact interpreter accepts the frame, too, and with that mark. */
static void
confirm(struct proving *p, const char *what, Z3_model model)
{
    static uint8_t data[65536 + FRAME_TAG_LEN];
    uint8_t mark[4];
    uint32_t is, want;
    size_t linear, n = frame_of(p, model, data, &linear);
    bool good = false;

    for (size_t i = 0; i < 4; i++) {
        mark[i] = value_of(model, p->carried.mark[i]);
    }
    memcpy(&want, mark, sizeof want);
    for (int beyond = 0; beyond < 2 && !good; beyond++) {
        good = runs_through(p, data, n, linear, beyond, &is) && is == want;
    }
    printf("%s: %s: ", p->port->link->name, what);
    for (size_t i = 0; i < MIN(n, 160); i++) {
        printf("%02x", data[i]);
    }
    printf(n > 160 ? "... (%zu bytes)%s\n" : "%.0zu%s\n", n > 160 ? n : 0,
           good ? "" : ": NOT ACCEPTED by the interpreter");
    p->wrong = p->wrong || !good;
}

/* Looks for an accepted frame for which 'a' holds. */
static bool
ask(struct proving *p, const char *what, sym a)
{
    Z3_context c = sym_context();
    Z3_model model;
    Z3_lbool result;

    Z3_solver_push(c, p->solver);
    Z3_solver_assert(c, p->solver, a);
    result = Z3_solver_check(c, p->solver);
    if (result == Z3_L_TRUE) {
        model = Z3_solver_get_model(c, p->solver);
        Z3_model_inc_ref(c, model);
        confirm(p, what, model);
        Z3_model_dec_ref(c, model);
    } else if (result == Z3_L_UNDEF) {
        fail(what, Z3_solver_get_reason_unknown(c, p->solver));
    }
    Z3_solver_pop(c, p->solver, 1);
    return result == Z3_L_TRUE;
}

/* Frames with a tag, or those without. */
static void
prove_frames(struct proving *p, bool tagged)
{
    Z3_context c = sym_context();
    struct statement s;
    sym keeps = sym_true(), breaks = sym_false();
    const char *why;

    frame_init(&p->frame, tagged, p->port->link->mac.ea);
    why = rules_accept(&p->frame, p->port->link, p->chains, p->n_chains,
                       &p->carried, &p->accepted);
    if (why) {
        fail(p->port->link->name, why);
    }
    statement_init(&s, p->port->spec, &p->frame);
    p->solver = Z3_mk_solver_for_logic(c, Z3_mk_string_symbol(c, "QF_BV"));
    Z3_solver_inc_ref(c, p->solver);
    Z3_solver_assert(c, p->solver, p->frame.good);
    Z3_solver_assert(c, p->solver, p->accepted);
    Z3_solver_assert(c, p->solver, bridge_takes(p));
    for (size_t i = 0; i < s.n_rules; i++) {
        keeps = sym_and(keeps, s.rules[i].keeps);
        breaks = sym_or(breaks, sym_not(s.rules[i].keeps));
    }
    /* Not a claim about nothing. */
    if (!tagged && !ask(p, "may send", keeps)) {
        fail(p->port->link->name, "no frame is accepted at all");
    }
    if (ask(p, "some rule", breaks)) {
        p->found = true;
        for (size_t i = 0; i < s.n_rules; i++) {
            ask(p, s.rules[i].reason, sym_not(s.rules[i].keeps));
        }
    }
    Z3_solver_dec_ref(c, p->solver);
}

static bool
is_reason(const char *what)
{
    for (enum reason r = 1; r <= REASON_MAX; r++) {
        if (!strcmp(what, reason_name(r))) {
            return true;
        }
    }
    return false;
}

/* What the audit says of the port: that it sends what port security forbids
 * ("leak"), or that it may ("open"): behind the guard, a tenant's rules ask
 * where a frame goes. Or nothing of the kind ("isolated"). */
static const char *
audit_says(const struct audit *a, const char *device)
{
    const char *says = "isolated";

    for (size_t i = 0; i < a->n_findings; i++) {
        const struct audit_finding *f = &a->findings[i];

        if (strcmp(f->port, device) || !is_reason(f->what)) {
            continue;
        } else if (f->severity == AUDIT_HOLE) {
            return "leak";
        } else if (f->severity == AUDIT_OPEN) {
            says = "open";
        }
    }
    return says;
}

static double
now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

/* Returns 0: proven, 1: there is a frame, 2: something is wrong. */
static int
prove_port(const struct audit *a, const struct audit_port *port)
{
    struct proving p = {
        .host = a->host,
        .ruleset = a->ruleset,
        .port = port,
    };
    const char *device = port->link->name;
    double start = now();
    const char *says;

    p.chains = ruleset_hook(a->ruleset, NFPROTO_NETDEV, NF_NETDEV_INGRESS,
                            device, &p.n_chains);
    sym_init();
    prove_frames(&p, false);
    prove_frames(&p, true);
    sym_done();
    free(p.chains);
    says = audit_says(a, device);
    printf("%s: %s (%.1f s), audit: %s\n", device, p.found ? "leak" : "proven",
           now() - start, says);
    fflush(stdout);
    if (p.found ? !strcmp(says, "isolated") : !strcmp(says, "leak")) {
        printf("%s: the audit says otherwise\n", device);
        p.wrong = true;
    }
    return p.wrong ? 2 : p.found;
}

/* Takes rule NUMBER out of CHAIN. The ruleset's arrays are in its arena. */
static void
without(const struct ruleset *rs, const char *what)
{
    char *name = xstrdup(what), *number = strchr(name, ':');
    size_t n = number ? strtoul(number + 1, NULL, 10) : 0;

    if (number) {
        *number = '\0';
    }
    for (size_t i = 0; i < rs->n_chains; i++) {
        struct ruleset_chain *c =
            CONST_CAST(struct ruleset_chain *, &rs->chains[i]);
        struct ruleset_rule *rules =
            CONST_CAST(struct ruleset_rule *, c->rules);

        if (c->table->family == NFPROTO_NETDEV && !strcmp(c->name, name) && n
            && n <= c->n_rules) {
            memmove(&rules[n - 1], &rules[n],
                    (c->n_rules - n) * sizeof *rules);
            c->n_rules--;
            free(name);
            return;
        }
    }
    fail(what, "there is no such rule");
}

static bool
wanted(const char *device, char *const *devices, int n)
{
    for (int i = 0; i < n; i++) {
        if (!strcmp(devices[i], device)) {
            return true;
        }
    }
    return !n;
}

int
main(int argc, char *argv[])
{
    static const struct option longs[] = {
        { "without", required_argument, NULL, 'w' },
        { NULL, 0, NULL, 0 },
    };
    struct ds problems = DS_EMPTY_INITIALIZER;
    struct audit_options options = { NULL, NULL, 0 };
    const struct ruleset *ruleset;
    const struct host *host;
    struct snapshot *snapshot;
    struct policy *policy;
    struct audit *audit;
    const char *rule = NULL;
    int c, n = 0, worst = 0;
    char *error;

    while ((c = getopt_long(argc, argv, "", longs, NULL)) == 'w') {
        rule = optarg;
    }
    if (c != -1 || argc - optind < 2) {
        fprintf(stderr, "usage: reprove [--without CHAIN:NUMBER] SNAPSHOT "
                        "POLICY [DEVICE...]\n");
        return 2;
    }
    error = snapshot_read_file(argv[optind], NULL, &snapshot);
    if (error) {
        fail(argv[optind], error);
    }
    if (policy_load(argv[optind + 1], &problems, &policy)) {
        fail(argv[optind + 1], ds_cstr(&problems));
    }
    host = host_decode(snapshot, &problems);
    ruleset = ruleset_decode(snapshot, &problems);
    if (rule) {
        without(ruleset, rule);
    }
    options.policy = policy;
    error = audit_run(host, ruleset, &options, &audit);
    if (error) {
        fail(argv[optind], error);
    }
    for (size_t i = 0; i < audit->n_ports; i++) {
        const struct audit_port *port = &audit->ports[i];

        if (wanted(port->link->name, &argv[optind + 2], argc - optind - 2)) {
            int status = prove_port(audit, port);

            worst = MAX(worst, status);
            n++;
        }
    }
    if (!n) {
        fail(argv[optind], "no such ports");
    }
    audit_free(audit);
    ruleset_free(ruleset);
    host_free(host);
    policy_free(policy);
    snapshot_free(snapshot);
    ds_destroy(&problems);
    return worst;
}
