/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_HOST_LIMIT_H
#define CORDON_DATAPLANE_LINUX_HOST_LIMIT_H 1

/* Sysctls of the host that tenants' rules need: what conntrack may hold, and
 * how long fragments wait. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct plan;

#define HOST_N_LIMITS 7

extern const char *const host_limit_names[HOST_N_LIMITS];

/* Connections that the host's own, and other bridges', may have besides. */
#define HOST_CONNECTIONS 65536

/* A sysctl, by its name below /proc/sys. Only raised, or lowered, as far as
 * needed: what is beyond that is left as it is. */
struct host_limit {
    const char *name;
    enum { LIMIT_EXACTLY, LIMIT_AT_LEAST, LIMIT_AT_MOST } relation;
    uint64_t value;
};

/* What is wanted while rules are asked: fills 'ret_limits', which has
 * HOST_N_LIMITS. Returns how many, 0 if no rules are. */
size_t host_limits(const struct plan *, struct host_limit *ret_limits);

/* The limit's value as it is written. In 'arena'. */
const char *host_limit_text(const struct host_limit *, struct arena *);

/* True if 'text', as it was read, is good. */
bool host_limit_holds(const struct host_limit *, const char *text);

#endif /* src/dataplane/linux/host_limit.h */
