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
    CLAIM_SERVICE,    /* A network's 'services'. */
};

struct claim {
    enum claim_kind kind;
    uint8_t vrrp;        /* Its id, if CLAIM_VRRP. */
    struct eth_addr mac; /* One of the two. */
    struct prefix address;
    const struct policy_network *network;
    const struct policy_interface *interface; /* NULL: the network's. */
    const struct policy_service *service;     /* If CLAIM_SERVICE. */
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
    struct shash tenants;     /* Name to node. */
    struct shash owners;      /* Name to tenant. */
    struct shash devices;     /* Name to node. */
    struct shash uuids;       /* UUID to node. */
    struct shash by_name;     /* Guests known by name alone, to node. */
    struct shash by_uuid;     /* Names of guests known by UUID, to node. */
    struct shash group_peers; /* Tenant to the first node that names a group
                               * as a peer. */
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

/* Reads all of a tenant but its guests, whose node it returns, NULL if there
 * are none: they may be in networks of other tenants. */
const struct node *tenant_read(struct build *, const struct node *name,
                               struct policy_tenant *);
void guests_read(struct build *, const struct node *value,
                 struct policy_tenant *);
void network_read(struct build *, const struct node *name,
                  struct policy_network *);
void guest_read(struct build *, const struct node *name,
                struct policy_guest *);
void interface_read(struct build *, const struct node *value,
                    struct policy_interface *);
void groups_read(struct build *, const struct node *value,
                 struct policy_tenant *);
void rule_read(struct build *, const struct node *value,
               const struct policy_group *, enum policy_direction,
               struct policy_rule *);
void peers_read(struct build *, const struct node *value,
                const struct policy_tenant *, struct policy_rule *);

/* Reads the names of the groups that an interface is in. */
void membership_read(struct build *, const struct node *value,
                     struct policy_interface *);

void services_read(struct build *, const struct node *value,
                   struct policy_network *);

/* Reads the name of a device that is bound, which no other has, into the
 * policy's arena. */
void device_read(struct build *, const struct node *value,
                 const char **ret_device);

/* Reads how many connections an interface or service may have, the default if
 * 'value' is NULL. */
void max_connections_read(struct build *, const struct node *value,
                          uint32_t *ret_max);

/* Reads "rate" and "burst", each NULL if absent. */
void rates_read(struct build *, const struct node *rate,
                const struct node *burst,
                struct policy_rate rates[POLICY_N_DIRECTIONS]);

/* Reads a protocol's name or number. */
bool protocol_read(struct build *, const struct node *value,
                   int16_t *ret_protocol);

/* Reads a list of ports of 'protocol', which is NULL for all of them. */
void ports_read(struct build *, const struct node *value, int16_t protocol,
                struct policy_ports **ret_ports, size_t *ret_n);

/* Return what of 'tenant' has the name that 'node' gave, or NULL and an
 * error. */
const struct policy_group *group_find(struct build *, const struct node *,
                                      const char *name,
                                      const struct policy_tenant *tenant);
const struct policy_network *network_find(struct build *, const struct node *,
                                          const char *name,
                                          const struct policy_tenant *tenant);

/* The same, where 'name' may also be "TENANT/NETWORK": a shared network of
 * another tenant. */
const struct policy_network *
network_find_shared(struct build *, const struct node *, const char *name,
                    const struct policy_tenant *tenant);

/* True if 'p', which 'node' gave, can be a station's in 'network', or is in
 * none of its subnets. */
bool station_check(struct build *, const struct node *,
                   const struct policy_network *network,
                   const struct prefix *p);

/* True if 'p', which 'node' gave, lies in a subnet of 'network' and, if it is
 * one address, can be a station's there. */
bool subnet_check(struct build *, const struct node *,
                  const struct policy_network *network,
                  const struct prefix *p);

/* What can be judged only when everything is known. */
void conflicts_check(struct build *);

/* Addresses tell members of groups apart only where a tenant has each of them
 * once. */
void members_check(struct build *);

#endif /* src/policy/build.h */
