/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_READING_H
#define CORDON_DATAPLANE_LINUX_READING_H 1

/* The last reading of what rtnetlink tells: devices, traffic control, ports in
 * the bridge. Each part is read again when the kernel has told of a change of
 * it, when a poll has found one, and when we have written. */

#include <net/if.h>
#include <stdint.h>

#include "dataplane/linux/device.h"
#include "dataplane/linux/lock.h"
#include "dataplane/linux/port.h"

struct arena;
struct nlsock;

struct reading {
    char bridge[IFNAMSIZ]; /* The name of ours; "": nothing is read yet. */
    uint32_t bridge_index; /* 0: there is none, or it is not ours. */
    uint32_t stale;        /* HEARD_* of what has to be read again. */
    struct arena *arena;   /* Of 'devices'. */
    struct devices devices;
    struct lock_reading lock;
    struct port_reading ports;
    uint32_t polled; /* Fingerprint of what is polled. */
};

void reading_init(struct reading *);
void reading_done(struct reading *);

/* Marks parts as stale, HEARD_*. */
void reading_mark(struct reading *, uint32_t kinds);

/* Reads what is stale, for the bridge of that name. 0 or -errno: nothing may
 * be concluded, and what could not be read stays stale. */
int reading_update(struct reading *, struct nlsock *, const char *bridge);

/* Reads anew what the kernel does not tell of, sysctls and traffic control,
 * and with them all of devices. True if that has changed since it was read
 * last; then everything is stale. */
bool reading_poll(struct reading *, struct nlsock *);

#endif /* src/dataplane/linux/reading.h */
