/* SPDX-License-Identifier: GPL-3.0-or-later */

/* rtnetlink's notifications: links (also VLANs and flags of bridge ports),
 * addresses, FDB entries, traffic control, and IPv4's sysctls as far as they
 * are told of. What they say is not looked into: they mean "read again". */

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
        RTNLGRP_LINK,         RTNLGRP_NEIGH,       RTNLGRP_TC,
        RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
        RTNLGRP_BRVLAN,
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

/* Tells for each message what it is about. Entries that the uplink learns and
 * forgets alone are passed over, for that never ends. */
static int
note(const struct nlmsghdr *nlh, void *heard_)
{
    const struct ndmsg *ndm = nlmsg_data(nlh);
    uint32_t *heard = heard_;

    switch (nlh->nlmsg_type) {
    case RTM_NEWNEIGH:
    case RTM_DELNEIGH:
        if (nlmsg_datalen(nlh) < (int) sizeof *ndm
            || (ndm->ndm_family == AF_BRIDGE
                && (ndm->ndm_state & (NUD_NOARP | NUD_PERMANENT)
                    || ndm->ndm_flags & NTF_EXT_LEARNED))) {
            *heard |= HEARD_NEIGH;
        }
        return 0;

    case RTM_NEWQDISC:
    case RTM_DELQDISC:
    case RTM_NEWTFILTER:
    case RTM_DELTFILTER:
    case RTM_NEWCHAIN:
    case RTM_DELCHAIN:
    case RTM_NEWTCLASS:
    case RTM_DELTCLASS:
        *heard |= HEARD_TC;
        return 0;

    case RTM_DELLINK:
        *heard |= HEARD_GONE | HEARD_LINK;
        return 0;
    }
    *heard |= HEARD_LINK;
    return 0;
}

uint32_t
monitor_heard(void)
{
    uint32_t heard = 0;
    bool lost = nlsock_drain(sock, note, &heard);

    return lost ? HEARD_ALL : heard;
}
