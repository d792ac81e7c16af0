/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a frame is told by on its way from port to port: its mark and its
 * source, that bridges, VLANs and veth pairs leave as they are. Ports of
 * different networks differ in the mark; those of one network that several
 * tenants share, in the sources that they send from and hear. Sets of labels
 * are over the variables of the mark and of the source MAC. */

#include <cordon-config.h>
#include "audit/audit_private.h"

#include "audit/header_vars.h"
#include "audit/host.h"
#include "audit/ruleset.h"
#include "util.h"

#define SOURCE_BITS 48

/* The first variable of the source; the others are behind it. */
static int
first_of_source(void)
{
    const struct bits_byte *src = header_vars()->src;
    int first = header_var_of(src[0].bit[0]);

    ovs_assert(header_var_of(src[5].bit[7]) == first + SOURCE_BITS - 1);
    return first;
}

bool
audit_is_label(int var)
{
    int first = first_of_source();

    return (var >= 0 && var < HEADER_MARK_BITS)
           || (var >= first && var < first + SOURCE_BITS);
}

bits
audit_labels_from(const struct spec *spec)
{
    const struct header_vars *v = header_vars();
    bits x = spec->n_macs ? BITS_NONE : BITS_ALL;

    for (size_t i = 0; i < spec->n_macs; i++) {
        x = bits_or(x, bits_equal(v->src, spec->macs[i].ea, 6));
    }
    return x;
}

/* Rules of nftables that write into frames, or might. */
static bool
rules_write(const struct ruleset *rs)
{
    for (size_t i = 0; i < rs->n_chains; i++) {
        const struct ruleset_chain *chain = &rs->chains[i];

        for (size_t j = 0; j < chain->n_rules; j++) {
            const struct ruleset_rule *rule = &chain->rules[j];

            for (size_t k = 0; k < rule->n_exprs; k++) {
                if (rule->exprs[k].kind == EXPR_PAYLOAD_SET) {
                    return true;
                }
            }
            if (rule->unknown) {
                return true;
            }
        }
        if (chain->unknown) {
            return true;
        }
    }
    return rs->incomplete;
}

/* Whether rules of IP get to see bridged frames, and may change where they go
 * and what they claim to be from. */
static bool
ip_is_asked(const struct host *host)
{
    static const char *const calls[] = {
        "net/bridge/bridge-nf-call-iptables",
        "net/bridge/bridge-nf-call-ip6tables",
        "net/bridge/bridge-nf-call-arptables",
    };

    if (!host_has_module(host, "br_netfilter")) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
        if (host_sysctl_int(host, calls[i], 1)) {
            return true;
        }
    }
    for (size_t i = 0; i < host->n_links; i++) {
        const struct host_bridge *b = host->links[i].bridge;

        if (b
            && (b->nf_call_iptables || b->nf_call_ip6tables
                || b->nf_call_arptables)) {
            return true;
        }
    }
    return false;
}

/* The same of tc, of other filters, and of devices that make frames anew. */
static bool
host_writes(const struct host *host)
{
    for (size_t i = 0; i < host->n_filters; i++) {
        const struct host_filter *f = &host->filters[i];

        if (f->head) {
            continue;
        }
        if (!f->understood || f->kind == HOST_FILTER_BPF
            || f->kind == HOST_FILTER_OTHER) {
            return true;
        }
        for (size_t j = 0; j < f->n_actions; j++) {
            if (f->actions[j].kind == HOST_ACTION_OTHER) {
                return true;
            }
        }
    }
    for (size_t i = 0; i < host->n_links; i++) {
        const struct host_link *link = &host->links[i];

        if (link->up && (link->xdp || link->type == HOST_LINK_IPVLAN)) {
            return true;
        }
    }
    for (size_t i = 0; i < host->n_hooks; i++) {
        if (audit_filters_bridged(&host->hooks[i])) {
            return true;
        }
    }
    return host_has_module(host, "ebtable_nat") || ip_is_asked(host);
}

void
audit_labels(struct audit *a)
{
    int first = first_of_source();
    bits vars = bits_keep(bits_vars(first, first + SOURCE_BITS - 1));

    a->sources = vars;
    a->all_but_label = bits_keep(bits_exists(header_all_but_mark(), vars));
    a->written = rules_write(a->ruleset) || host_writes(a->host);
    if (a->written) {
        a->rewritten = bits_keep(bits_and(a->rewritten, vars));
    }
}
