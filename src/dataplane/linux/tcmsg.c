/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Messages of traffic control. Raw attributes, since libnl 3.7 knows no
 * shared blocks and no actions of fw and matchall. See net/sched/sch_api.c,
 * cls_fw.c, cls_matchall.c and act_gact.c of Linux. */

#include <cordon-config.h>
#include "dataplane/linux/tcmsg.h"

#include <errno.h>
/* libopenvswitch puts an older copy of this header in front otherwise. */
#define HAVE_TCA_ACT_FLAGS_SKIP_HW 1
#include <linux/gen_stats.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_gact.h>
#include <netinet/in.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <string.h>

#include "lib/nlattr.h"
#include "lib/nlsock.h"
#include "util.h"

static struct nl_msg *
tc_msg(int type, int flags, uint32_t ifindex, uint32_t parent, uint32_t handle,
       uint32_t info)
{
    struct tcmsg tcm = {
        .tcm_family = AF_UNSPEC,
        .tcm_ifindex = ifindex,
        .tcm_parent = parent,
        .tcm_handle = handle,
        .tcm_info = info,
    };

    return nlsock_msg(type, flags, &tcm, sizeof tcm);
}

static uint32_t
filter_info(uint16_t prio)
{
    return TC_H_MAKE((uint32_t) prio << 16, htons(ETH_P_ALL));
}

struct nl_msg *
tcmsg_get_qdiscs(void)
{
    return tc_msg(RTM_GETQDISC, 0, 0, 0, 0, 0);
}

struct nl_msg *
tcmsg_get_filters(uint32_t block)
{
    return tc_msg(RTM_GETTFILTER, 0, TCM_IFINDEX_MAGIC_BLOCK, block, 0, 0);
}

struct nl_msg *
tcmsg_new_qdisc(const struct tc_qdisc *q)
{
    struct nl_msg *msg =
        tc_msg(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, q->ifindex,
               TC_H_CLSACT, TC_H_MAKE(TC_H_CLSACT, 0), 0);

    put_string(msg, TCA_KIND, "clsact");
    if (q->ingress_block) {
        put_u32(msg, TCA_INGRESS_BLOCK, q->ingress_block);
    }
    if (q->egress_block) {
        put_u32(msg, TCA_EGRESS_BLOCK, q->egress_block);
    }
    return msg;
}

struct nl_msg *
tcmsg_del_qdisc(uint32_t ifindex)
{
    return tc_msg(RTM_DELQDISC, 0, ifindex, TC_H_CLSACT,
                  TC_H_MAKE(TC_H_CLSACT, 0), 0);
}

static void
put_gact(struct nl_msg *msg, int type, int verdict)
{
    struct tc_gact gact = { .action = verdict };
    struct nlattr *acts = put_nest(msg, type);
    struct nlattr *act = put_nest(msg, 1), *options;

    put_string(msg, TCA_ACT_KIND, "gact");
    options = put_nest(msg, TCA_ACT_OPTIONS);
    put_attr(msg, TCA_GACT_PARMS, &gact, sizeof gact);
    nla_nest_end(msg, options);
    nla_nest_end(msg, act);
    nla_nest_end(msg, acts);
}

struct nl_msg *
tcmsg_new_filter(const struct tc_filter *f)
{
    bool pass = f->form == TC_FORM_PASS;
    struct nl_msg *msg = tc_msg(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL,
                                TCM_IFINDEX_MAGIC_BLOCK, f->block, f->handle,
                                filter_info(f->prio));
    struct nlattr *options;

    put_string(msg, TCA_KIND, pass ? "fw" : "matchall");
    options = put_nest(msg, TCA_OPTIONS);
    if (pass) {
        put_u32(msg, TCA_FW_MASK, f->mask);
        put_gact(msg, TCA_FW_ACT, TC_ACT_OK);
    } else if (f->form == TC_FORM_POLICE) {
        ratemsg_put_police(msg, TCA_MATCHALL_ACT, &f->limits);
    } else {
        put_gact(msg, TCA_MATCHALL_ACT, TC_ACT_SHOT);
    }
    nla_nest_end(msg, options);
    return msg;
}

