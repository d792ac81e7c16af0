/* SPDX-License-Identifier: GPL-3.0-or-later */

/* tc over sets of frames: filters of clsact, their order and their actions
 * (net/sched/cls_api.c, act_api.c). What is not fw, matchall or a filter by
 * protocol alone may match any frame. */

#include <cordon-config.h>
#include "audit/reach.h"

#include <netinet/in.h>

#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/tc_act/tc_mirred.h>
#include <stdlib.h>
#include <string.h>

#include "audit/host.h"
#include "audit/question.h"
#include "util.h"

/* A verdict that ends the classification, or goes on with the next filter. */
enum fate { FATE_PASS, FATE_DROP, FATE_NEXT, FATE_GONE, FATE_UNKNOWN };

static enum fate
fate_of(int verdict)
{
    switch (verdict) {
    case TC_ACT_OK:
    case TC_ACT_RECLASSIFY:
        return verdict == TC_ACT_OK ? FATE_PASS : FATE_UNKNOWN;
    case TC_ACT_SHOT:
        return FATE_DROP;
    case TC_ACT_STOLEN:
    case TC_ACT_QUEUED:
    case TC_ACT_TRAP:
        return FATE_GONE;
    case TC_ACT_UNSPEC:
        return FATE_NEXT;
    default:
        return FATE_UNKNOWN;
    }
}

static char *
name_of(const struct host_filter *f, const struct host_link *link,
        const char *what)
{
    return xasprintf("tc %s of %s, pref %u, %s",
                     f->hook == HOST_FILTER_EGRESS ? "egress" : "filter",
                     link->name, f->prio, what);
}

static bits
mark_is(const struct bits_byte mark[4], uint32_t value, uint32_t mask)
{
    bits x = BITS_ALL;

    for (int i = 31; i >= 0; i--) {
        bits bit = mark[i / 8].bit[i % 8];

        if (mask >> (31 - i) & 1) {
            x = value >> (31 - i) & 1 ? bits_and(x, bit) : bits_diff(x, bit);
        }
    }
    return x;
}

static bool
answer(const struct question *q, const struct question_port *port,
       const struct bits_byte *key, bits *ret_frames,
       struct question_data *ret_data OVS_UNUSED)
{
    enum host_filter_hook hook = q->kind & 1;
    size_t n, i = q->kind / 2;
    const struct host_filter *filters =
        host_filters(port->host, port->link->ifindex, hook, &n);

    if (i >= n || filters[i].kind != HOST_FILTER_FW) {
        return false;
    }
    *ret_frames = mark_is(key, filters[i].mark, filters[i].mark_mask);
    return true;
}

/* Of a device's filter number 'i', which is left open. */
static bits
ask(const struct reach *r, enum host_filter_hook hook, size_t i)
{
    struct question q = {
        .answer = answer,
        .kind = 2 * i | hook,
        .n = 4,
    };

    question_key(r->mark, 4, r->frames, q.key);
    return question_ask(&q, NULL);
}

static bits
matches(struct reach *r, const struct host_filter *f,
        enum host_filter_hook hook, size_t i, const struct host_link *link)
{
    bits x = BITS_ALL;
    char *s;

    if (f->protocol != ETH_P_ALL) {
        x = bits_u16(r->header.protocol, f->protocol);
        if (r->header.direction == HEADER_EGRESS) {
            s = name_of(f, link, "protocol");
            x = bits_and(x, header_oracle(s));
            free(s);
        }
    }
    if (f->understood && f->kind == HOST_FILTER_MATCHALL) {
        return x;
    }
    if (f->understood && f->kind == HOST_FILTER_FW && !f->fw_classid) {
        return bits_and(x, question_is_of(link)
                               ? ask(r, hook, i)
                               : mark_is(r->mark, f->mark, f->mark_mask));
    }
    s = xasprintf("%s %x of block %x, %s, %s", f->name, f->handle, f->block,
                  link->name, "may match");
    x = bits_and(x, header_oracle(s));
    free(s);
    return x;
}

static void
set_mark(struct reach *r, const struct host_action *a, bits frames)
{
    for (size_t i = 0; i < 32; i++) {
        bits *bit = &r->mark[i / 8].bit[i % 8];

        if (a->mark_mask >> (31 - i) & 1) {
            *bit = bits_if(
                frames, a->mark >> (31 - i) & 1 ? BITS_ALL : BITS_NONE, *bit);
        }
    }
}

