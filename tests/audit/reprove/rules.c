/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From the decoded ruleset straight to formulas: what a rule matches is one,
 * and what a chain accepts or hands back is built of those of its rules in
 * order. What a chain that several go to does is worked out once for each mark
 * and packet type that frames may come with. */

#include <cordon-config.h>
#include "audit/reprove/rules.h"

#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "audit/host.h"
#include "audit/reprove/rule_private.h"
#include "util.h"

#define DEPTH_MAX 16 /* NFT_JUMP_STACK_SIZE. */

/* What a chain does with frames that come to it with 'in'. */
struct summary {
    const struct ruleset_chain *chain;
    struct carried in, out;
    sym accepts; /* Ends. */
    sym hands_back;
};

struct summaries {
    struct summary *all;
    size_t n, allocated;
};

struct run {
    const struct frame *frame;
    const struct host_link *link;
    struct summaries known;
    unsigned int depth;
    const char *why; /* Not understood. */
};

static bool
same(const struct carried *a, const struct carried *b)
{
    return !memcmp(a, b, sizeof *a);
}

static void
carry(struct carried *c, sym if_, const struct carried *then)
{
    for (size_t i = 0; i < 4; i++) {
        c->mark[i] = sym_if(if_, then->mark[i], c->mark[i]);
    }
    c->pkttype = sym_if(if_, then->pkttype, c->pkttype);
}

static struct summary chain_does(struct run *, const struct ruleset_chain *,
                                 const struct carried *);

/* The rule's verdicts; 'here' are the frames that come to it. Sets '*here' to
 * those that go on behind it. */
static void
rule_does(struct run *r, const struct ruleset_rule *rule, struct summary *s,
          sym *here)
{
    struct rule_match m = {
        .frame = r->frame,
        .link = r->link,
        .here = *here,
        .carried = &s->out,
    };
    sym on;

    rule_match(&m, rule);
    if (m.why) {
        r->why = m.why;
        return;
    }
    on = sym_and(*here, sym_not(m.verdicts));
    for (size_t i = 0; i < m.n_verdicts; i++) {
        const struct ruleset_verdict *v = m.verdict[i].verdict;
        sym is = sym_and(*here, m.verdict[i].is);
        struct summary to;

        switch (v->code) {
        case NF_DROP:
            break;
        case NF_ACCEPT:
            s->accepts = sym_or(s->accepts, is);
            break;
        case NFT_CONTINUE:
        case NFT_BREAK:
            on = sym_or(on, is);
            break;
        case NFT_RETURN:
            s->hands_back = sym_or(s->hands_back, is);
            break;
        case NFT_JUMP:
        case NFT_GOTO:
            if (!v->chain) {
                r->why = "a jump to a chain that is not there";
                return;
            }
            to = chain_does(r, v->chain, &s->out);
            s->accepts = sym_or(s->accepts, sym_and(is, to.accepts));
            carry(&s->out, is, &to.out);
            is = sym_and(is, to.hands_back);
            if (v->code == NFT_JUMP) {
                on = sym_or(on, is);
            } else {
                s->hands_back = sym_or(s->hands_back, is);
            }
            break;
        default:
            r->why = "a verdict that is not known";
            return;
        }
    }
    *here = on;
}

static struct summary
chain_does(struct run *r, const struct ruleset_chain *chain,
           const struct carried *in)
{
    struct summary s = {
        .chain = chain,
        .in = *in,
        .out = *in,
        .accepts = sym_false(),
        .hands_back = sym_false(),
    };
    sym here = sym_true();

    for (size_t i = 0; i < r->known.n; i++) {
        const struct summary *k = &r->known.all[i];

        if (k->chain == chain && same(&k->in, in)) {
            return *k;
        }
    }
    if (chain->unknown || ++r->depth > DEPTH_MAX) {
        r->why = "a chain that could not be read, or goes in circles";
        return s;
    }
    for (size_t i = 0; i < chain->n_rules && !r->why; i++) {
        rule_does(r, &chain->rules[i], &s, &here);
    }
    r->depth--;
    s.hands_back = sym_or(s.hands_back, here);
    if (r->known.n == r->known.allocated) {
        r->known.all = x2nrealloc(r->known.all, &r->known.allocated,
                                  sizeof *r->known.all);
    }
    r->known.all[r->known.n++] = s;
    return s;
}

const char *
rules_accept(const struct frame *frame, const struct host_link *link,
             const struct ruleset_chain *const *chains, size_t n,
             struct carried *carried, sym *ret_accepted)
{
    struct run r = { .frame = frame, .link = link };
    sym accepted = sym_true();

    for (size_t i = 0; i < 4; i++) {
        carried->mark[i] = sym_byte(0);
    }
    carried->pkttype = frame->pkttype;
    for (size_t i = 0; i < n && !r.why; i++) {
        struct summary s = chain_does(&r, chains[i], carried);
        sym is = s.accepts;

        if (chains[i]->policy == NF_ACCEPT) {
            is = sym_or(is, s.hands_back);
        }
        accepted = sym_and(accepted, is);
        *carried = s.out;
    }
    free(r.known.all);
    *ret_accepted = accepted;
    return r.why;
}