struct nl_msg *
tcmsg_del_filter(const struct tc_filter *f)
{
    struct nl_msg *msg = tc_msg(RTM_DELTFILTER, 0, TCM_IFINDEX_MAGIC_BLOCK,
                                f->block, f->handle, filter_info(f->prio));

    put_string(msg, TCA_KIND, f->form == TC_FORM_PASS ? "fw" : "matchall");
    return msg;
}

static bool
kind_is(const struct nlattr *a, const char *kind)
{
    return a && (size_t) nla_len(a) == strlen(kind) + 1
           && !memcmp(nla_data(a), kind, strlen(kind) + 1);
}

int
tcmsg_parse_qdisc(const struct nlmsghdr *nlh, struct tc_qdisc *ret)
{
    const struct tcmsg *tcm = nlmsg_data(nlh);
    struct nlattr *tb[TCA_MAX + 1];

    if (nlh->nlmsg_type != RTM_NEWQDISC) {
        return 0;
    }
    if (nlsock_parse(nlh, sizeof *tcm, tb, TCA_MAX, NULL)) {
        return -EPROTO;
    }
    if (tcm->tcm_parent != TC_H_CLSACT) {
        return 0;
    }
    memset(ret, 0, sizeof *ret); /* Padding too: readings are hashed. */
    ret->ifindex = tcm->tcm_ifindex;
    ret->clsact = kind_is(tb[TCA_KIND], "clsact");
    ret->ingress_block = attr_u32(tb[TCA_INGRESS_BLOCK], 0);
    ret->egress_block = attr_u32(tb[TCA_EGRESS_BLOCK], 0);
    return 1;
}

/* Reads an action list that holds one gact without chance. Returns its
 * verdict, or TC_ACT_UNSPEC if it is anything else. */
static int
parse_gact(struct nlattr *acts, struct tc_filter *f)
{
    struct nlattr *list[TCA_ACT_MAX_PRIO + 1], *tb[TCA_ACT_MAX + 1];
    struct nlattr *options[TCA_GACT_MAX + 1], *stats[TCA_STATS_MAX + 1];
    const struct tc_gact *gact;

    if (!acts || nla_parse_nested(list, TCA_ACT_MAX_PRIO, acts, NULL) < 0
        || !list[1]) {
        return TC_ACT_UNSPEC;
    }
    for (int i = 2; i <= TCA_ACT_MAX_PRIO; i++) {
        if (list[i]) {
            return TC_ACT_UNSPEC;
        }
    }
    if (nla_parse_nested(tb, TCA_ACT_MAX, list[1], NULL) < 0
        || !kind_is(tb[TCA_ACT_KIND], "gact") || !tb[TCA_ACT_OPTIONS]
        || nla_parse_nested(options, TCA_GACT_MAX, tb[TCA_ACT_OPTIONS], NULL)
               < 0
        || !options[TCA_GACT_PARMS] || options[TCA_GACT_PROB]
        || nla_len(options[TCA_GACT_PARMS]) < (int) sizeof *gact) {
        return TC_ACT_UNSPEC;
    }
    if (tb[TCA_ACT_STATS]
        && !nla_parse_nested(stats, TCA_STATS_MAX, tb[TCA_ACT_STATS], NULL)
        && stats[TCA_STATS_BASIC]
        && nla_len(stats[TCA_STATS_BASIC])
               >= (int) sizeof(struct gnet_stats_basic)) {
        struct gnet_stats_basic basic;

        memcpy(&basic, nla_data(stats[TCA_STATS_BASIC]), sizeof basic);
        f->bytes = basic.bytes;
        f->packets = basic.packets;
        if (stats[TCA_STATS_PKT64] && nla_len(stats[TCA_STATS_PKT64]) == 8) {
            memcpy(&f->packets, nla_data(stats[TCA_STATS_PKT64]), 8);
        }
    }
    gact = nla_data(options[TCA_GACT_PARMS]);
    return gact->action;
}

