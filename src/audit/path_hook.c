/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What netfilter calls at a hook, in its order: base chains of nftables, the
 * kernel module's guard, connection tracking. The order is what the kernel
 * said of its hooks (NFNL_SUBSYS_HOOK) if a snapshot has that. */

#include <cordon-config.h>
#include "audit/path_private.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "audit/module.h"
#include "audit/run.h"
#include "lib/arena.h"
#include "lib/reason.h"
#include "util.h"

#define PRIORITY_CONNTRACK (-200) /* NF_IP_PRI_CONNTRACK. */
#define IP_LEN 20
#define IP6_LEN 40

static const struct host_link *
master_bridge(const struct walk *w, const struct host_link *link)
{
    return link && link->port ? host_link(w->host, link->port->bridge) : NULL;
}

/* Goes on with where a rule sent a frame to. */
static void
follow_sent(struct walk *w, uint32_t ifindex, const struct skb *skb,
            const char *where, const struct host_link *from)
{
    const struct host_link *to = host_link(w->host, ifindex);
    struct skb copy = path_copy(w, skb);

    if (to) {
        path_transmit(w, to, &copy);
    } else {
        path_add(w, PATH_HOOK, PATH_DROP, where, from, skb,
                 "is sent to a device that is not there");
    }
}

/* One base chain. False if the frame ends here. */
static bool
ask_chain(struct walk *w, const struct ruleset_chain *chain,
          const struct run_hook *hook, struct run_result *result,
          struct skb *skb)
{
    static const enum path_verdict verdicts[] = {
        [RUN_ACCEPT] = PATH_PASS,
        [RUN_DROP] = PATH_DROP,
        [RUN_SENT] = PATH_DIVERT,
        [RUN_UNKNOWN] = PATH_UNKNOWN,
    };
    const struct host_link *link = hook->in ? hook->in : hook->out;
    const char *where = ruleset_hook_name(hook->family, hook->hook);
    size_t first = result->n_steps, copies = result->n_copies;
    struct path_hop *hop;
    struct run_step *steps;

    run_chain(chain, hook, skb, result);
    w->path->assumed |= result->assumed;
    if (result->end == RUN_UNKNOWN && !w->path->unknown) {
        w->path->unknown = true;
        w->path->why = result->why;
    }
    hop = path_add(w, PATH_NFT, verdicts[result->end], where, link, skb,
                   result->end == RUN_UNKNOWN ? result->why : NULL);
    hop->chain = result->chain;
    hop->rule = result->rule;
    hop->n_steps = result->n_steps - first;
    steps = ARENA_ARRAY(w->path->arena, struct run_step, hop->n_steps + 1);
    memcpy(steps, result->steps + first, hop->n_steps * sizeof *steps);
    hop->steps = steps;
    for (; copies < result->n_copies; copies++) {
        follow_sent(w, result->copies[copies], skb, where, link);
    }
    if (result->end == RUN_SENT) {
        follow_sent(w, result->device, skb, where, link);
    }
    return result->end == RUN_ACCEPT;
}

/* The kernel module's guard. False if the frame ends here. */
static bool
ask_module(struct walk *w, const struct host_link *link, bool egress,
           struct skb *skb)
{
    const char *where = egress ? "module egress" : "module ingress";
    struct module_assumed assumed;
    unsigned int reason;

    if (!module_hooks(w->host, link)) {
        path_give_up(w, PATH_MODULE, where, link, skb,
                     "the kernel module judges by a table that could not be "
                     "read");
        return false;
    }
    reason = module_judge(w->host, link, egress, &w->options->assume, skb,
                          &assumed);
    w->path->assumed |= (assumed.limit ? RUN_ASSUMED_LIMIT : 0)
                        | (assumed.fragment ? RUN_ASSUMED_FRAGMENT : 0);
    path_add(w, PATH_MODULE, reason ? PATH_DROP : PATH_PASS, where, link, skb,
             reason ? reason_name(reason) : NULL);
    return !reason;
}

/* Is the packet one that connection tracking of bridges looks at, and of what
 * length (nf_ct_br_ip_check(), nf_ct_br_ipv6_check())? */
