/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The chains of the table of tenants' rules that all ports share; group.h
 * says what comes after what. Pure. */

#include <cordon-config.h>
#include "dataplane/linux/group_rules.h"

#include <net/if.h>
#include <string.h>

#include "dataplane/linux/group.h"
#include "dataplane/linux/guard_chains.h"
#include "dataplane/linux/logged.h"
#include "dataplane/linux/nft_text.h"
#include "lib/arena.h"
#include "lib/reason.h"
#include "openvswitch/dynamic-string.h"
#include "plan/object.h"
#include "plan/plan.h"
#include "plan/rule.h"
#include "util.h"

/* Bits of ct.state and ct.status (nf_conntrack_common.h). A connection is
 * established once it has been answered; it is confirmed once its first packet
 * has left. */
#define INVALID "ct.state & 00000001 != 00000000; "
#define ESTABLISHED "ct.state & 00000002 != 00000000; "
#define RELATED "ct.state & 00000004 != 00000000; "
#define KNOWN "ct.state & 00000006 != 00000000; "
#define OPENS_OR_GOES_ON "ct.state & 0000000a != 00000000; "
#define UNCONFIRMED "ct.status & 00000008 == 00000000; "

/* From who opened it to who did not, or the other way. */
#define FORTH "ct.dir == 00; "
#define BACK "ct.dir == 01; "

/* Bits of the mark: CT_MARK_BLOCKED, and that both ends have agreed. Where there
 * are bits of others', too, connections go the longer way. */
#define BLOCKED "ct.mark & 00000001 != 00000000; "
#define AGREED "ct.mark == 00000006; "
#define NOT_SRC "ct.mark & 00000002 == 00000000; "
#define NOT_DST "ct.mark & 00000004 == 00000000; "
#define SRC_AGREES "ct.mark = ct.mark | 00000002"
#define DST_AGREES "ct.mark = ct.mark | 00000004"

/* One that more than one may receive. */
#define GROUP "ll0:1 & 01 == 01; "
#define UNICAST "ll0:1 & 01 == 00; "

#define JUDGED "mark = mark | $judged; "
#define PASS JUDGED "accept"
#define MAY JUDGED "return"
#define MAY_NOT "mark & $judged == 00000000; "

/* One end of a frame. Sets the bit if its rules let it pass, and only then:
 * what is not known of a port, because somebody has taken out an element, a
 * set or the rules of a chain, is nothing that lets pass. (The kernel itself
 * takes elements out of maps ahead of the rules when a table is deleted.) */
#define SIDE(DEV, NAME)                                                     \
    RULES(DEV " in unfiltered; " MAY, "protocol == 0800; goto " NAME "-ip", \
          "protocol == 86dd; goto " NAME "-ip", MAY)
#define SIDE_IP(DEV, NAME, DIRECTION)                                \
    RULES(BLOCKED "goto drop-ct-blocked-" NAME,                      \
          DEV " in stateful; " INVALID "goto drop-ct-invalid-" NAME, \
          KNOWN DEV " in stateful; jump " NAME "-known",             \
          "mark & $judged != 00000000; return",                      \
          DEV " in any-" DIRECTION "; " MAY, DEV " vmap " DIRECTION)

/* A connection that this end has agreed to. An error of ICMP is related if
 * what it tells of is one. */
#define SIDE_KNOWN(FORTH_NOT, BACK_NOT)                                      \
    RULES(FORTH FORTH_NOT "return", BACK BACK_NOT "return", ESTABLISHED MAY, \
          RELATED "l4proto == 01; " MAY, RELATED "l4proto == 3a; " MAY)

/* The end that has the address has agreed; one that nobody here has, whoever
 * it is, for whom no rules are asked. */
#define END_AGREES(DEV, ADDRESS, FAMILY, AGREES)                     \
    DEV " . " ADDRESS " in own" FAMILY "; " AGREES,                  \
        DEV " . " ADDRESS " in own" FAMILY "p; " AGREES,             \
        "!$mark . " ADDRESS " in owned" FAMILY "; !$mark . " ADDRESS \
        " in owned" FAMILY "p; " AGREES