static enum tc_form
parse_fw(struct nlattr *options, struct tc_filter *f)
{
    struct nlattr *tb[TCA_FW_MAX + 1];

    if (nla_parse_nested(tb, TCA_FW_MAX, options, NULL) < 0 || tb[TCA_FW_INDEV]
        || tb[TCA_FW_CLASSID] || tb[TCA_FW_POLICE]
        || parse_gact(tb[TCA_FW_ACT], f) != TC_ACT_OK) {
        return TC_FORM_OTHER;
    }
    f->mask = attr_u32(tb[TCA_FW_MASK], UINT32_MAX);
    return TC_FORM_PASS;
}

static enum tc_form
parse_matchall(struct nlattr *options, struct tc_filter *f)
{
    struct nlattr *tb[TCA_MATCHALL_MAX + 1];

    if (nla_parse_nested(tb, TCA_MATCHALL_MAX, options, NULL) < 0) {
        return TC_FORM_OTHER;
    }
    if (f->prio == TC_PRIO_POLICE) {
        f->limits.ifindex = f->block & ~TC_BLOCK_POLICE_MASK;
        return (f->block & TC_BLOCK_POLICE_MASK) == TC_BLOCK_POLICE
                       && ratemsg_parse_police(tb[TCA_MATCHALL_ACT],
                                               &f->limits)
                   ? TC_FORM_POLICE
                   : TC_FORM_OTHER;
    }
    if (parse_gact(tb[TCA_MATCHALL_ACT], f) != TC_ACT_SHOT) {
        return TC_FORM_OTHER;
    }
    return TC_FORM_DROP;
}

int
tcmsg_parse_filter(const struct nlmsghdr *nlh, struct tc_filter *ret)
{
    const struct tcmsg *tcm = nlmsg_data(nlh);
    struct nlattr *tb[TCA_MAX + 1];
    struct tc_filter f;
    bool fw, matchall;

    if (nlh->nlmsg_type != RTM_NEWTFILTER) {
        return 0;
    }
    memset(&f, 0, sizeof f); /* Padding too: readings are hashed. */
    f.form = TC_FORM_OTHER;
    if (nlsock_parse(nlh, sizeof *tcm, tb, TCA_MAX, NULL) || !tb[TCA_KIND]) {
        return -EPROTO;
    }
    if ((uint32_t) tcm->tcm_ifindex != TCM_IFINDEX_MAGIC_BLOCK) {
        return 0;
    }
    f.block = tcm->tcm_block_index;
    f.prio = TC_H_MAJ(tcm->tcm_info) >> 16;
    f.handle = tcm->tcm_handle;
    snprintf(f.kind, sizeof f.kind, "%.*s", nla_len(tb[TCA_KIND]),
             (const char *) nla_data(tb[TCA_KIND]));
    fw = (f.prio == TC_PRIO_PASS || f.prio == TC_PRIO_JUDGED)
         && !strcmp(f.kind, "fw");
    matchall = (f.prio == TC_PRIO_DROP || f.prio == TC_PRIO_POLICE)
               && !strcmp(f.kind, "matchall");
    if (TC_H_MIN(tcm->tcm_info) == htons(ETH_P_ALL)
        && !attr_u32(tb[TCA_CHAIN], 0) && (fw || matchall)) {
        f.form = !f.handle          ? TC_FORM_HEAD
                 : !tb[TCA_OPTIONS] ? TC_FORM_OTHER
                 : fw               ? parse_fw(tb[TCA_OPTIONS], &f)
                                    : parse_matchall(tb[TCA_OPTIONS], &f);
    }
    memcpy(ret, &f, sizeof f);
    return 1;
}
