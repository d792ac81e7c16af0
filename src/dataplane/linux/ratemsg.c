/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Messages of rates. Raw attributes, since libnl 3.7 knows no police action,
 * and of tbf no burst in bytes and no rate past 32 bits. See sch_tbf.c,
 * sch_fq_codel.c and act_police.c in net/sched of Linux. */

#include <cordon-config.h>
#include "dataplane/linux/ratemsg.h"

#include <errno.h>
/* libopenvswitch puts an older copy of this header in front otherwise. */
#define HAVE_TCA_ACT_FLAGS_SKIP_HW 1
#include <linux/gen_stats.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <string.h>

#include "lib/nlattr.h"
#include "lib/nlsock.h"
#include "util.h"

/* By which ours are known. */
#define SHAPER 0xc0d00000u
#define SHAPER_CLASS (SHAPER | 1)
#define INNER 0xc0d10000u

/* The inner queue is a plain one, but for that it is limited by frames and by
 * memory, and shared fairly: no frame is dropped for having waited. */
#define INNER_FLOWS 64
#define INNER_TARGET_USEC 600000000

#define HEADER_LEN 14 /* That a frame at ingress has lost. */

uint32_t
ratemsg_ticks(uint64_t rate, uint32_t burst)
{
    uint64_t nsec =
        rate ? DIV_ROUND_UP(burst * UINT64_C(1000000000), rate) : 0;

    return MIN(DIV_ROUND_UP(nsec, TC_TICK_NSEC), UINT32_MAX);
}

static struct nl_msg *
qdisc_msg(int type, int flags, uint32_t ifindex, uint32_t parent,
          uint32_t handle, const char *kind)
{
    struct tcmsg tcm = {
        .tcm_family = AF_UNSPEC,
        .tcm_ifindex = ifindex,
        .tcm_parent = parent,
        .tcm_handle = handle,
    };
    struct nl_msg *msg = nlsock_msg(type, flags, &tcm, sizeof tcm);

    if (kind) {
        put_string(msg, TCA_KIND, kind);
    }
    return msg;
}

/* With its link layer named, no table of rates is needed. */
static struct tc_ratespec
rate_spec(uint64_t rate)
{
    return (struct tc_ratespec){
        .linklayer = TC_LINKLAYER_ETHERNET,
        .rate = MIN(rate, UINT32_MAX),
    };
}

static uint64_t
spec_rate(const struct tc_ratespec *spec, const struct nlattr *rate64)
{
    return attr_u64(rate64, spec->rate);
}

static struct nl_msg *
shaper_msg(int flags, uint32_t ifindex, uint64_t rate, uint32_t burst)
{
    struct nl_msg *msg =
        qdisc_msg(RTM_NEWQDISC, flags, ifindex, TC_H_ROOT, SHAPER, "tbf");
    struct tc_tbf_qopt qopt = {
        .rate = rate_spec(rate),
        .buffer = ratemsg_ticks(rate, burst),
        .limit = TC_QUEUE_FRAMES, /* Not used: the inner queue has its own. */
    };
    struct nlattr *options = put_nest(msg, TCA_OPTIONS);

    put_attr(msg, TCA_TBF_PARMS, &qopt, sizeof qopt);
    put_u32(msg, TCA_TBF_BURST, burst);
    if (rate > UINT32_MAX) {
        put_u64(msg, TCA_TBF_RATE64, rate);
    }
    nla_nest_end(msg, options);
    return msg;
}

struct nl_msg *
ratemsg_new_shaper(uint32_t ifindex, uint64_t rate, uint32_t burst)
{
    return shaper_msg(NLM_F_CREATE | NLM_F_EXCL, ifindex, rate, burst);
}

struct nl_msg *
ratemsg_set_shaper(uint32_t ifindex, uint64_t rate, uint32_t burst)
{
    return shaper_msg(0, ifindex, rate, burst);
}

struct nl_msg *
ratemsg_del_shaper(uint32_t ifindex)
{
    return qdisc_msg(RTM_DELQDISC, 0, ifindex, TC_H_ROOT, SHAPER, NULL);
}

struct nl_msg *
ratemsg_new_inner(uint32_t ifindex)
{
    struct nl_msg *msg = qdisc_msg(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL,
                                   ifindex, SHAPER_CLASS, INNER, "fq_codel");
    struct nlattr *options = put_nest(msg, TCA_OPTIONS);

    put_u32(msg, TCA_FQ_CODEL_LIMIT, TC_QUEUE_FRAMES);
    put_u32(msg, TCA_FQ_CODEL_MEMORY_LIMIT, TC_QUEUE_BYTES);
    put_u32(msg, TCA_FQ_CODEL_FLOWS, INNER_FLOWS);
    put_u32(msg, TCA_FQ_CODEL_TARGET, INNER_TARGET_USEC);
    put_u32(msg, TCA_FQ_CODEL_ECN, 0);
    nla_nest_end(msg, options);
    return msg;
}

struct nl_msg *
ratemsg_del_inner(uint32_t ifindex)
{
    return qdisc_msg(RTM_DELQDISC, 0, ifindex, SHAPER_CLASS, 0, NULL);
}

