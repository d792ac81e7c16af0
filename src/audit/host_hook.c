/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What netfilter's hooks call. The part has each request ahead of its answer:
 * family, hook and device are in the request only. */

#include <cordon-config.h>
#include "audit/host_private.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_hook.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <string.h>

#include "lib/nlattr.h"
#include "util.h"

#define MAX_ATTR 8

static const char *const ebtables[] = { "ebtable_broute", "ebtable_filter",
                                        "ebtable_nat" };

struct asked {
    struct host_list *list;
    uint8_t family;
    uint32_t hooknum;
    const char *device;
};

static void
decode_chain(struct host_build *b, const struct nlattr *info,
             struct host_hook *h)
{
    struct nlattr *tb[MAX_ATTR + 1], *desc[MAX_ATTR + 1];

    host_nested(info, tb, MAX_ATTR);
    if (ntohl(attr_u32(tb[NFNLA_HOOK_INFO_TYPE], 0)) != NFNL_HOOK_TYPE_NFTABLES
        || !tb[NFNLA_HOOK_INFO_DESC]) {
        return;
    }
    host_nested(tb[NFNLA_HOOK_INFO_DESC], desc, MAX_ATTR);
    h->chain = true;
    h->chain_table = host_text(b, desc[NFNLA_CHAIN_TABLE]);
    h->chain_name = host_text(b, desc[NFNLA_CHAIN_NAME]);
    h->chain_family = attr_u8(desc[NFNLA_CHAIN_FAMILY], 0);
}

static void
hook_cb(struct host_build *b, const struct host_message *m, void *asked_)
{
    const struct nfgenmsg *nfg = m->header;
    struct nlattr *tb[MAX_ATTR + 1];
    struct asked *asked = asked_;
    struct host_hook *h;

    host_attrs(m, tb, MAX_ATTR);
    if (m->nlh->nlmsg_flags & NLM_F_REQUEST) {
        asked->family = nfg->nfgen_family;
        asked->hooknum = ntohl(attr_u32(tb[NFNLA_HOOK_HOOKNUM], 0));
        asked->device =
            tb[NFNLA_HOOK_DEV] ? host_text(b, tb[NFNLA_HOOK_DEV]) : NULL;
        return;
    }
    h = host_list_add(asked->list, sizeof *h);
    *h = (struct host_hook){
        .family = asked->family,
        .hooknum = asked->hooknum,
        .device = asked->device,
        .priority = (int32_t) ntohl(attr_u32(tb[NFNLA_HOOK_PRIORITY], 0)),
        .function = host_text(b, tb[NFNLA_HOOK_FUNCTION_NAME]),
        .module = host_text(b, tb[NFNLA_HOOK_MODULE_NAME]),
        .chain_table = "",
        .chain_name = "",
    };
    if (tb[NFNLA_HOOK_CHAIN_INFO]) {
        decode_chain(b, tb[NFNLA_HOOK_CHAIN_INFO], h);
    }
}

/* Each name in a file of names, one a line. */
static void
add_tables(struct host_build *b, const char *path, const char *what)
{
    const char *names =
        snapshot_file(snapshot_part(b->host->snapshot, "proc"), path);

    while (names && *names) {
        size_t n = strcspn(names, "\n");

        if (n) {
            host_unknown(b, 0, "legacy table %.*s of %s", (int) MIN(n, 32),
                         names, what);
        }
        names += n + (names[n] == '\n');
    }
}

/* A kernel built without NETFILTER_NETLINK_HOOK, as Debian's, does not tell
 * what its hooks call. nftables tells its base chains and the kernel guard its
 * ports; what is left are legacy tables. Those of ebtables are known by their
 * modules only. */
static void
find_legacy(struct host_build *b)
{
    const char *modules =
        snapshot_file(snapshot_part(b->host->snapshot, "proc"), "modules");

    if (!modules) {
        host_unknown(b, 0,
                     "the kernel tells neither what its netfilter hooks "
                     "call nor which modules it has");
    }
    add_tables(b, "net/ip_tables_names", "iptables");
    add_tables(b, "net/ip6_tables_names", "ip6tables");
    add_tables(b, "net/arp_tables_names", "arptables");
    for (size_t i = 0; modules && i < ARRAY_SIZE(ebtables); i++) {
        if (host_has_module(b->host, ebtables[i])) {
            host_unknown(b, 0, "legacy table of ebtables: module %s",
                         ebtables[i]);
        }
    }
}

void
host_decode_hooks(struct host_build *b)
{
    struct host_list list = { .items = NULL };
    struct asked asked = { .list = &list };
    struct host *host = b->host;

    host_each_message(b, "nf.hooks", sizeof(struct nfgenmsg), hook_cb, &asked);
    host->hooks =
        host_list_take(b, &list, sizeof *host->hooks, &host->n_hooks);
    if (snapshot_part(host->snapshot, "nf.hooks")->kind == SNAPSHOT_ABSENT) {
        find_legacy(b);
    }
}
