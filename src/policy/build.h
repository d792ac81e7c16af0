/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_POLICY_BUILD_H
#define CORDON_POLICY_BUILD_H 1

/* A policy in the making: shared by the files that read its parts. Private to
 * src/policy. */

#include <stdbool.h>
#include <stddef.h>

#include "lib/addr.h"
#include "openvswitch/shash.h"
#include "policy/policy.h"

struct diag;
struct node;

/* Who may use an address or a MAC, and as what. */
enum claim_kind {
    CLAIM_OWN,        /* 'mac', 'addresses'. */
    CLAIM_LINK_LOCAL, /* 'link_local', unless it is any. */
    CLAIM_EXTRA,      /* 'extra'. */
    CLAIM_VRRP,       /* 'vrrp'. */
    CLAIM_GATEWAY,    /* A network's 'gateways'. */
};

struct claim {
    enum claim_kind kind;
    uint8_t vrrp;        /* Its id, if CLAIM_VRRP. */
    struct eth_addr mac; /* One of the two. */
    struct prefix address;
    const struct policy_network *network;
    const struct policy_interface *interface; /* NULL: CLAIM_GATEWAY. */
    const struct node *node;                  /* Where it says so. */
    bool told; /* That it conflicts with an earlier one. */
};

/* A growing array; zeroed is empty. */
struct claims {
    struct claim *v;
    size_t n, allocated;
};

/* Nodes point to the place that errors about the thing are told at, or about
 * a second one refer to. */
struct build {
    struct policy *policy;
    struct arena *arena; /* The policy's. */
    struct diag *diag;
    const struct node *host;
    const struct node *bridge, *uplink;
    struct shash tenants; /* Name to node. */
    struct shash devices; /* Name to node. */
    struct shash uuids;   /* UUID to node. */
    struct shash by_name; /* Guests known by name alone, to node. */
    struct shash by_uuid; /* Names of guests known by UUID, to node. */
    const struct node *vlans[4095];
    struct claims macs;
    struct claims addresses;
};

void build_init(struct build *, struct diag *);
/* Does not free the policy. */
void build_done(struct build *);

/* Adds an error at 'node'. */
void build_error(struct build *, const struct node *, const char *format, ...)
    OVS_PRINTF_FORMAT(3, 4);

struct policy_where build_where(const struct node *);

/* Enters 'name' into 'table' as seen at 'node'. Returns NULL, or the node
 * where it was seen first. */
const struct node *build_once(struct shash *table, const char *name,
                              const struct node *node);

void claims_add(struct claims *, const struct claim *);

/* The parts. Each reads 'value' into what it is given and adds its errors;
 * what is wrong is left out. */
void host_read(struct build *, const struct node *value, struct policy_host *);
void tenant_read(struct build *, const struct node *name,
                 struct policy_tenant *);
void network_read(struct build *, const struct node *name,
                  struct policy_network *);
void guest_read(struct build *, const struct node *name,
                struct policy_guest *);
void interface_read(struct build *, const struct node *value,
                    struct policy_interface *);

/* True if 'p', which 'node' gave, lies in a subnet of 'network' and, if it is
 * one address, can be a station's there. */
bool subnet_check(struct build *, const struct node *,
                  const struct policy_network *network,
                  const struct prefix *p);

/* What can be judged only when everything is known. */
void conflicts_check(struct build *);

#endif /* src/policy/build.h */