/* clang-format off */
static const struct guard_chain shared[] = {
    /* The first rule is that of most frames of guests (plan_whole_bit()), the
     * next that of their others. Frames of other bridges are let be. */
    { GROUP_CHAIN_TRACK, RULES(
        "ct.zone = mark map zones; accept",
        UNICAST "ct.zone = iif map tracked; goto tracked",
        "ibrname != $bridge; accept",
        GROUP "notrack; accept",
        "ct.zone = $mark . eth.dst map tracked-macs; goto tracked",
        "notrack") },
    /* Will be put together from its fragments: in IPv6, headers may come ahead
     * of theirs, and there are few of them. */
    { "tracked", RULES(
        "protocol == 0800; ip.frag & 3fff == 0000; accept",
        "protocol == 0800; goto fragment",
        "ip6.next == 06; accept",
        "ip6.next == 11; accept",
        "ip6.next == 3a; accept",
        "protocol == 86dd; ip6.next 2b-2c; goto fragment",
        "protocol == 86dd; ip6.next == 00; goto fragment",
        "protocol == 86dd; ip6.next == 3c; goto fragment",
        "protocol == 86dd; ip6.next == 33; goto fragment") },
    /* From the uplink it is counted by whom it is for. */
    { "fragment", RULES(
        "iif in fragments; accept",
        "iif == $uplink; goto fragment-to",
        "goto drop-fragment-rate-from") },
    { "fragment-to", RULES(
        "$mark . eth.dst in fragments-to; accept",
        "goto drop-fragment-rate-from") },
    /* The first rule is that of most frames: a connection that both ends
     * have agreed to, which is none of another bridge's. Whether it has been
     * answered need not be asked: doc/groups-nftables.md. */
    { GROUP_CHAIN_JUDGE, RULES(
        AGREED "$at-stateful" PASS,
        "ibrname != $bridge; accept",
        "jump essential",
        "jump from",
        MAY_NOT "goto drop-group-egress-from",
        "mark = mark & $unjudged",
        "jump to",
        MAY_NOT "goto drop-group-ingress-to",
        UNCONFIRMED "jump connections",
        OPENS_OR_GOES_ON FORTH "goto agree") },
    { "from", SIDE("iif", "from") },
    { "from-ip", SIDE_IP("iif", "from", "egress") },
    { "from-known", SIDE_KNOWN(NOT_SRC, NOT_DST) },
    { "to", SIDE("oif", "to") },
    { "to-ip", SIDE_IP("oif", "to", "ingress") },
    { "to-known", SIDE_KNOWN(NOT_DST, NOT_SRC) },
    /* What is tracked in no segment's zone is not kept apart. */
    { "agree", RULES(
        "ct.zone == 0000; accept",
        "ct.mark & 00000006 == 00000006; accept",
        "protocol == 0800; goto agree-ip4",
        "protocol == 86dd; goto agree-ip6") },
    { "agree-ip4", RULES(
        END_AGREES("iif", "ip.src", "4", SRC_AGREES),
        END_AGREES("oif", "ip.dst", "4", DST_AGREES)) },
    { "agree-ip6", RULES(
        END_AGREES("iif", "ip6.src", "6", SRC_AGREES),
        END_AGREES("oif", "ip6.dst", "6", DST_AGREES)) },
    /* A packet that opens one. */
    { "connections", RULES(
        "iif in stateful; jump opens",
        "oif in stateful; jump opened",
        "oif vmap isolated",
        "iif vmap new",
        "oif vmap take") },
    { "opens", RULES(
        "iif in opens; return",
        "goto drop-connections-from") },
    { "opened", RULES(
        "oif in opened; return",
        "goto drop-connections-to") },

    /* What segments do not work without, and port security judges:
     * rule_essential(). Of it, conntrack has DHCP between two hosts alone,
     * which is counted as all else. */
    { "essential", RULES(
        "protocol == 86dd; l4proto == 3a; goto essential-icmp6",
        GROUP "protocol == 0800; l4proto == 02; " PASS,
        "l4proto != 11; return",
        "protocol == 0800; th0:4 == 00430044; goto essential-dhcp",
        "protocol == 0800; th0:4 == 00440043; goto essential-ask4",
        "protocol == 86dd; th0:4 == 02220223; goto essential-ask6",
        "protocol == 86dd; th0:4 == 02230222; goto essential-dhcp") },
    { "essential-ask4", RULES(
        "ip.dst == ffffffff; goto essential-dhcp",
        "$mark . ip.dst in dhcp4; goto essential-dhcp") },
    { "essential-ask6", RULES(
        "nh24:1 == ff; goto essential-dhcp",
        "$mark . ip6.dst in dhcp6; goto essential-dhcp") },
    { "essential-icmp6", RULES(
        "ip6.hops == ff; th0:1 85-89; " PASS,
        GROUP "th0:1 82-84; " PASS,
        GROUP "th0:1 == 8f; " PASS) },
    { "essential-dhcp", RULES(
        UNCONFIRMED "jump connections",
        PASS) },
    { NULL, NULL },
};

static const struct {
    const char *name, *text;
} bases[] = {
    { GROUP_CHAIN_TRACK, GROUP_BASE_TRACK },
    { GROUP_CHAIN_JUDGE, GROUP_BASE_JUDGE },
};

