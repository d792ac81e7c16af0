/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Interprets chains: rules in order, jumps, verdicts. Expressions are in
 * run_expr.c. */

#include <cordon-config.h>
#include "audit/run.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <stdlib.h>
#include <string.h>

#include "audit/run_private.h"
#include "util.h"

#define STACK_MAX 16       /* NFT_JUMP_STACK_SIZE. */
#define RULES_MAX 10000000 /* The kernel has no loops; a file might. */

struct frame_of_stack {
    const struct ruleset_chain *chain;
    size_t next; /* Rule to go on with. */
};

static void
add_step(struct run *r, enum run_step_kind kind,
         const struct ruleset_chain *chain, const struct ruleset_rule *rule,
         const struct ruleset_chain *to, uint32_t mark)
{
    struct run_result *result = r->result;

    if (result->n_steps == result->allocated_steps) {
        result->steps = x2nrealloc(result->steps, &result->allocated_steps,
                                   sizeof *result->steps);
    }
    result->steps[result->n_steps++] = (struct run_step){
        .kind = kind,
        .chain = chain,
        .rule = rule,
        .to = to,
        .mark = mark,
    };
}

static void
run_rule(struct run *r, const struct ruleset_rule *rule)
{
    bool marked = false;
    size_t copies = r->result->n_copies;

    r->verdict = NFT_CONTINUE;
    for (size_t i = 0; i < rule->n_exprs && r->verdict == NFT_CONTINUE; i++) {
        run_expr(r, &rule->exprs[i], &marked);
    }
    if (marked) {
        add_step(r, RUN_STEP_SET, rule->chain, rule, NULL, r->skb->mark);
    }
    for (; copies < r->result->n_copies; copies++) {
        add_step(r, RUN_STEP_DUP, rule->chain, rule, NULL,
                 r->result->copies[copies]);
    }
}

/* Sets the result from a final verdict. */
static void
finish(struct run *r, const struct ruleset_chain *chain,
       const struct ruleset_rule *rule, int verdict)
{
    struct run_result *result = r->result;

    result->chain = chain;
    result->rule = rule;
    add_step(r, rule ? RUN_STEP_VERDICT : RUN_STEP_POLICY, chain, rule, NULL,
             0);
    if (result->end == RUN_UNKNOWN) {
        return;
    }
    switch (verdict & NF_VERDICT_MASK) {
    case NF_ACCEPT:
        result->end = RUN_ACCEPT;
        break;
    case NF_DROP:
        result->end = RUN_DROP;
        break;
    case NF_STOLEN:
        result->end = RUN_SENT;
        break;
    default:
        result->end = RUN_UNKNOWN;
        result->why = "a program decides";
        break;
    }
}

/* Finds the transport header. False if the kernel drops the frame instead. */
static bool
prepare(struct run *r, const struct ruleset_chain *base)
{
    const struct skb *skb = r->skb;
    uint16_t protocol =
        r->hook->family == NFPROTO_BRIDGE ? skb_ethertype(skb) : skb->protocol;

    skb_transport(skb, protocol, &r->transport);
    return base->table->family != NFPROTO_INET
           || r->hook->family != NFPROTO_NETDEV || r->transport.known
           || (protocol != ETH_P_IP && protocol != ETH_P_IPV6);
}

/* Goes from chain to chain until there is a final verdict. */
static void
walk(struct run *r, const struct ruleset_chain *base)
{
    struct frame_of_stack stack[STACK_MAX];
    const struct ruleset_chain *chain = base;
    size_t depth = 0, at = 0, n = 0;

    for (;;) {
        const struct ruleset_rule *rule;

        if (chain->unknown) {
            run_give_up(r, NULL, "a chain that could not be read");
            finish(r, chain, NULL, NF_DROP);
            return;
        }
        if (at >= chain->n_rules) {
            if (!depth) {
                break;
            }
            depth--;
            chain = stack[depth].chain;
            at = stack[depth].next;
            continue;
        }
        rule = &chain->rules[at++];
        if (++n > RULES_MAX) {
            run_give_up(r, NULL, "goes in circles");
        } else {
            run_rule(r, rule);
        }
        switch (r->verdict) {
        case NFT_CONTINUE:
        case NFT_BREAK:
            break;
        case NFT_RETURN:
            add_step(r, RUN_STEP_RETURN, chain, rule, NULL, 0);
            at = chain->n_rules;
            break;
        case NFT_JUMP:
            if (depth == STACK_MAX) {
                finish(r, chain, rule, NF_DROP);
                return;
            }
            stack[depth].chain = chain;
            stack[depth++].next = at;
            add_step(r, RUN_STEP_JUMP, chain, rule, r->target, 0);
            chain = r->target;
            at = 0;
            break;
        case NFT_GOTO:
            add_step(r, RUN_STEP_GOTO, chain, rule, r->target, 0);
            chain = r->target;
            at = 0;
            break;
        default:
            finish(r, chain, rule, r->verdict);
            return;
        }
    }
    finish(r, base, NULL, base->policy);
}

void
run_chain(const struct ruleset_chain *base, const struct run_hook *hook,
          struct skb *skb, struct run_result *result)
{
    struct run r = { .hook = hook, .skb = skb, .result = result };

    result->end = RUN_ACCEPT;
    result->why = result->expr = NULL;
    result->answers = false;
    add_step(&r, RUN_STEP_ENTER, base, NULL, NULL, 0);
    if (!prepare(&r, base)) {
        finish(&r, base, NULL, NF_DROP);
        return;
    }
    if (base->table->family == NFPROTO_INET && hook->family == NFPROTO_NETDEV
        && !r.transport.known) {
        finish(&r, base, NULL, NF_ACCEPT);
        return;
    }
    walk(&r, base);
}

void
run_result_done(struct run_result *result)
{
    free(result->steps);
    free(result->added);
    free(result->copies);
    memset(result, 0, sizeof *result);
}
