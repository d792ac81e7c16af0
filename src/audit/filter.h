/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_FILTER_H
#define CORDON_AUDIT_FILTER_H 1

/* tc as a snapshot has it: qdiscs, filters and their actions. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/types.h"

/* From TCA_KIND of RTM_NEWQDISC (net/sched/sch_api.c). */
struct host_qdisc {
    uint32_t ifindex;
    uint32_t handle, parent; /* TC_H_ROOT, TC_H_CLSACT, a class. */
    const char *kind;        /* "clsact", "ingress", "htb". */
    uint32_t ingress_block;  /* TCA_INGRESS_BLOCK. 0: not shared. */
    uint32_t egress_block;   /* TCA_EGRESS_BLOCK. */
};

/* Where a filter sees frames. */
enum host_filter_hook {
    HOST_FILTER_INGRESS, /* Of clsact or ingress, ahead of netfilter's. */
    HOST_FILTER_EGRESS,  /* Of clsact, behind netfilter's. */
    HOST_FILTER_BLOCK,   /* Of the qdiscs that name 'block'. */
    HOST_FILTER_QUEUE,   /* Of a queueing discipline or class: chooses a class,
                          * but its actions run, too. */
};

enum host_filter_kind {
    HOST_FILTER_MATCHALL,
    HOST_FILTER_FW,
    HOST_FILTER_FLOWER,
    HOST_FILTER_U32,
    HOST_FILTER_BPF,
    HOST_FILTER_OTHER, /* Might match anything: 'name'. */
};

enum host_action_kind {
    HOST_ACTION_GACT,
    HOST_ACTION_MIRRED,
    HOST_ACTION_POLICE,
    HOST_ACTION_VLAN,
    HOST_ACTION_SKBEDIT,
    HOST_ACTION_OTHER, /* Might do anything: 'name' ("bpf", "pedit"). */
};

/* An action (include/uapi/linux/tc_act/). Actions run in order until one of
 * them gives a verdict other than TC_ACT_PIPE. */
struct host_action {
    enum host_action_kind kind;
    const char *name;  /* As tc calls it. */
    int verdict;       /* TC_ACT_*; with TC_ACT_GOTO_CHAIN and TC_ACT_JUMP the
                       * number in the low 28 bits. TC_ACT_UNSPEC if it could
                       * not be read. */
    bool random;       /* GACT: sometimes gives 'verdict_other' instead. */
    int verdict_other; /* GACT if random; POLICE: of what is within limits. */

    /* HOST_ACTION_MIRRED: TCA_EGRESS_REDIR, TCA_EGRESS_MIRROR,
     * TCA_INGRESS_REDIR or TCA_INGRESS_MIRROR to 'target', an ifindex, or to
     * the ports of a block. */
    int mirred;
    uint32_t target;
    uint32_t target_block;

    /* HOST_ACTION_VLAN: TCA_VLAN_ACT_*. */
    int vlan;
    uint16_t vlan_id, vlan_protocol; /* Protocol in host order. */

    /* HOST_ACTION_SKBEDIT: mark = mark & ~mask | mark. */
    bool sets_mark, sets_ptype;
    uint32_t mark, mark_mask;
    uint16_t ptype;

    const void *options; /* TCA_ACT_OPTIONS, raw; NULL if there is none. */
    size_t n_options;
};

/* HOST_FILTER_U32: the word at 'offset' of the network header (plus what
 * 'offset_mask' says of the hash table's; then it might be anywhere) under
 * 'mask' is 'value'. All in host order. */
struct host_u32_key {
    uint32_t value, mask;
    int offset;
    int offset_mask;
};

/* A filter (RTM_NEWTFILTER). */
struct host_filter {
    uint32_t ifindex; /* 0: of a block. */
    uint32_t block;   /* 0: of a device. */
    enum host_filter_hook hook;
    uint32_t parent;   /* Of a device's: TC_H_CLSACT with TC_H_MIN_*, a qdisc,
                        * a class. */
    uint32_t chain;    /* 0 is where frames start. */
    uint16_t prio;     /* Lower ones are asked first. */
    uint16_t protocol; /* ETH_P_*, host order; ETH_P_ALL. */
    uint32_t handle;
    enum host_filter_kind kind;
    const char *name; /* As tc calls it. */
    bool head;        /* Only announces the filters of its priority. */
    bool understood;  /* Kind, all of its keys and all of its options: matches
                       * what is said here and nothing else. If false, it might
                       * match anything or nothing. */
    bool skip_sw;     /* Not in software: never, for our purpose, if no
                       * hardware has it. */

    uint32_t mark, mark_mask; /* FW: matches if skb->mark & mask == mark. */
    bool fw_classid;          /* FW without filter options. */
    const struct host_u32_key *keys; /* U32. */
    size_t n_keys;
    uint32_t u32_link; /* U32: goes on in this hash table. */

    uint32_t bpf_id;   /* BPF: of the program. */
    bool bpf_direct;   /* Its result is the verdict. */
    uint32_t class_id; /* QUEUE: 0 if none. */

    const struct host_action *actions;
    size_t n_actions;

    const void *options; /* TCA_OPTIONS, raw: flower's keys are here. */
    size_t n_options;
};

#endif /* src/audit/filter.h */
