/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Chains over sets of frames, as nft_do_chain() runs them over one
 * (net/netfilter/nf_tables_core.c): each rule takes those that match out of
 * the stream to its verdict, the others go on. */

#include <cordon-config.h>
#include "audit/reach_private.h"

#include <netinet/in.h>

#include <arpa/inet.h>
#include <inttypes.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "audit/host.h"
#include "audit/question.h"
#include "util.h"

#define MAX_DEPTH 32 /* Twice the kernel's NFT_JUMP_STACK_SIZE. */

void
reach_note(struct reach *r, enum reach_note_kind kind, bits frames,
           uint32_t target, char *text)
{
    struct reach_note *note;

    if (frames == BITS_NONE) {
        free(text);
        return;
    }
    if (r->n_notes == r->allocated_notes) {
        r->notes = x2nrealloc(r->notes, &r->allocated_notes, sizeof *r->notes);
    }
    note = &r->notes[r->n_notes++];
    note->kind = kind;
    note->frames = frames;
    note->target = target;
    note->text = text;
}

static bool
answer(const struct question *q OVS_UNUSED, const struct question_port *port,
       const struct bits_byte *key, bits *ret_frames,
       struct question_data *ret_data OVS_UNUSED)
{
    *ret_frames = bits_equal(key, port->link->mac.ea, 6);
    return true;
}

/* Frames to the device's own MAC. */
static bits
to_own(const struct header *h, const struct host_link *link)
{
    struct question q = { .answer = answer, .n = 6 };

    if (!question_is_of(link)) {
        return bits_equal(h->dst, link->mac.ea, 6);
    }
    memcpy(q.key, h->dst, sizeof h->dst);
    return question_ask(&q, NULL);
}

/* What eth_type_trans() and a forwarding bridge make of the destination. */
static void
init_pkttype(struct reach *r)
{
    static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
    const struct header *h = &r->header;
    bits group = h->dst[0].bit[7], broadcast = bits_equal(h->dst, all, 6);
    bits own;

    memset(&r->pkttype, 0, sizeof r->pkttype);
    if (!r->input) {
        for (size_t i = 5; i < 8; i++) {
            char why[32];

            snprintf(why, sizeof why, "packet class, bit %zu", i);
            r->pkttype.bit[i] = header_oracle(why);
        }
        return;
    }
    /* HOST 0, BROADCAST 1, MULTICAST 2, OTHERHOST 3. */
    own = to_own(h, r->input);
    r->pkttype.bit[7] = bits_or(broadcast, bits_not(bits_or(group, own)));
    r->pkttype.bit[6] =
        bits_or(bits_diff(group, broadcast), bits_not(bits_or(group, own)));
}

/* Guests' devices hand over new frames, without a mark. */
static bool
is_unmarked(const struct host_link *link)
{
    return link->type == HOST_LINK_PHYSICAL || link->type == HOST_LINK_TUN
           || (link->type == HOST_LINK_VETH && link->elsewhere);
}

void
reach_init(struct reach *r, const struct host *host,
           const struct ruleset *ruleset, const struct host_link *link,
           enum header_shape shape, bool tagged,
           enum header_direction direction)
{
    memset(r, 0, sizeof *r);
    r->host = host;
    r->ruleset = ruleset;
    if (direction == HEADER_INGRESS) {
        r->input = link;
    } else {
        r->output = link;
    }
    header_make(&r->header, shape, tagged, direction);
    r->frames = r->header.domain;
    if (direction == HEADER_EGRESS || !is_unmarked(link)) {
        header_mark(r->mark);
    }
    init_pkttype(r);
}

void
reach_done(struct reach *r)
{
    for (size_t i = 0; i < r->n_notes; i++) {
        free(r->notes[i].text);
    }
    free(r->notes);
}

char *
reach_where(const struct ruleset_chain *chain, const struct ruleset_rule *rule)
{
    char *where =
        xasprintf("%s %s %s", ruleset_family_name(chain->table->family),
                  chain->table->name, chain->name);

    if (rule) {
        char *all = xasprintf("%s, rule %" PRIu64, where, rule->handle);

        free(where);
        return all;
    }
    return where;
}

static bits run_chain(struct reach *, const struct ruleset_chain *,
                      bits frames, bits *accepted);

/* Does with 'frames' what the verdict says. Returns those that go on with the
 * next rule; adds to '*accepted', and to '*returned' what goes back to where
 * the chain was called. */