static void
note(struct reach *r, enum reach_note_kind kind, bits frames, uint32_t target,
     const struct host_filter *f, const struct host_link *link,
     const char *what)
{
    reach_note(r, kind, frames, target, name_of(f, link, what));
}

/* Runs the actions of 'f' on 'frames'. Adds to '*passed', and returns those
 * that go on with the next filter. */
static bits
act(struct reach *r, const struct host_filter *f, const struct host_link *link,
    bits frames, bits *passed)
{
    bits next = BITS_NONE;

    if (!f->n_actions && !f->bpf_direct) {
        *passed = bits_or(*passed, frames); /* Classified: TC_ACT_OK. */
        return BITS_NONE;
    }
    if (f->kind == HOST_FILTER_BPF || !f->understood) {
        note(r, REACH_UNKNOWN, frames, 0, f, link, f->name);
    }
    for (size_t i = 0; i < f->n_actions && frames != BITS_NONE; i++) {
        const struct host_action *a = &f->actions[i];
        int verdict = a->verdict;

        switch (a->kind) {
        case HOST_ACTION_GACT:
        case HOST_ACTION_POLICE:
            if (a->random || a->kind == HOST_ACTION_POLICE) {
                char *s = name_of(f, link, "within limits");
                bits usual = bits_and(frames, header_usually(s));

                free(s);
                /* Within: 'verdict_other'; the rest goes the other way. */
                if (fate_of(a->verdict_other) == FATE_PASS
                    || a->verdict_other == TC_ACT_UNSPEC
                    || a->verdict_other == TC_ACT_PIPE) {
                    if (a->verdict_other == TC_ACT_PIPE) {
                        if (fate_of(verdict) != FATE_DROP) {
                            *passed =
                                bits_or(*passed, bits_diff(frames, usual));
                        }
                        frames = usual;
                        continue;
                    }
                    *passed = bits_or(*passed, usual);
                    frames = bits_diff(frames, usual);
                }
            }
            break;

        case HOST_ACTION_MIRRED:
            note(r,
                 a->mirred == TCA_INGRESS_REDIR
                         || a->mirred == TCA_INGRESS_MIRROR
                     ? REACH_RECEIVES
                     : REACH_SENDS,
                 frames, a->target_block ? 0 : a->target, f, link, "mirred");
            if (a->mirred == TCA_EGRESS_REDIR
                || a->mirred == TCA_INGRESS_REDIR) {
                frames = BITS_NONE;
                continue;
            }
            break;

        case HOST_ACTION_SKBEDIT:
            if (a->sets_mark) {
                set_mark(r, a, frames);
            }
            break;

        case HOST_ACTION_VLAN:
        case HOST_ACTION_OTHER:
            note(r, REACH_UNKNOWN, frames, 0, f, link,
                 a->name ? a->name : "an action");
            break;
        }
        if (verdict == TC_ACT_PIPE) {
            continue;
        }
        switch (fate_of(verdict)) {
        case FATE_PASS:
            *passed = bits_or(*passed, frames);
            break;
        case FATE_NEXT:
            next = bits_or(next, frames);
            break;
        case FATE_UNKNOWN:
            note(r, REACH_UNKNOWN, frames, 0, f, link, "a verdict");
            *passed = bits_or(*passed, frames);
            break;
        case FATE_DROP:
        case FATE_GONE:
            break;
        }
        frames = BITS_NONE;
    }
    /* All actions gave TC_ACT_PIPE: the classifier's own answer. */
    *passed = bits_or(*passed, frames);
    return next;
}

void
reach_tc(struct reach *r, const struct host_link *link,
         enum host_filter_hook hook)
{
    const struct host_filter *filters;
    bits passed = BITS_NONE;
    size_t n;

    filters = host_filters(r->host, link->ifindex, hook, &n);
    for (size_t i = 0; i < n && r->frames != BITS_NONE; i++) {
        const struct host_filter *f = &filters[i];
        bits matched, next;

        if (f->head || f->skip_sw) {
            continue;
        }
        if (f->chain) {
            continue; /* Reached by a verdict that is FATE_UNKNOWN. */
        }
        matched = bits_and(r->frames, matches(r, f, hook, i, link));
        next = bits_diff(r->frames, matched);
        r->frames = matched == BITS_NONE
                        ? next
                        : bits_or(next, act(r, f, link, matched, &passed));
    }
    r->frames = bits_or(r->frames, passed);
}
