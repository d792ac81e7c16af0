/* SPDX-License-Identifier: GPL-3.0-or-later */

/* tc at a device's ingress or egress: the filters of clsact, its shared
 * block's if it has one, and their actions (tcf_classify(),
 * tcf_action_exec()). Filters of queueing disciplines are not asked: they
 * choose a class, unless an action of theirs does more, which makes the path
 * not known. */

#include <cordon-config.h>
#include "audit/path_private.h"

#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/tc_act/tc_mirred.h>
#include <linux/tc_act/tc_vlan.h>
#include <string.h>

#include "util.h"

#define CONTINUES (-1) /* To the next filter. */

static bool
match_u32(const struct host_filter *f, const struct skb *skb)
{
    for (size_t i = 0; i < f->n_keys; i++) {
        const struct host_u32_key *k = &f->keys[i];
        long long int at = (long long int) skb->network + k->offset;
        const uint8_t *p = skb->data + at;
        uint32_t x;

        if (at < 0 || (size_t) at + 4 > skb->n) {
            return false;
        }
        x = (uint32_t) p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
        if ((x & k->mask) != k->value) {
            return false;
        }
    }
    return true;
}

/* 1: matches; 0: does not; -1: not known. */
static int
match(const struct host_filter *f, const struct skb *skb)
{
    uint16_t protocol = skb->tagged ? skb->tag_protocol : skb->protocol;

    if (f->head || f->skip_sw
        || (f->protocol != ETH_P_ALL && f->protocol != protocol)) {
        return 0;
    } else if (!f->understood) {
        return -1;
    }
    switch (f->kind) {
    case HOST_FILTER_MATCHALL:
        return 1;
    case HOST_FILTER_FW:
        return f->fw_classid ? -1 : (skb->mark & f->mark_mask) == f->mark;
    case HOST_FILTER_U32:
        for (size_t i = 0; i < f->n_keys; i++) {
            if (f->keys[i].offset_mask) {
                return -1;
            }
        }
        return f->u32_link ? -1 : match_u32(f, skb);
    case HOST_FILTER_FLOWER:
    case HOST_FILTER_BPF:
    case HOST_FILTER_OTHER:
        break;
    }
    return -1;
}

static void
change_vlan(const struct host_action *a, struct skb *skb)
{
    if (a->vlan == TCA_VLAN_ACT_POP) {
        skb->tagged = false;
        if (skb->protocol == ETH_P_8021Q || skb->protocol == ETH_P_8021AD) {
            skb_untag(skb);
        }
    } else if (a->vlan == TCA_VLAN_ACT_PUSH) {
        skb_put_tag(skb);
        skb->tagged = true;
        skb->tag_protocol = a->vlan_protocol;
        skb->tci = a->vlan_id;
    } else {
        skb->tci = (skb->tci & 0xf000) | a->vlan_id;
    }
}

/* What "mirred" sends, goes its own way. */
static void
mirror(struct walk *w, const struct host_action *a, const char *where,
       const struct host_link *link, const struct skb *skb)
{
    const struct host_link *to = host_link(w->host, a->target);
    struct skb copy = path_copy(w, skb);

    if (a->target_block || !to) {
        path_give_up(w, PATH_TC, where, link, skb,
                     "sends it to a device that is not here");
    } else if (a->mirred == TCA_EGRESS_REDIR
               || a->mirred == TCA_EGRESS_MIRROR) {
        path_transmit(w, to, &copy);
    } else {
        path_receive(w, to, &copy);
    }
}

/* Runs actions. Returns a verdict, TC_ACT_*, with CONTINUES for
 * TC_ACT_UNSPEC; sets '*ret_unknown' if it is not known. */
static int
act(struct walk *w, const struct host_filter *f, const char *where,
    const struct host_link *link, struct skb *skb, bool *ret_unknown)
{
    int verdict = TC_ACT_OK;

    for (size_t i = 0; i < f->n_actions; i++) {
        const struct host_action *a = &f->actions[i];

        verdict = a->verdict;
        switch (a->kind) {
        case HOST_ACTION_GACT:
            if (a->random) {
                *ret_unknown = true;
            }
            break;
        case HOST_ACTION_MIRRED:
            if (a->mirred == TCA_EGRESS_REDIR
                || a->mirred == TCA_INGRESS_REDIR) {
                path_add(w, PATH_TC, PATH_DIVERT, where, link, skb,
                         "redirects")
                    ->filter = f;
                mirror(w, a, where, link, skb);
                return TC_ACT_STOLEN;
            }
            mirror(w, a, where, link, skb);
            break;
        case HOST_ACTION_POLICE:
            w->path->assumed |= RUN_ASSUMED_LIMIT;
            if (!w->options->assume.beyond_limits) {
                verdict = a->verdict_other;
            }
            break;
        case HOST_ACTION_VLAN:
            if (a->vlan < TCA_VLAN_ACT_POP || a->vlan > TCA_VLAN_ACT_MODIFY) {
                *ret_unknown = true;
            }
            change_vlan(a, skb);
            break;
        case HOST_ACTION_SKBEDIT:
            if (a->sets_mark) {
                skb->mark = (skb->mark & ~a->mark_mask) | a->mark;
            }
            if (a->sets_ptype) {
                skb->pkttype = a->ptype;
            }
            break;
        case HOST_ACTION_OTHER:
            *ret_unknown = true;
            break;
        }
        if (verdict & ~0xf && verdict != TC_ACT_UNSPEC) {
            *ret_unknown = true; /* Another chain, or a jump. */
        }
        if (*ret_unknown || verdict != TC_ACT_PIPE) {
            return verdict;
        }
    }
    return verdict;
}

bool
path_tc(struct walk *w, const struct host_link *link, bool egress,
        struct skb *skb)
{
    const char *where = egress ? "tc egress" : "tc ingress";
    const struct host_filter *filters;
    size_t n;

    filters =
        host_filters(w->host, link->ifindex,
                     egress ? HOST_FILTER_EGRESS : HOST_FILTER_INGRESS, &n);
    for (size_t i = 0; i < n; i++) {
        const struct host_filter *f = &filters[i];
        bool unknown = false;
        int verdict, matches;

        if (f->chain) {
            continue; /* Only where a filter of chain 0 sends frames. */
        }
        matches = match(f, skb);
        if (!matches) {
            continue;
        }
        verdict =
            matches < 0 ? TC_ACT_OK : act(w, f, where, link, skb, &unknown);
        if (matches < 0 || unknown) {
            path_give_up(w, PATH_TC, where, link, skb,
                         "a filter that is not understood");
            w->path->hops[w->path->n_hops - 1].filter = f;
            return false;
        }
        switch (verdict) {
        case CONTINUES:
            break;
        case TC_ACT_SHOT:
            path_add(w, PATH_TC, PATH_DROP, where, link, skb, NULL)->filter =
                f;
            return false;
        case TC_ACT_STOLEN:
        case TC_ACT_QUEUED:
        case TC_ACT_TRAP:
        case TC_ACT_REDIRECT:
            if (!f->n_actions || f->actions[0].kind != HOST_ACTION_MIRRED) {
                path_add(w, PATH_TC, PATH_DROP, where, link, skb, NULL)
                    ->filter = f;
            }
            return false;
        default:
            path_add(w, PATH_TC, PATH_PASS, where, link, skb, NULL)->filter =
                f;
            return true;
        }
    }
    return true;
}
