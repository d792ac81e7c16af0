/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_MONITOR_H
#define CORDON_DATAPLANE_LINUX_MONITOR_H 1

/* rtnetlink's notifications. */

#include <stdint.h>

int monitor_open(void); /* 0 or -errno. */
void monitor_close(void);
int monitor_fd(void);

/* What has changed, or may have. */
enum {
    HEARD_LINK = 1 << 0,  /* Devices, addresses, bridge ports, VLANs. */
    HEARD_NEIGH = 1 << 1, /* FDB entries. */
    HEARD_TC = 1 << 2,
    HEARD_GONE = 1 << 3, /* A device is not there any more, or was not. */
    HEARD_ALL = (1 << 4) - 1,
};

/* HEARD_* of what has been told of since the last call; all if something was
 * lost. */
uint32_t monitor_heard(void);

#endif /* src/dataplane/linux/monitor.h */
