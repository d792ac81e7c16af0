/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_SYSCTL_H
#define CORDON_DATAPLANE_LINUX_SYSCTL_H 1

/* How much IP the host has on guests' devices: none. And br_netfilter: off. */

#include <stdint.h>

struct arena;
struct change;
struct devices;
struct nlsock;
struct objects;
struct plan;

void sysctl_want(const struct plan *, struct arena *, struct objects *);
int sysctl_observe(const struct plan *, const struct devices *, struct arena *,
                   struct objects *);

/* Equal as long as no sysctl of the host that matters has changed; those of
 * devices are theirs. */
uint32_t sysctl_fingerprint(void);

/* Writes a sysctl, or queues the request that does. 0 or -errno. */
int sysctl_put(struct nlsock *, const struct change *, uint32_t tag);

#endif /* src/dataplane/linux/sysctl.h */