static bool
is_trackable(const struct skb *skb, size_t *ret_n)
{
    const uint8_t *ip = skb->data + skb->network;
    size_t n = skb->n - skb->network, len;

    if (skb->protocol == ETH_P_IP && n >= IP_LEN) {
        len = ip[2] << 8 | ip[3];
        *ret_n = skb->network + MIN(len, n);
        return (ip[0] & 15) >= 5 && ip[0] >> 4 == 4 && len <= n
               && len >= (ip[0] & 15) * 4u;
    } else if (skb->protocol == ETH_P_IPV6 && n >= IP6_LEN) {
        len = IP6_LEN + (ip[4] << 8 | ip[5]);
        *ret_n = skb->network + MIN(len, n);
        return ip[0] >> 4 == 6 && len <= n;
    }
    return false;
}

static bool
is_fragment(const struct skb *skb)
{
    const uint8_t *ip = skb->data + skb->network;
    uint16_t offset;
    size_t at;

    if (skb->protocol == ETH_P_IP) {
        return ((ip[6] << 8 | ip[7]) & 0x3fff) != 0;
    }
    return skb_find_ip6(skb, IPPROTO_FRAGMENT, false, &at, &offset) >= 0;
}

/* Connection tracking ahead of the bridge (nf_ct_bridge_pre()). */
static bool
track(struct walk *w, const struct host_link *link, struct skb *skb)
{
    size_t n = skb->n;

    if (skb->ct != SKB_CT_NONE) {
        return true;
    }
    if (skb->protocol != ETH_P_IP && skb->protocol != ETH_P_IPV6) {
        skb->ct = SKB_CT_UNTRACKED;
        return true;
    }
    if (!is_trackable(skb, &n)) {
        return true;
    }
    skb->n = n;
    skb->linear = MIN(skb->linear, n);
    if (is_fragment(skb)) {
        path_give_up(w, PATH_HOOK, "conntrack", link, skb,
                     "waits for the other fragments");
        return false;
    }
    skb->ct = SKB_CT_TRACKED;
    return true;
}

/* Does br_netfilter show frames of this bridge to IP's hooks? */
static bool
shows_to_ip(const struct walk *w, const struct run_hook *hook)
{
    static const char *const sysctls[] = {
        "net/bridge/bridge-nf-call-iptables",
        "net/bridge/bridge-nf-call-ip6tables",
        "net/bridge/bridge-nf-call-arptables",
    };
    const struct host_link *br =
        hook->in_bridge ? hook->in_bridge : hook->out_bridge;

    for (size_t i = 0; i < ARRAY_SIZE(sysctls); i++) {
        if (host_sysctl_int(w->host, sysctls[i], 1)) {
            return true;
        }
    }
    return !br || !br->bridge || br->bridge->nf_call_iptables
           || br->bridge->nf_call_ip6tables || br->bridge->nf_call_arptables;
}

/* A function that is no chain. False if the frame ends here. */
static bool
ask_function(struct walk *w, const struct host_hook *h,
             const struct run_hook *hook, struct skb *skb)
{
    const struct host_link *link = hook->in ? hook->in : hook->out;

    if (!strcmp(h->module, "cordon")) {
        return ask_module(w, link, hook->hook == NF_NETDEV_EGRESS, skb);
    }
    if (!strcmp(h->module, "nf_conntrack_bridge")
        || !strncmp(h->function, "nf_ct_bridge_", 13)) {
        return hook->hook != NF_BR_PRE_ROUTING || track(w, link, skb);
    }
    if (!strcmp(h->module, "br_netfilter") && !shows_to_ip(w, hook)) {
        return true;
    }
    path_give_up(w, PATH_HOOK, ruleset_hook_name(hook->family, hook->hook),
                 link, skb,
                 arena_printf(w->path->arena, "%s of %s decides",
                              *h->function ? h->function : "a function",
                              *h->module ? h->module : "the kernel"));
    return false;
}

static const struct ruleset_chain *
find_chain(const struct walk *w, const struct host_hook *h)
{
    const struct ruleset_table *t =
        ruleset_table(w->ruleset, h->chain_family, h->chain_table);

    return t ? ruleset_chain(t, w->ruleset, h->chain_name) : NULL;
}

