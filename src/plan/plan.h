/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_PLAN_PLAN_H
#define CORDON_PLAN_PLAN_H 1

/* What should be in the kernel, in no dataplane's terms.
 *
 * desire() makes a plan from policy and inventory; each dataplane turns it
 * into objects of its own (plan/object.h). A plan lives in one arena and
 * points into the policy and the inventory that it was made of, which must
 * outlive it. */

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

struct arena;
struct changes;
struct inventory;
struct objects;
struct policy;
struct policy_host;
struct policy_interface;
struct policy_network;

/* A MAC with an address (or prefix) that a port may send from and that it
 * receives. A port's link-local addresses are among its pairs: fe80::/64 for
 * LINK_LOCAL_ANY. */
struct plan_pair {
    struct eth_addr mac;
    struct prefix address;
};

/* A group of ports that may talk: a network on this host. In one that is
 * shared, guests talk to its gateways and services only. */
struct plan_segment {
    uint32_t id; /* What skb->mark carries, unshifted; today
                  * the VLAN id. Never 0. */
    uint16_t vlan;
    const struct policy_network *network;
};

enum port_state {
    PORT_QUARANTINED, /* A device is there, nothing else. */
    PORT_FENCING,     /* Its filter is being programmed. */
    PORT_FENCED,      /* Filter in the kernel and read back. */
    PORT_OPEN,        /* And in its segment, and up. */
    PORT_FAILED,      /* Closed; 'problem' says why. */
    PORT_ABSENT,      /* No device on this host. */
};

const char *port_state_name(enum port_state); /* "quarantined", ... */

/* An interface and the device that realises it here. An HVM guest's interface
 * has two devices (vif and -emu tap), hence two ports. */
struct plan_port {
    const char *name; /* "tenant/guest/0", "tenant/guest/0-emu". */
    const struct policy_interface *interface;
    uint32_t ifindex;      /* 0: no device, PORT_ABSENT. */
    char device[IFNAMSIZ]; /* Its present name. */
    uint32_t mtu;          /* The device's. */
    const struct plan_segment *segment;
    struct eth_addr *macs; /* Source MACs, sorted, without duplicates:
                            * own, extra, virtual routers'. */
    size_t n_macs;
    struct plan_pair *pairs; /* Sorted, without duplicates. */
    size_t n_pairs;
    const char *problem;    /* Not NULL: must be closed, and why: foreign
                             * XDP, MAC differs from the policy, two
                             * devices for one interface... */
    const char *foreign;    /* The same, from what the kernel holds:
                             * plan_judge(). */
    uint32_t foreign_kinds; /* Bits 1 << enum object_kind: of what. */
    bool isolated;          /* In a shared network, and neither its gateway
                             * nor its service: receives from those, and
                             * from its community. */
    uint32_t community;     /* Not 0: the community, whose number no other
                             * in the segment has (plan/shared.h). */
    bool tap;               /* The -emu device of an HVM guest. */
    bool standby;           /* The interface's other device has its MACs
                             * in the segment. A tap on standby is
                             * fenced, but not opened; a vif is open, for
                             * only then does it tell when the guest
                             * connects it, but nothing is sent to it. */
};

/* A guest device that must stay closed because no interface matches it. */
struct plan_stray {
    uint32_t ifindex;
    char device[IFNAMSIZ];
    const char *why; /* "domain web9 is in no policy". */
};

struct plan {
    struct arena *arena;
    const struct policy *policy;
    const struct policy_host *host;
    uint32_t uplink;            /* ifindex; 0: none or not there. */
    uint32_t bridge;            /* ifindex; 0: not there yet. */
    const char *host_problem;   /* Not NULL: nothing may be open, and why:
                                 * the uplink has an address, say. */
    const char *host_foreign;   /* The same, from what the kernel holds. */
    const char *uplink_foreign; /* Not NULL: the uplink stays out of the
                                 * bridge, and why. */
    uint32_t uplink_foreign_kinds;
    struct plan_segment *segments; /* With a port here; by id. */
    size_t n_segments;
    struct plan_port *ports; /* By name. All interfaces of the policy whose
                              * guest is not on this host are absent and
                              * not here. */
    size_t n_ports;
    struct plan_stray *strays; /* By ifindex. */
    size_t n_strays;
    struct plan_port **by_ifindex; /* Ports with a device. */
    size_t n_by_ifindex;
};

/* The MAC of the bridge device, from which it never sends. */
#define PLAN_BRIDGE_MAC ETH_ADDR_C(02, 63, 6f, 72, 64, 6e)

/* Its alias (IFLA_IFALIAS), which marks it as ours. */
#define PLAN_BRIDGE_ALIAS "cordon"

/* Makes the plan. Pure. A problem of one port closes that port alone. */
struct plan *desire(const struct policy *, const struct inventory *);
void plan_free(struct plan *); /* NULL is fine. */

/* Why nothing may be open on a host that has 'inventory': the bridge's name is
 * somebody else's, or its uplink is missing or in other use. NULL if nothing is in the way. In 'arena'. Pure;
 * what desire() and `cordon check` both go by. */
const char *plan_host_problem(const struct policy *, const struct inventory *,
                              struct arena *);

/* The part of that which is about the bridge. */
const char *plan_bridge_problem(const struct policy *,
                                const struct inventory *, struct arena *);

/* Notes in 'plan' which foreign objects among 'have' close which ports,
 * forgetting what an earlier call noted. To be called between observe() and
 * want(). */
void plan_judge(struct plan *plan, const struct objects *have);

/* True if 'mac' is a virtual router's that 'port' takes part in: others may
 * have it too, so that it has no fixed place in the segment. */
bool plan_mac_roams(const struct plan_port *port, struct eth_addr mac);

/* Why 'port' must be closed, NULL if it may open. */
const char *plan_port_closed(const struct plan *, const struct plan_port *);

/* True if the uplink is there and may be in the bridge. */
bool plan_uplink_usable(const struct plan *);

/* How far a port is. */
struct port_status {
    enum port_state state;
    const char *why; /* If PORT_FAILED; otherwise NULL. */
};

/* The state of each of plan->ports, going by what has been read back and by
 * 'changes', from that to what is wanted. Fills 'ret_status', which has
 * plan->n_ports. Pure. */
void port_states(const struct plan *, const struct objects *have,
                 const struct changes *changes,
                 struct port_status *ret_status);

const struct plan_port *plan_port_by_ifindex(const struct plan *,
                                             uint32_t ifindex);
const struct plan_port *plan_port_by_name(const struct plan *,
                                          const char *name);

/* skb->mark of segment 'id' under 'mask'. */
uint32_t segment_mark(uint32_t id, uint32_t mask);

/* The bit of skb->mark that says that tenants' rules have been asked: the one
 * next below 'mask', or next above if there is none below. 0: there is
 * none. */
uint32_t plan_judged_bit(uint32_t mask);

/* The bit of skb->mark that says that a frame is one packet, whole, to one
 * host, from a port whose connections are tracked: the one next below that of
 * plan_judged_bit(). The guard in nftables sets it where it knows that, others
 * do not. 0: there is none. */
uint32_t plan_whole_bit(uint32_t mask);

/* True if tenants' rules decide about a port on this host. */
bool plan_filtered(const struct plan *);

#endif /* src/plan/plan.h */
