/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AGENT_AGENT_H
#define CORDON_AGENT_AGENT_H 1

/* The agent: everything that cordond's main loop runs. */

#include <stdbool.h>

#include "agent/reconcile.h"
#include "openvswitch/list.h"

struct canaries;
struct dataplane;
struct ds;
struct xenstore;

struct agent {
    struct reconciler reconciler;
    struct xenstore *xs; /* NULL: there is no xenstored to look for. */
    char *state_dir;
    char *policy_path;         /* What a reload reads. */
    char *policy_error;        /* Of the last reload, NULL: it was good. */
    struct ovs_list requests;  /* agent/request.h. */
    struct canaries *canaries; /* agent/canary.h; NULL: none. */
    long long int refresh_at;  /* When to ask xenstored again. */
    bool exiting;
};

/* 'policy_path' NULL: the one applied last, or the default. */
void agent_init(struct agent *, const struct dataplane *, bool xen,
                const char *state_dir, const char *policy_path);
void agent_done(struct agent *);

/* Loads the policy from 'path', an absolute one; if it is good, it takes
 * effect in the next turn, and 'path' is remembered for reloads and restarts.
 * Otherwise nothing changes. Returns 0 or -errno with 'errors'. */
int agent_load(struct agent *, const char *path, struct ds *errors);

/* The same for the present path; errors are logged. */
void agent_reload(struct agent *);

/* Makes a turn if one is due and answers the requests that it settles. */
void agent_run(struct agent *);
void agent_wait(struct agent *);

#endif /* src/agent/agent.h */