static bits
follow(struct reach *r, const struct ruleset_rule *rule,
       const struct ruleset_verdict *v, bits frames, bits *accepted,
       bits *returned)
{
    bits back;

    if (frames == BITS_NONE) {
        return BITS_NONE;
    }
    switch (v->code) {
    case NFT_CONTINUE:
    case NFT_BREAK:
        return frames;

    case NFT_RETURN:
        *returned = bits_or(*returned, frames);
        return BITS_NONE;

    case NFT_JUMP:
    case NFT_GOTO:
        if (!v->chain) {
            char *where = reach_where(rule->chain, rule);

            reach_note(
                r, REACH_UNKNOWN, frames, 0,
                xasprintf("%s jumps to a chain that is not there", where));
            free(where);
            *accepted = bits_or(*accepted, frames);
            return BITS_NONE;
        }
        back = run_chain(r, v->chain, frames, accepted);
        if (v->code == NFT_JUMP) {
            return back;
        }
        *returned = bits_or(*returned, back);
        return BITS_NONE;

    default:
        break;
    }
    switch (v->code & NF_VERDICT_MASK) {
    case NF_ACCEPT:
        reach_note(r, REACH_DECIDES, frames, 0,
                   reach_where(rule->chain, rule));
        *accepted = bits_or(*accepted, frames);
        return BITS_NONE;

    case NF_DROP:
        return BITS_NONE;

    default: { /* NF_QUEUE: a program may do what it likes. */
        char *where = reach_where(rule->chain, rule);

        reach_note(r, REACH_UNKNOWN, frames, 0,
                   xasprintf("%s hands frames to a program (queue)", where));
        free(where);
        *accepted = bits_or(*accepted, frames);
        return BITS_NONE;
    }
    }
}

/* Frames that come out of the rule; see follow(). */
static bits
run_rule(struct reach *r, const struct ruleset_rule *rule, bits frames,
         bits *accepted, bits *returned)
{
    struct reach_rule w;
    bits next, matched;

    memset(&w, 0, offsetof(struct reach_rule, reg));
    memset(w.loaded, 0, sizeof w.loaded);
    w.reach = r;
    w.rule = rule;
    w.frames = frames;
    w.has_verdict = false;
    w.cases = NULL;
    w.n_cases = w.allocated_cases = 0;
    for (w.at = 0; w.at < rule->n_exprs && w.frames != BITS_NONE; w.at++) {
        r->n_steps++;
        reach_expr(&w, &rule->exprs[w.at]);
        if (w.has_verdict || w.n_cases) {
            break;
        }
    }
    if (w.frames == BITS_NONE) {
        free(w.cases);
        return frames;
    }
    matched = w.frames;
    next = bits_diff(frames, matched);
    if (w.has_verdict) {
        bits on = follow(r, rule, &w.verdict, matched, accepted, returned);

        next = bits_or(next, on);
    } else if (w.n_cases) {
        bits none = matched;

        for (size_t i = 0; i < w.n_cases; i++) {
            bits one = bits_and(none, w.cases[i].frames);

            none = bits_diff(none, one);
            next = bits_or(next, follow(r, rule, &w.cases[i].verdict, one,
                                        accepted, returned));
        }
        next = bits_or(next, none);
    } else {
        next = frames;
    }
    free(w.cases);
    return next;
}

/* Returns what comes back from the chain's end. */
static bits
run_chain(struct reach *r, const struct ruleset_chain *chain, bits frames,
          bits *accepted)
{
    bits returned = BITS_NONE;

    if (chain->unknown || ++r->depth > MAX_DEPTH) {
        char *where = reach_where(chain, NULL);

        reach_note(r, REACH_UNKNOWN, frames, 0,
                   xasprintf("%s could not be read whole", where));
        free(where);
        *accepted = bits_or(*accepted, frames);
        return frames;
    }
    for (size_t i = 0; i < chain->n_rules && frames != BITS_NONE; i++) {
        frames = run_rule(r, &chain->rules[i], frames, accepted, &returned);
    }
    r->depth--;
    return bits_or(frames, returned);
}

static void
run_base_chain(struct reach *r, const struct ruleset_chain *chain)
{
    bits accepted = BITS_NONE;
    bits back = run_chain(r, chain, r->frames, &accepted);

    if (chain->policy != NF_DROP) {
        reach_note(r, REACH_DECIDES, back, 0,
                   xasprintf("%s %s %s, policy accept",
                             ruleset_family_name(chain->table->family),
                             chain->table->name, chain->name));
        accepted = bits_or(accepted, back);
    }
    r->frames = accepted;
}

void
reach_chains(struct reach *r, uint8_t family, uint32_t hook,
             const char *device)
{
    const struct ruleset_chain **chains;
    size_t n;

    chains = ruleset_hook(r->ruleset, family, hook, device, &n);
    for (size_t i = 0; i < n && r->frames != BITS_NONE; i++) {
        run_base_chain(r, chains[i]);
    }
    free(chains);
    if (r->ruleset->incomplete) {
        reach_note(r, REACH_UNKNOWN, r->frames, 0,
                   xstrdup("nftables could not be read whole"));
    }
}

bits
reach_certain(bits x)
{
    size_t region = bits_region();

    return bits_release(region, header_certain(x));
}
