/* SPDX-License-Identifier: GPL-3.0-or-later */

/* rtnetlink's notifications: links (also VLANs and flags of bridge ports), FDB
 * entries, traffic control, and IPv4's sysctls as far as they are told of.
 * What they say is not looked into: anything means "read again". Entries that
 * the uplink learns and forgets alone are passed over, for that never ends. */

#include <cordon-config.h>
#include "dataplane/linux/monitor.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include "lib/nlsock.h"
#include "util.h"

static struct nlsock *sock;

int
monitor_open(void)
{
    static const int groups[] = {
        RTNLGRP_LINK,
        RTNLGRP_NEIGH,
        RTNLGRP_TC,
        RTNLGRP_IPV4_NETCONF,
    };
    int error = nlsock_open(NETLINK_ROUTE, &sock);

    for (size_t i = 0; i < ARRAY_SIZE(groups) && !error; i++) {
        if (setsockopt(nlsock_fd(sock), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
                       &groups[i], sizeof groups[i])) {
            error = -errno;
        }
    }
    if (error) {
        monitor_close();
    }
    return error;
}

void
monitor_close(void)
{
    nlsock_close(sock);
    sock = NULL;
}

int
monitor_fd(void)
{
    return nlsock_fd(sock);
}

static int
matters(const struct nlmsghdr *nlh, void *aux OVS_UNUSED)
{
    const struct ndmsg *ndm = nlmsg_data(nlh);

    if (nlh->nlmsg_type != RTM_NEWNEIGH && nlh->nlmsg_type != RTM_DELNEIGH) {
        return 1;
    }
    return nlmsg_datalen(nlh) < (int) sizeof *ndm
           || (ndm->ndm_family == AF_BRIDGE
               && (ndm->ndm_state & (NUD_NOARP | NUD_PERMANENT)
                   || ndm->ndm_flags & NTF_EXT_LEARNED));
}

bool
monitor_changed(void)
{
    return nlsock_drain(sock, matters, NULL);
}
