/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AGENT_REJUDGE_H
#define CORDON_AGENT_REJUDGE_H 1

/* When running connections are judged by the rules: once these are in the
 * kernel as wanted; once more a second later, for frames that were under way
 * between the old rules and the table of connections; and when asked to. */

#include <stdbool.h>

struct dataplane;
struct plan;

struct rejudge {
    char *problem; /* Why connections may be other than the rules say. */

    /* Private. */
    long long int at; /* When it is due. */
    bool twice;       /* And due once more after that. */
    bool early;       /* Was done before all rules were in the kernel. */
    long long int backoff;
};

void rejudge_init(struct rejudge *);
void rejudge_done(struct rejudge *);

/* What decides about connections has changed: due at once, and once more. */
void rejudge_anew(struct rejudge *);

/* Due at once, once. */
void rejudge_now(struct rejudge *);

/* The rules of 'plan' are in the kernel as far as it takes them; if 'all',
 * nothing of them is missing. Does what is due. */
void rejudge_run(struct rejudge *, const struct dataplane *,
                 const struct plan *, bool all);
void rejudge_wait(const struct rejudge *);

#endif /* src/agent/rejudge.h */
