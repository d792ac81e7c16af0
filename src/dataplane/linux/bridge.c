/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The bridge device. It filters VLANs but is a member of none, so that no
 * frame of a port's reaches dom0's stack through it; it learns nothing from
 * link-local frames, does not snoop multicast (within a VLAN multicast is
 * flooded, so that there is no state for guests to move), takes no part in
 * STP, calls no other filter, and has no address of its own.
 *
 * Its alias marks it as ours. A device of its name without the mark is left
 * alone, and nothing is opened. */

#include <cordon-config.h>
#include "dataplane/linux/bridge.h"

#include <linux/if_ether.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/linux/device.h"
#include "dataplane/linux/rtmsg.h"
#include "lib/arena.h"
#include "lib/nlsock.h"
#include "plan/object.h"
#include "plan/plan.h"
#include "policy/policy.h"
#include "util.h"

static const struct eth_addr bridge_mac = PLAN_BRIDGE_MAC;

static const struct bridge_attrs wanted = {
    .vlan_filtering = true,
    .vlan_protocol = ETH_P_8021Q,
    .default_pvid = 0,
    .no_linklocal_learn = true,
    .ageing = 30000,
};

void
bridge_want(const struct plan *plan, struct arena *arena, struct objects *os)
{
    struct object o = {
        .kind = OBJECT_BRIDGE,
        .name = plan->host->bridge,
        .text = bridge_attrs_format(&wanted, bridge_mac, IFF_UP | IFF_NOARP,
                                    arena),
    };

    if (!plan->host_foreign) {
        objects_add(os, &o);
    }
}

void
bridge_observe(const struct plan *plan, const struct devices *ds,
               struct arena *arena, struct objects *os)
{
    for (size_t i = 0; i < ds->n; i++) {
        const struct device *d = &ds->v[i];
        bool named = !strcmp(d->name, plan->host->bridge);
        struct object o = {
            .kind = OBJECT_BRIDGE,
            .name = arena_strdup(arena, d->name),
            /* Ports move before an old bridge goes. */
            .segment = named ? 0 : OBJECT_NO_SEGMENT,
        };

        if (d->ours) {
            o.text = bridge_attrs_format(&d->bridge, d->mac, d->flags, arena);
            objects_add(os, &o);
        } else if (named) {
            o.foreign = true;
            o.text = "exists and was not made by cordon; remove it, or choose "
                     "another name with host.bridge";
            objects_add(os, &o);
        }
    }
}

void
bridge_put(struct nlsock *sock, const struct change *c, uint32_t tag)
{
    const char *name = change_object(c)->name;

    switch (c->op) {
    case CHANGE_ADD:
        /* In one datagram with what marks it as ours: no crash gets in
         * between. */
        nlsock_flush(sock);
        nlsock_queue(sock, rtmsg_new_bridge(name, bridge_mac, &wanted), tag);
        nlsock_queue(sock, rtmsg_set_bridge(name, bridge_mac, NULL), tag);
        break;

    case CHANGE_MOD:
        nlsock_queue(sock, rtmsg_set_bridge(name, bridge_mac, &wanted), tag);
        break;

    case CHANGE_DEL:
        nlsock_queue(sock, rtmsg_del_link(name), tag);
        return;
    }
    if (!access("/proc/sys/net/ipv6", F_OK)) {
        nlsock_queue(sock, rtmsg_no_addr_gen(name), tag);
    }
    nlsock_queue(sock, rtmsg_flags_by_name(name, IFF_UP, IFF_UP), tag);
}
