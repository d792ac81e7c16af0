/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The guard's sockets, and the notice of what others do to its
 * table. */

#include <cordon-config.h>
#include "dataplane/linux/guard.h"

#include <errno.h>
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/dataplane.h"
#include "dataplane/linux/guard_private.h"
#include "dataplane/linux/guard_rules.h"
#include "dataplane/linux/nft.h"
#include "dataplane/linux/nft_table.h"
#include "lib/reason.h"
#include "util.h"

/* Messages of a transaction that the kernel may tell us of: a third of its work
 * for a large one is telling, if anybody listens. */
#define TELLING_MAX 1000

static struct nft *requests, *monitor;
static bool deaf; /* The monitor is told nothing. */

const char *const guard_limits[] = {
    "fragments that overlap: each is judged alone, so that a first one holds "
    "the whole header and a later one ends within 65,535 bytes, but not "
    "beside the others",
    "TCP above the MTU passes, for the host sees it before it is cut into "
    "segments, and the storm limit counts it once",
    "a checksum that the host fills in where a guest says: the virtio-net "
    "card "
    "of an emulator hands that on to its tap, and it may be any two bytes of "
    "a "
    "frame that has been judged (a vif's checksum is where its protocol has "
    "it)",
    "Neighbour Discovery is dropped where one option is longer than 16 bytes, "
    "all of a router solicitation's longer than 32, or any past byte 128 of "
    "the frame, which is what netback copies",
    "what a declared router writes into options of its advertisements",
    NULL,
};

struct nft *
guard_nft(void)
{
    return requests;
}

int
guard_open(void)
{
    int error = nft_open(false, &requests);

    error = error ? error : nft_open(true, &monitor);
    if (error) {
        guard_close();
    }
    return error;
}

void
guard_close(void)
{
    nft_close(requests);
    nft_close(monitor);
    requests = monitor = NULL;
}

int
guard_send(struct nft_batch *batch, struct nft_refusal **ret_refusals,
           size_t *ret_n)
{
    if (batch->n > TELLING_MAX && monitor && !nft_listen(monitor, false)) {
        deaf = true;
    }
    return nft_batch_send(requests, batch, ret_refusals, ret_n);
}

/* Notifications. */

static bool
is_family(uint8_t family)
{
    for (size_t i = 0; i < NFT_N_TABLES; i++) {
        if (nft_tables[i]->family == family) {
            return true;
        }
    }
    return false;
}

/* Notes a change in a family of ours that is not our own. The port id of a
 * notification is that of the socket that asked for the change. */
static int
parse_notification(const struct nlmsghdr *nlh, void *changed_)
{
    const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
    bool *changed = changed_;

    if (mnl_nlmsg_get_payload_len(nlh) >= sizeof *nfg
        && is_family(nfg->nfgen_family)
        && nlh->nlmsg_pid != nft_portid(requests)) {
        *changed = true;
    }
    return MNL_CB_OK;
}

bool
guard_changed(void)
{
    bool changed = deaf;

    if (deaf) {
        deaf = nft_listen(monitor, true) != 0;
    }
    return nft_notifications(monitor, parse_notification, &changed) < 0
           || changed;
}

int
guard_monitor_fd(void)
{
    return nft_fd(monitor);
}
