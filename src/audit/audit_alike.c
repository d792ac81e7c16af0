/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which ports are alike: what of them has to be the same for a lemma of one
 * to be one of the other. */

#include <cordon-config.h>
#include "audit/audit_class.h"

#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>

#include "audit/host.h"
#include "audit/ruleset.h"
#include "util.h"

#define MIN_PORTS 8

/* Rules that do the same for any port: verdicts alone. */
static bool
same_rule(const struct ruleset_rule *a, const struct ruleset_rule *b)
{
    if (a->n_exprs != b->n_exprs) {
        return false;
    }
    for (size_t i = 0; i < a->n_exprs; i++) {
        const struct expr *x = &a->exprs[i], *y = &b->exprs[i];

        if (x->kind != y->kind) {
            return false;
        }
        if (x->kind == EXPR_COUNTER) {
            continue;
        }
        if (x->kind != EXPR_IMMEDIATE || !x->immediate.is_verdict
            || !y->immediate.is_verdict
            || x->immediate.verdict.code != y->immediate.verdict.code
            || x->immediate.verdict.chain != y->immediate.verdict.chain) {
            return false;
        }
    }
    return true;
}

static bool
same_chain(const struct ruleset_chain *a, const struct ruleset_chain *b)
{
    if (a == b) {
        return true;
    }
    if (a->policy != b->policy || a->n_rules != b->n_rules || a->unknown
        || b->unknown) {
        return false;
    }
    for (size_t i = 0; i < a->n_rules; i++) {
        if (!same_rule(&a->rules[i], &b->rules[i])) {
            return false;
        }
    }
    return true;
}

static bool
same_chains(const struct audit *a, const struct host_link *p,
            const struct host_link *q, uint32_t hook)
{
    const struct ruleset_chain **ps, **qs;
    size_t np, nq;
    bool same;

    ps = ruleset_hook(a->ruleset, NFPROTO_NETDEV, hook, p->name, &np);
    qs = ruleset_hook(a->ruleset, NFPROTO_NETDEV, hook, q->name, &nq);
    same = np == nq;
    for (size_t i = 0; i < np && same; i++) {
        same = same_chain(ps[i], qs[i]);
    }
    free(ps);
    free(qs);
    return same;
}

static bool
same_links(const struct host_link *p, const struct host_link *q)
{
    return p->type == q->type && p->elsewhere == q->elsewhere
           && p->arphrd == q->arphrd && p->group == q->group
           && p->master == q->master && !p->port == !q->port
           && (!p->port
               || (p->port->learning == q->port->learning
                   && p->port->locked == q->port->locked));
}

static bool
same_specs(const struct spec *s, const struct spec *t)
{
    return !s->n_macs == !t->n_macs && !s->n_pairs == !t->n_pairs
           && !s->n_vrids == !t->n_vrids && s->router == t->router
           && s->dhcp_server == t->dhcp_server
           && s->n_underlay == t->n_underlay
           && (s->underlay == t->underlay || !s->n_underlay);
}

/* Filters that a question tells apart, or nothing. */
static bool
is_simple(const struct host_filter *f)
{
    if (f->head || f->skip_sw || f->chain || f->protocol != ETH_P_ALL
        || !f->understood || f->n_actions != 1
        || (f->kind != HOST_FILTER_FW && f->kind != HOST_FILTER_MATCHALL)
        || f->fw_classid) {
        return f->head;
    }
    return f->actions[0].kind == HOST_ACTION_GACT && !f->actions[0].random;
}

static const struct host_filter *
filters_of(const struct audit *a, const struct host_link *link, bool sends,
           size_t *ret_n)
{
    return host_filters(a->host, link->ifindex,
                        sends ? HOST_FILTER_INGRESS : HOST_FILTER_EGRESS,
                        ret_n);
}

static bool
same_filters(const struct audit *a, const struct host_link *p,
             const struct host_link *q, bool sends)
{
    const struct host_filter *ps, *qs;
    size_t np, nq;

    ps = filters_of(a, p, sends, &np);
    qs = filters_of(a, q, sends, &nq);
    if (np != nq) {
        return false;
    }
    for (size_t i = 0; i < np; i++) {
        const struct host_filter *x = &ps[i], *y = &qs[i];

        if (x->head != y->head || x->kind != y->kind
            || (!x->head && !y->head
                && x->actions[0].verdict != y->actions[0].verdict)) {
            return false;
        }
    }
    return true;
}

/* Whether the two could be of one class, as far as answers do not tell. */
bool
class_is_like(const struct audit *a, const struct audit_port *p,
              const struct audit_port *q, bool sends)
{
    return same_links(p->link, q->link) && same_specs(p->spec, q->spec)
           && same_filters(a, p->link, q->link, sends)
           && same_chains(a, p->link, q->link,
                          sends ? NF_NETDEV_INGRESS : NF_NETDEV_EGRESS);
}

/* Ports of which more than chains and answers matters are of no class. */
bool
class_takes(const struct audit *a, const struct audit_port *p, bool sends)
{
    const struct host_filter *filters;
    size_t n;

    filters = filters_of(a, p->link, sends, &n);
    for (size_t i = 0; i < n; i++) {
        if (!is_simple(&filters[i])) {
            return false;
        }
    }
    return p->link->up && !p->link->xdp && !a->host->module
           && !a->ruleset->incomplete;
}

bool
class_is_worth_it(const struct audit *a, const struct audit_port *port,
                  bool sends)
{
    size_t n = 0;

    for (size_t i = 0; i < a->n_ports && n < MIN_PORTS; i++) {
        const struct audit_port *p = &a->ports[i];

        n += class_takes(a, p, sends) && class_is_like(a, port, p, sends);
    }
    return n >= MIN_PORTS;
}
