/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_TESTS_UNIT_AGENT_FAKE_H
#define CORDON_TESTS_UNIT_AGENT_FAKE_H 1

/* A host that is only memory: links, a policy with two tenants, and a
 * dataplane whose "kernel" is an array of objects and can be told to fail. */

#include <stdbool.h>
#include <stdint.h>

#include "agent/agent.h"
#include "agent/call.h"
#include "plan/object.h"

#define FAKE_PORTS 2    /* veth0 of acme, veth1 of globex. */
#define FAKE_IFINDEX 10 /* Of veth0; that of veth1 follows. */

struct fake {
    struct objects kernel;
    bool there[FAKE_PORTS]; /* Is the device there? */
    uint32_t ifindex[FAKE_PORTS];
    bool changed; /* What changed() tells next. */
    int inventory_error, observe_error, apply_error, drops_error,
        judge_error;       /* 0, -errno. */
    int fail_kind;         /* Changes of this kind fail, -1: none... */
    uint32_t fail_ifindex; /* ...of this device. */
    bool silent;           /* They are not made and no error is given. */
    bool stepwise;         /* What is up is wanted once there is a VLAN. */
    unsigned int n_observes, n_forgets, n_judges;
};

extern struct fake fake;
extern const struct dataplane fake_dataplane;

void fake_init(void);
void fake_done(void);

/* Both devices bound, none of Xen. The caller owns it. */
struct policy *fake_policy(void);
int fake_inventory(void *aux, struct inventory **);

/* An agent on the fake host, with the policy unless told otherwise. */
void fake_agent_init(struct agent *, bool policy);

/* Makes turns until nothing is due. */
void fake_settle(struct agent *);

/* How many objects of 'kind' the kernel has on device 'i'; -1: of any. */
size_t fake_count(int kind, unsigned int i);
void fake_remove(enum object_kind, unsigned int i);

enum port_state fake_state(const struct agent *, unsigned int i);

/* A call that keeps its answer. */
struct fake_call {
    struct call up;
    int answers;
    int status;
    char *output;
};

void fake_call_init(struct fake_call *);
void fake_call_done(struct fake_call *);

#endif /* tests/unit/agent_fake.h */
