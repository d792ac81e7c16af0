/* SPDX-License-Identifier: GPL-3.0-or-later */

/* How many connections each conntrack zone has. The connections themselves are
 * traffic, not configuration, and are not kept. */

#include <cordon-config.h>
#include "audit/collect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdlib.h>
#include <unistd.h>

#include "util.h"

#define N_ZONES 65536

static void
count(const struct snapshot_buffer *b, uint32_t zones[N_ZONES])
{
    for (size_t at = 0; at < b->n;) {
        const struct nlmsghdr *nlh =
            ALIGNED_CAST(const struct nlmsghdr *, b->data + at);
        const struct nlattr *attr;
        uint16_t zone = 0;

        mnl_attr_for_each (attr, nlh, sizeof(struct nfgenmsg)) {
            if (mnl_attr_get_type(attr) == CTA_ZONE
                && mnl_attr_validate(attr, MNL_TYPE_U16) >= 0) {
                zone = ntohs(mnl_attr_get_u16(attr));
            }
        }
        zones[zone]++;
        at += NLMSG_ALIGN(nlh->nlmsg_len);
    }
}

void
collect_conntrack(struct collector *c)
{
    char buf[COLLECT_REQUEST];
    struct nlmsghdr *nlh = collect_request(
        buf, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET, NLM_F_DUMP);
    struct nfgenmsg *nfg = mnl_nlmsg_put_extra_header(nlh, sizeof *nfg);
    struct snapshot_buffer b = { .data = NULL };
    struct snapshot_files files = { .files = NULL };
    uint32_t *zones;
    int error;

    /* To ask would have the kernel load it. */
    if (access("/proc/sys/net/netfilter/nf_conntrack_count", F_OK)) {
        snapshot_add(c->snapshot, "conntrack", SNAPSHOT_ABSENT);
        return;
    }
    nfg->version = NFNETLINK_V0;
    error = collect_dump(c, c->netfilter, nlh, &b);
    if (error == -EINVAL) {
        error = -EOPNOTSUPP;
    }
    if (error) {
        collect_add(c, "conntrack", error, &b)->matters = false;
        return;
    }
    zones = xcalloc(N_ZONES, sizeof *zones);
    count(&b, zones);
    for (size_t i = 0; i < N_ZONES; i++) {
        if (zones[i]) {
            char path[32], value[32];

            snprintf(path, sizeof path, "zone/%" PRIuSIZE, i);
            snprintf(value, sizeof value, "%" PRIu32, zones[i]);
            snapshot_files_put(c->snapshot, &files, path, value);
        }
    }
    free(zones);
    snapshot_buffer_done(&b);
    snapshot_add_files(c->snapshot, "conntrack", &files);
}