/* Drops are the end's whose rules decided. */
static const struct {
    enum reason reason;
    bool from, to;
} drops[] = {
    { REASON_GROUP_INGRESS, false, true },
    { REASON_GROUP_EGRESS, true, false },
    { REASON_NOT_GATEWAY, false, true },
    { REASON_CT_INVALID, true, true },
    { REASON_CT_BLOCKED, true, true },
    { REASON_CONNECTIONS, true, true },
    { REASON_FRAGMENT_RATE, true, false },
};
/* clang-format on */

static const char *
bridge_name(const struct policy_host *host, struct arena *arena)
{
    char name[IFNAMSIZ] = "";
    struct ds ds = DS_EMPTY_INITIALIZER;
    const char *s;

    ovs_strlcpy(name, host->bridge, sizeof name);
    for (size_t i = 0; i < sizeof name; i++) {
        ds_put_format(&ds, "%02x", (unsigned char) name[i]);
    }
    s = arena_strdup(arena, ds_cstr(&ds));
    ds_destroy(&ds);
    return s;
}

/* Counting must not decide: if the set is full, the frame is dropped
 * uncounted. */
static void
add_drop_chain(enum reason reason, bool from, bool logs, struct arena *arena,
               struct objects *objects)
{
    struct ds rules = DS_EMPTY_INITIALIZER;

    ds_put_format(&rules, "count " GROUP_SET_DROPS " %s . %s . #%08x\n",
                  from ? "iif" : "#00000000", from ? "#00000000" : "oif",
                  reason);
    if (logs) {
        logged_rule(reason, from, 0, &rules);
    }
    ds_put_cstr(&rules, "drop");
    nft_text_chain(&group_table,
                   arena_printf(arena, "drop-%s-%s", reason_name(reason),
                                from ? "from" : "to"),
                   &rules, arena, objects);
    ds_destroy(&rules);
}

/* The places of base chains in the table. */
static void
place_bases(struct objects *objects, size_t first)
{
    for (size_t i = first; i < objects->n; i++) {
        struct object *o = &objects->v[i];

        for (size_t j = 0; j < ARRAY_SIZE(bases); j++) {
            if (o->kind == OBJECT_GROUP_CHAIN
                && !strcmp(o->name, bases[j].name)) {
                o->text = bases[j].text;
            }
        }
    }
}

bool
group_all_stateful(const struct plan *plan)
{
    for (size_t i = 0; i < plan->n_ports; i++) {
        if (group_filters(plan, &plan->ports[i])
            && !rule_stateful(plan->ports[i].interface)) {
            return false;
        }
    }
    return true;
}

void
group_want_untracked_rules(const struct plan *plan, struct arena *arena,
                           struct objects *objects)
{
    struct ds rules = DS_EMPTY_INITIALIZER;
    size_t first = objects->n;

    ds_put_format(&rules, "ibrname != %s; accept\nnotrack",
                  bridge_name(plan->host, arena));
    nft_text_chain(&group_table, GROUP_CHAIN_TRACK, &rules, arena, objects);
    place_bases(objects, first);
    ds_destroy(&rules);
}

void
group_want_rules(const struct plan *plan, bool logs, struct arena *arena,
                 struct objects *objects)
{
    const struct policy_host *host = plan->host;
    uint32_t judged = plan_judged_bit(host->mark_mask);
    const struct nft_word words[] = {
        { "$bridge", bridge_name(host, arena) },
        { "$uplink", arena_printf(arena, "%08x", plan->uplink) },
        { "$mark", arena_printf(arena, "mark & %08x", host->mark_mask) },
        { "$judged", arena_printf(arena, "%08x", judged) },
        { "$unjudged", arena_printf(arena, "%08x", ~judged) },
        { "$at-stateful", group_all_stateful(plan)
                              ? ""
                              : "!iif in stateless; !oif in stateless; " },
        { NULL, NULL },
    };
    struct ds rules = DS_EMPTY_INITIALIZER;
    size_t first = objects->n;

    for (const struct guard_chain *c = shared; c->name; c++) {
        for (const char *const *r = c->rules; *r; r++) {
            nft_text_add(&rules, *r, words);
        }
        nft_text_chain(&group_table, c->name, &rules, arena, objects);
    }
    place_bases(objects, first);
    ds_destroy(&rules);
    for (size_t i = 0; i < ARRAY_SIZE(drops); i++) {
        if (drops[i].from) {
            add_drop_chain(drops[i].reason, true, logs, arena, objects);
        }
        if (drops[i].to) {
            add_drop_chain(drops[i].reason, false, logs, arena, objects);
        }
    }
}
