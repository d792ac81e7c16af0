/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Links, what bridges know, and tc: read between two looks at the kernel's
 * notifications. If any came, what was read may not belong together, and all
 * of it is read again. */

#include <cordon-config.h>
#include "audit/collect.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_bridge.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "util.h"

/* What one turn reads. */
enum part { LINK, VLAN, FDB, MDB, QDISC, CLASS, FILTER, N_PARTS };

static const char *const names[N_PARTS] = {
    [LINK] = "link",        [VLAN] = "bridge.vlan", [FDB] = "bridge.fdb",
    [MDB] = "bridge.mdb",   [QDISC] = "tc.qdisc",   [CLASS] = "tc.class",
    [FILTER] = "tc.filter",
};

struct turn {
    struct snapshot_buffer buffers[N_PARTS];
    int errors[N_PARTS];
};

/* A socket that hears of changes; of FDB entries not, they come and go with
 * traffic. */
static struct mnl_socket *
open_events(void)
{
    static const int groups[] = {
        RTNLGRP_LINK,
        RTNLGRP_TC,
        RTNLGRP_BRVLAN,
    };
    struct mnl_socket *s = collect_open(NETLINK_ROUTE);

    for (size_t i = 0; s && i < ARRAY_SIZE(groups); i++) {
        int group = groups[i];

        /* BRVLAN is since Linux 5.6. */
        mnl_socket_setsockopt(s, NETLINK_ADD_MEMBERSHIP, &group, sizeof group);
    }
    return s;
}

/* Drops what is waiting. True if there was anything, or some was lost. */
static bool
drain(struct mnl_socket *s)
{
    bool any = false;
    char byte;

    for (;;) {
        ssize_t n = recv(mnl_socket_get_fd(s), &byte, sizeof byte,
                         MSG_DONTWAIT | MSG_TRUNC);

        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return any;
        }
        any = any || n >= 0 || errno != EINTR;
    }
}

static int
dump_links(struct collector *c, struct snapshot_buffer *out)
{
    char buf[COLLECT_REQUEST];
    struct nlmsghdr *nlh = collect_request(buf, RTM_GETLINK, NLM_F_DUMP);

    mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
    mnl_attr_put_u32(nlh, IFLA_EXT_MASK,
                     RTEXT_FILTER_VF | RTEXT_FILTER_SKIP_STATS);
    return collect_dump(c, c->route, nlh, out);
}

static int
dump_bridge(struct collector *c, uint16_t type, size_t header_size,
            struct snapshot_buffer *out)
{
    char buf[COLLECT_REQUEST];
    struct nlmsghdr *nlh = collect_request(buf, type, NLM_F_DUMP);
    uint8_t *header = mnl_nlmsg_put_extra_header(nlh, header_size);

    /* The family comes first in each of these headers. */
    header[0] = PF_BRIDGE;
    return collect_dump(c, c->route, nlh, out);
}

static void
read_turn(struct collector *c, struct turn *t)
{
    int error;

    t->errors[LINK] = dump_links(c, &t->buffers[LINK]);
    t->errors[VLAN] = dump_bridge(c, RTM_GETVLAN, sizeof(struct br_vlan_msg),
                                  &t->buffers[VLAN]);
    t->errors[FDB] =
        dump_bridge(c, RTM_GETNEIGH, sizeof(struct ndmsg), &t->buffers[FDB]);
    t->errors[MDB] = dump_bridge(c, RTM_GETMDB, sizeof(struct br_port_msg),
                                 &t->buffers[MDB]);
    collect_tc(c, &t->buffers[QDISC], &t->buffers[CLASS], &t->buffers[FILTER],
               &error);
    t->errors[QDISC] = t->errors[CLASS] = t->errors[FILTER] = error;
}

void
collect_links(struct collector *c)
{
    struct mnl_socket *events = open_events();
    struct turn t = { .errors = { 0 } };
    unsigned int tries = 0;
    bool torn;

    do {
        if (tries) {
            collect_pause(tries);
        }
        if (events) {
            drain(events);
        }
        for (size_t i = 0; i < N_PARTS; i++) {
            t.buffers[i].n = 0;
        }
        read_turn(c, &t);
        torn = !events || drain(events);
        for (size_t i = 0; i < N_PARTS; i++) {
            torn = torn || t.errors[i] == -EAGAIN;
        }
    } while (++tries < c->tries && torn);

    for (size_t i = 0; i < N_PARTS; i++) {
        struct snapshot_part *part;

        part = collect_add(c, names[i],
                           torn && !t.errors[i] ? -EAGAIN : t.errors[i],
                           &t.buffers[i]);
        part->tries = tries;
    }
    if (events) {
        mnl_socket_close(events);
    }
}