/* Do rules of bridges ask about connections, so that the kernel tracks? */
static bool
bridges_track(const struct ruleset *rs)
{
    for (size_t i = 0; i < rs->n_chains; i++) {
        const struct ruleset_chain *c = &rs->chains[i];

        if (c->table->family != NFPROTO_BRIDGE) {
            continue;
        }
        for (size_t j = 0; j < c->n_rules; j++) {
            for (size_t k = 0; k < c->rules[j].n_exprs; k++) {
                enum expr_kind kind = c->rules[j].exprs[k].kind;

                if (kind == EXPR_CT || kind == EXPR_CT_SET
                    || kind == EXPR_CONNLIMIT) {
                    return true;
                }
            }
        }
    }
    return false;
}

/* By the chains' priorities: the snapshot does not say what is hooked. */
static bool
ask_by_priority(struct walk *w, const struct run_hook *hook,
                const char *device, struct run_result *result, struct skb *skb)
{
    bool track_here = hook->family == NFPROTO_BRIDGE
                      && hook->hook == NF_BR_PRE_ROUTING
                      && bridges_track(w->ruleset);
    const struct host_link *link = hook->in ? hook->in : hook->out;
    const struct ruleset_chain **chains;
    bool pass = true;
    size_t n;

    if (hook->family == NFPROTO_NETDEV && module_hooks(w->host, link)
        && !ask_module(w, link, hook->hook == NF_NETDEV_EGRESS, skb)) {
        return false;
    }
    chains = ruleset_hook(w->ruleset, hook->family, hook->hook, device, &n);
    for (size_t i = 0; pass && i < n; i++) {
        if (track_here && chains[i]->priority > PRIORITY_CONNTRACK) {
            pass = track(w, link, skb);
            track_here = false;
        }
        pass = pass && ask_chain(w, chains[i], hook, result, skb);
    }
    free(chains);
    return pass && (!track_here || track(w, link, skb));
}

/* As the kernel said. */
static bool
ask_in_order(struct walk *w, const struct run_hook *hook, const char *device,
             struct run_result *result, struct skb *skb)
{
    for (size_t i = 0; i < w->host->n_hooks; i++) {
        const struct host_hook *h = &w->host->hooks[i];
        const struct ruleset_chain *chain;

        if (h->family != hook->family || h->hooknum != hook->hook
            || (device && (!h->device || strcmp(h->device, device)))) {
            continue;
        }
        if (!h->chain) {
            if (!ask_function(w, h, hook, skb)) {
                return false;
            }
            continue;
        }
        chain = find_chain(w, h);
        if (!chain) {
            path_give_up(w, PATH_HOOK,
                         ruleset_hook_name(hook->family, hook->hook),
                         hook->in ? hook->in : hook->out, skb,
                         "a chain that could not be read");
            return false;
        }
        if (!ask_chain(w, chain, hook, result, skb)) {
            return false;
        }
    }
    return true;
}

/* Did the snapshot ask the kernel about this very hook? It did if what it says
 * has all the chains that there are. */
static bool
knows_order(const struct walk *w, uint8_t family, uint32_t hook,
            const char *device)
{
    size_t n, found = 0;

    free(ruleset_hook(w->ruleset, family, hook, device, &n));
    for (size_t i = 0; i < w->host->n_hooks; i++) {
        const struct host_hook *h = &w->host->hooks[i];

        found += h->chain && h->family == family && h->hooknum == hook
                 && (!device || (h->device && !strcmp(h->device, device)));
    }
    return w->host->n_hooks && found == n;
}

bool
path_hooks(struct walk *w, uint8_t family, uint32_t hooknum,
           const struct host_link *in, const struct host_link *out,
           struct skb *skb)
{
    const struct run_hook hook = {
        .family = family,
        .hook = hooknum,
        .in = in,
        .out = out,
        .in_bridge = master_bridge(w, in),
        .out_bridge = master_bridge(w, out),
        .assume = &w->options->assume,
    };
    const struct host_link *link = in ? in : out;
    const char *device = family == NFPROTO_NETDEV ? link->name : NULL;
    struct run_result result = { .end = RUN_ACCEPT };
    bool pass;

    if (knows_order(w, family, hooknum, device)) {
        pass = ask_in_order(w, &hook, device, &result, skb);
    } else {
        pass = ask_by_priority(w, &hook, device, &result, skb);
    }
    run_result_done(&result);
    return pass;
}