/* Reads the drops of qdisc or action statistics. */
static uint64_t
parse_drops(struct nlattr *stats)
{
    struct nlattr *tb[TCA_STATS_MAX + 1];
    struct gnet_stats_queue queue;

    if (!stats || nla_parse_nested(tb, TCA_STATS_MAX, stats, NULL) < 0
        || !tb[TCA_STATS_QUEUE]
        || nla_len(tb[TCA_STATS_QUEUE]) < (int) sizeof queue) {
        return 0;
    }
    memcpy(&queue, nla_data(tb[TCA_STATS_QUEUE]), sizeof queue);
    return queue.drops;
}

static bool
parse_shaper(struct nlattr *options, struct tc_queue *q)
{
    struct nlattr *tb[TCA_TBF_MAX + 1];
    struct tc_tbf_qopt qopt;

    if (!options || nla_parse_nested(tb, TCA_TBF_MAX, options, NULL) < 0
        || !tb[TCA_TBF_PARMS]
        || nla_len(tb[TCA_TBF_PARMS]) < (int) sizeof qopt) {
        return false;
    }
    memcpy(&qopt, nla_data(tb[TCA_TBF_PARMS]), sizeof qopt);
    q->rate = spec_rate(&qopt.rate, tb[TCA_TBF_RATE64]);
    q->burst = qopt.buffer;
    /* A rate counted otherwise is none that can be compared. */
    if (qopt.peakrate.rate || qopt.rate.overhead || qopt.rate.mpu
        || (qopt.rate.linklayer & TC_LINKLAYER_MASK)
               != TC_LINKLAYER_ETHERNET) {
        q->rate = 0;
    }
    return true;
}

static bool
is_inner(struct nlattr *options)
{
    struct nlattr *tb[TCA_FQ_CODEL_MAX + 1];

    return options && !nla_parse_nested(tb, TCA_FQ_CODEL_MAX, options, NULL)
           && attr_u32(tb[TCA_FQ_CODEL_LIMIT], 0) == TC_QUEUE_FRAMES
           && attr_u32(tb[TCA_FQ_CODEL_MEMORY_LIMIT], 0) == TC_QUEUE_BYTES
           && attr_u32(tb[TCA_FQ_CODEL_FLOWS], 0) == INNER_FLOWS
           && attr_u32(tb[TCA_FQ_CODEL_TARGET], 0) == INNER_TARGET_USEC
           && !attr_u32(tb[TCA_FQ_CODEL_ECN], 1)
           && !tb[TCA_FQ_CODEL_CE_THRESHOLD];
}

int
ratemsg_parse_queue(const struct nlmsghdr *nlh, struct tc_queue *ret)
{
    const struct tcmsg *tcm = nlmsg_data(nlh);
    struct nlattr *tb[TCA_MAX + 1];
    struct tc_queue q;

    if (nlh->nlmsg_type != RTM_NEWQDISC) {
        return 0;
    }
    if (nlsock_parse(nlh, sizeof *tcm, tb, TCA_MAX, NULL) || !tb[TCA_KIND]) {
        return -EPROTO;
    }
    if (tcm->tcm_parent != SHAPER_CLASS
        && (tcm->tcm_parent != TC_H_ROOT || !tcm->tcm_handle)) {
        return 0; /* A root without a handle is the kernel's own. */
    }
    memset(&q, 0, sizeof q); /* Padding too: readings are hashed. */
    q.ifindex = tcm->tcm_ifindex;
    q.handle = tcm->tcm_handle;
    q.drops = parse_drops(tb[TCA_STATS2]);
    snprintf(q.kind, sizeof q.kind, "%.*s", nla_len(tb[TCA_KIND]),
             (const char *) nla_data(tb[TCA_KIND]));
    if (tcm->tcm_parent == SHAPER_CLASS) {
        q.form = q.handle == INNER && !strcmp(q.kind, "fq_codel")
                         && is_inner(tb[TCA_OPTIONS])
                     ? TC_QUEUE_INNER
                     : TC_QUEUE_ODD;
    } else {
        q.form = q.handle == SHAPER && !strcmp(q.kind, "tbf")
                         && parse_shaper(tb[TCA_OPTIONS], &q)
                     ? TC_QUEUE_SHAPER
                     : TC_QUEUE_OTHER;
    }
    memcpy(ret, &q, sizeof q);
    return 1;
}

/* Police. Of a port there are two actions, whose indices nobody else uses:
 * those that the kernel gives are small. */

#define POLICE_PACKETS 0
#define POLICE_BYTES 1
#define POLICE_INDEX(WHICH) (0x80000000u | (uint32_t) (WHICH) << 30)
#define POLICE_SECOND (1000000000u / TC_TICK_NSEC)

