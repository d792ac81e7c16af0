/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Actions of tc filters (include/uapi/linux/tc_act/): what they do with a
 * frame, and the verdict. One that is not known keeps its name. */

#include <cordon-config.h>
#include "audit/host_private.h"

#include <arpa/inet.h>
#include <linux/pkt_cls.h>
#include <linux/tc_act/tc_gact.h>
#include <linux/tc_act/tc_mirred.h>
#include <linux/tc_act/tc_skbedit.h>
#include <linux/tc_act/tc_vlan.h>
#include <netlink/attr.h>
#include <string.h>

#include "lib/nlattr.h"
#include "util.h"

#define MAX_OPTIONS 16
#define MIRRED_BLOCK 4 /* TCA_MIRRED_BLOCKID, since Linux 6.8. */

static bool
decode_gact(struct host_action *a, struct nlattr **tb)
{
    struct tc_gact_p p;
    struct tc_gact g;

    if (!host_bytes(tb[TCA_GACT_PARMS], &g, sizeof g)) {
        return false;
    }
    a->verdict = g.action;
    if (tb[TCA_GACT_PROB]) {
        if (!host_bytes(tb[TCA_GACT_PROB], &p, sizeof p)) {
            return false;
        }
        a->random = true;
        a->verdict_other = p.paction;
    }
    return true;
}

static bool
decode_mirred(struct host_action *a, struct nlattr **tb)
{
    struct tc_mirred m;

    if (!host_bytes(tb[TCA_MIRRED_PARMS], &m, sizeof m)) {
        return false;
    }
    a->verdict = m.action;
    a->mirred = m.eaction;
    a->target = m.ifindex;
    a->target_block = attr_u32(tb[MIRRED_BLOCK], 0);
    return true;
}

static bool
decode_police(struct host_action *a, struct nlattr **tb)
{
    struct tc_police p;

    if (!host_bytes(tb[TCA_POLICE_TBF], &p, sizeof p)) {
        return false;
    }
    a->verdict = p.action;
    a->verdict_other = attr_u32(tb[TCA_POLICE_RESULT], TC_ACT_OK);
    return true;
}

static bool
decode_vlan(struct host_action *a, struct nlattr **tb)
{
    struct tc_vlan v;

    if (!host_bytes(tb[TCA_VLAN_PARMS], &v, sizeof v)) {
        return false;
    }
    a->verdict = v.action;
    a->vlan = v.v_action;
    a->vlan_id = attr_u16(tb[TCA_VLAN_PUSH_VLAN_ID], 0);
    a->vlan_protocol = ntohs(attr_u16(tb[TCA_VLAN_PUSH_VLAN_PROTOCOL], 0));
    return true;
}

static bool
decode_skbedit(struct host_action *a, struct nlattr **tb)
{
    struct tc_skbedit s;

    if (!host_bytes(tb[TCA_SKBEDIT_PARMS], &s, sizeof s)) {
        return false;
    }
    a->verdict = s.action;
    a->sets_mark = !!tb[TCA_SKBEDIT_MARK];
    a->mark = attr_u32(tb[TCA_SKBEDIT_MARK], 0);
    a->mark_mask = attr_u32(tb[TCA_SKBEDIT_MASK], UINT32_MAX);
    a->sets_ptype = !!tb[TCA_SKBEDIT_PTYPE];
    a->ptype = attr_u16(tb[TCA_SKBEDIT_PTYPE], 0);
    return true;
}

static const struct {
    const char *name;
    enum host_action_kind kind;
    bool (*decode)(struct host_action *, struct nlattr **tb);
} kinds[] = {
    { "gact", HOST_ACTION_GACT, decode_gact },
    { "mirred", HOST_ACTION_MIRRED, decode_mirred },
    { "police", HOST_ACTION_POLICE, decode_police },
    { "vlan", HOST_ACTION_VLAN, decode_vlan },
    { "skbedit", HOST_ACTION_SKBEDIT, decode_skbedit },
};

static void
decode_action(struct host_build *b, const struct nlattr *nest,
              struct host_action *a)
{
    struct nlattr *tb[TCA_ACT_MAX + 1], *options[MAX_OPTIONS + 1];

    host_nested(nest, tb, TCA_ACT_MAX);
    *a = (struct host_action){
        .kind = HOST_ACTION_OTHER,
        .name = host_text(b, tb[TCA_ACT_KIND]),
        .verdict = TC_ACT_UNSPEC,
    };
    if (!tb[TCA_ACT_OPTIONS]) {
        return;
    }
    a->options = nla_data(tb[TCA_ACT_OPTIONS]);
    a->n_options = nla_len(tb[TCA_ACT_OPTIONS]);
    host_nested(tb[TCA_ACT_OPTIONS], options, MAX_OPTIONS);
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (!strcmp(a->name, kinds[i].name) && kinds[i].decode(a, options)) {
            a->kind = kinds[i].kind;
        }
    }
}

void
host_decode_actions(struct host_build *b, const struct nlattr *nest,
                    struct host_filter *f)
{
    struct host_list list = { .items = NULL };
    struct host_action *actions;
    struct nlattr *attr;
    int rest;

    if (!nest) {
        return;
    }
    /* The kernel numbers them in the order in which they run. */
    nla_for_each_nested (attr, nest, rest) {
        decode_action(b, attr,
                      host_list_add(&list, sizeof(struct host_action)));
    }
    actions = host_list_take(b, &list, sizeof *actions, &f->n_actions);
    f->actions = actions;
}
