/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Reads conntrack, has plan/ends.h judge each entry and writes what differs.
 * Called, through struct dataplane, by the reconciler when the rules in the
 * kernel are as wanted. The socket is opened when it is first needed. */

#include <cordon-config.h>
#include "dataplane/linux/cut.h"

#include <errno.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <string.h>

#include "dataplane/dataplane.h"
#include "dataplane/linux/conntrack.h"
#include "dataplane/linux/leavers.h"
#include "lib/nlsock.h"
#include "openvswitch/vlog.h"
#include "plan/ends.h"
#include "plan/plan.h"
#include "plan/rule.h"
#include "policy/policy.h"
#include "timeval.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(cut);

/* Between two times that what is blocked gets older. */
#define AGE_MS 29000

static struct nlsock *cut_sock; /* NULL: not open. */
static long long int cut_aged;  /* When it last did. */

static int
cut_open(void)
{
    return cut_sock ? 0 : nlsock_open(NETLINK_NETFILTER, &cut_sock);
}

void
cut_close(void)
{
    nlsock_close(cut_sock);
    cut_sock = NULL;
}

uint64_t
cut_writes(void)
{
    return cut_sock ? nlsock_writes(cut_sock) : 0;
}

uint64_t
cut_reads(void)
{
    return cut_sock ? nlsock_reads(cut_sock) : 0;
}

static int
read_entries(struct conntrack_entries *es)
{
    int error = cut_open();

    *es = (struct conntrack_entries){ .v = NULL };
    return error ? error : conntrack_read(cut_sock, es);
}

/* What has gone need not be marked. */
static void
mark_failed(uint32_t tag OVS_UNUSED, int error, const char *message,
            void *result_)
{
    int *result = result_;

    if (error != -ENOENT && !*result) {
        *result = error;
        VLOG_WARN("a connection cannot be marked: %s", message);
    }
}

/* True if the entry, which has been blocked for a while, may go: if nothing
 * but what the rules allow makes another. TCP's packets from the middle of a
 * connection do not; of other protocols, what the end sends that did not open
 * it is a connection of its own. */
static bool
may_go(const struct ends *ends, const struct conntrack_entry *e)
{
    const struct rule_flow *f = &e->flow;
    const struct rule_flow back = { .protocol = f->protocol,
                                    .src = f->dst,
                                    .dst = f->src,
                                    .sport = f->dport,
                                    .dport = f->sport };

    switch (f->protocol) {
    case IPPROTO_TCP:
        return true;

    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6:
        return false;
    }
    return ends_judge(ends, e->zone, &back, POLICY_EGRESS) != ENDS_BLOCKED
           && ends_judge(ends, e->zone, &back, POLICY_INGRESS) != ENDS_BLOCKED;
}

/* What is to become of the mark of 'e'. An end that has not agreed and does
 * not now has nothing that could be cut: its rules are asked about each
 * frame. */
static uint32_t
judge(const struct ends *ends, const struct conntrack_entry *e)
{
    enum ends_verdict src = ends_judge(ends, e->zone, &e->flow, POLICY_EGRESS);
    enum ends_verdict dst =
        ends_judge(ends, e->zone, &e->flow, POLICY_INGRESS);
    uint32_t mark = e->mark;

    if (src == ENDS_FOREIGN && dst == ENDS_FOREIGN) {
        return mark;
    }
    if ((src == ENDS_BLOCKED && mark & (CT_MARK_SRC | CT_MARK_BLOCKED))
        || (dst == ENDS_BLOCKED && mark & (CT_MARK_DST | CT_MARK_BLOCKED))) {
        mark |= CT_MARK_BLOCKED;
    } else {
        mark &= ~(CT_MARK_BLOCKED | CT_MARK_OLD);
    }
    mark |= src != ENDS_BLOCKED ? CT_MARK_SRC : 0;
    mark |= dst != ENDS_BLOCKED ? CT_MARK_DST : 0;
    return mark;
}

/* What a run has done. */
struct tally {
    size_t cut, revived, deleted;
};

static void
judge_entry(const struct ends *ends, const struct conntrack_entry *e,
            bool aging, uint32_t tag, struct tally *tally)
{
    uint32_t mark = judge(ends, e);
    uint32_t differs;

    if (aging && mark & CT_MARK_BLOCKED) {
        if (mark & CT_MARK_OLD && may_go(ends, e)) {
            nlsock_queue(cut_sock, conntrack_delete(e), tag);
            tally->deleted++;
            return;
        }
        mark |= e->mark & CT_MARK_BLOCKED ? CT_MARK_OLD : 0;
    }
    differs = mark ^ e->mark;
    if (differs) {
        nlsock_queue(cut_sock, conntrack_mark(e, mark, CT_MARK_BITS), tag);
    }
    if (differs & CT_MARK_BLOCKED) {
        tally->cut += (mark & CT_MARK_BLOCKED) != 0;
        tally->revived += !(mark & CT_MARK_BLOCKED);
    }
}

int
cut_judge(const struct plan *plan)
{
    bool aging = time_msec() >= cut_aged + AGE_MS;
    struct conntrack_entries es;
    struct tally tally = { .cut = 0 };
    struct leavers *leavers;
    struct ends *ends;
    int error;

    if (!ends_wanted(plan) && !leavers_any()) {
        return 0;
    }
    error = read_entries(&es);
    if (error) {
        conntrack_done(&es);
        return error;
    }
    ends = es.n ? ends_new(plan) : NULL; /* Much work for nothing. */
    leavers = leavers_new(plan);
    nlsock_set_failed(cut_sock, mark_failed, &error);
    for (size_t i = 0; i < es.n; i++) {
        const struct conntrack_entry *e = &es.v[i];

        if (leavers_had(leavers, e->zone, &e->flow)) {
            nlsock_queue(cut_sock, conntrack_delete(e), i);
            tally.deleted++;
        } else {
            judge_entry(ends, e, aging, i, &tally);
        }
    }
    nlsock_set_failed(cut_sock, NULL, NULL); /* Sends what is queued. */
    if (tally.cut || tally.revived || tally.deleted) {
        VLOG_INFO("of %" PRIuSIZE " connections, %" PRIuSIZE
                  " are cut, %" PRIuSIZE " are allowed again, %" PRIuSIZE
                  " are forgotten",
                  es.n, tally.cut, tally.revived, tally.deleted);
    }
    if (!error) {
        leavers_forget(plan);
        cut_aged = aging ? time_msec() : cut_aged;
    }
    leavers_free(leavers);
    ends_free(ends);
    conntrack_done(&es);
    return error;
}

void
cut_found(const struct objects *have)
{
    if (!leavers_any()) {
        leavers_found(have);
    }
}

int
cut_count(const struct plan *plan, const struct plan_port *port,
          struct connection_count *ret_count)
{
    struct connection_count count = { .n = 0 };
    struct conntrack_entries es;
    int error = read_entries(&es);

    if (!error) {
        struct ends *ends = ends_new(plan);

        for (size_t i = 0; i < es.n; i++) {
            const struct conntrack_entry *e = &es.v[i];

            if (port->segment && e->zone == port->segment->id
                && ends_at(ends, e->zone, &e->flow, port)) {
                count.n++;
                count.n_blocked += (e->mark & CT_MARK_BLOCKED) != 0;
            }
        }
        ends_free(ends);
        *ret_count = count;
    }
    conntrack_done(&es);
    return error;
}