static void
put_police_action(struct nl_msg *msg, const struct tc_limits *p, int which)
{
    /* Only its presence matters. */
    static const uint8_t table[TC_RTAB_SIZE];
    uint64_t rate = which == POLICE_BYTES ? p->rate : 0;
    struct tc_police params = {
        .index = POLICE_INDEX(which) | p->ifindex,
        .action = TC_ACT_SHOT,
        .mtu = UINT32_MAX,
    };
    struct nlattr *act = put_nest(msg, which + 1), *options;

    if (rate) {
        params.rate = rate_spec(rate);
        params.rate.cell_log = 1;
        params.rate.overhead = HEADER_LEN;
        params.burst = p->burst;
    }
    put_string(msg, TCA_ACT_KIND, "police");
    options = put_nest(msg, TCA_ACT_OPTIONS);
    put_attr(msg, TCA_POLICE_TBF, &params, sizeof params);
    if (rate) {
        put_attr(msg, TCA_POLICE_RATE, table, sizeof table);
    }
    if (rate > UINT32_MAX) {
        put_u64(msg, TCA_POLICE_RATE64, rate);
    }
    if (which == POLICE_PACKETS && p->packets) {
        put_u64(msg, TCA_POLICE_PKTRATE64, p->packets);
        put_u64(msg, TCA_POLICE_PKTBURST64, POLICE_SECOND);
    }
    put_u32(msg, TCA_POLICE_RESULT,
            which == POLICE_BYTES ? TC_ACT_OK : TC_ACT_PIPE);
    nla_nest_end(msg, options);
    nla_nest_end(msg, act);
}

void
ratemsg_put_police(struct nl_msg *msg, int type, const struct tc_limits *p)
{
    struct nlattr *acts = put_nest(msg, type);

    put_police_action(msg, p, POLICE_PACKETS);
    put_police_action(msg, p, POLICE_BYTES);
    nla_nest_end(msg, acts);
}

struct nl_msg *
ratemsg_set_police(const struct tc_limits *p)
{
    struct tcamsg tca = { .tca_family = AF_UNSPEC };
    struct nl_msg *msg =
        nlsock_msg(RTM_NEWACTION, NLM_F_REPLACE, &tca, sizeof tca);

    ratemsg_put_police(msg, TCA_ACT_TAB, p);
    return msg;
}

static bool
parse_police_action(struct nlattr *act, int which, struct tc_limits *p)
{
    struct nlattr *tb[TCA_ACT_MAX + 1], *options[TCA_POLICE_MAX + 1];
    struct tc_police params;
    uint32_t result;

    if (!act || nla_parse_nested(tb, TCA_ACT_MAX, act, NULL) < 0
        || !tb[TCA_ACT_KIND] || !tb[TCA_ACT_OPTIONS]
        || nla_len(tb[TCA_ACT_KIND]) != (int) sizeof "police"
        || memcmp(nla_data(tb[TCA_ACT_KIND]), "police", sizeof "police")
        || nla_parse_nested(options, TCA_POLICE_MAX, tb[TCA_ACT_OPTIONS], NULL)
               < 0
        || !options[TCA_POLICE_TBF]
        || nla_len(options[TCA_POLICE_TBF]) < (int) sizeof params) {
        return false;
    }
    memcpy(&params, nla_data(options[TCA_POLICE_TBF]), sizeof params);
    result = attr_u32(options[TCA_POLICE_RESULT], TC_ACT_OK);
    if (params.index != (POLICE_INDEX(which) | p->ifindex)
        || params.peakrate.rate || options[TCA_POLICE_AVRATE]
        || result != (which == POLICE_BYTES ? TC_ACT_OK : TC_ACT_PIPE)) {
        return false;
    }
    p->over[which] = parse_drops(tb[TCA_ACT_STATS]);
    /* What limits otherwise is no limit of ours. */
    if (params.action != TC_ACT_SHOT || params.mtu != UINT32_MAX) {
        p->packets = p->rate = UINT64_MAX;
    } else if (which == POLICE_PACKETS) {
        p->packets = attr_u64(options[TCA_POLICE_PKTRATE64], 0);
        if (params.rate.rate
            || (p->packets
                && attr_u64(options[TCA_POLICE_PKTBURST64], 0)
                       != POLICE_SECOND)) {
            p->packets = UINT64_MAX;
        }
    } else if (params.rate.rate) {
        p->rate = spec_rate(&params.rate, options[TCA_POLICE_RATE64]);
        p->burst = params.burst;
        if (params.rate.overhead != HEADER_LEN || params.rate.mpu
            || options[TCA_POLICE_PKTRATE64]) {
            p->rate = UINT64_MAX;
        }
    } else if (options[TCA_POLICE_PKTRATE64]) {
        p->rate = UINT64_MAX;
    }
    return true;
}

bool
ratemsg_parse_police(struct nlattr *acts, struct tc_limits *p)
{
    struct nlattr *list[TCA_ACT_MAX_PRIO + 1];

    if (!acts || nla_parse_nested(list, TCA_ACT_MAX_PRIO, acts, NULL) < 0) {
        return false;
    }
    for (int i = 3; i <= TCA_ACT_MAX_PRIO; i++) {
        if (list[i]) {
            return false;
        }
    }
    return parse_police_action(list[1], POLICE_PACKETS, p)
           && parse_police_action(list[2], POLICE_BYTES, p);
}
