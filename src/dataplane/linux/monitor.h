/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_MONITOR_H
#define CORDON_DATAPLANE_LINUX_MONITOR_H 1

/* rtnetlink's notifications. */

#include <stdbool.h>

int monitor_open(void); /* 0 or -errno. */
void monitor_close(void);
int monitor_fd(void);

/* True if something that may matter has changed since the last call, or if
 * notifications were lost. */
bool monitor_changed(void);

#endif /* src/dataplane/linux/monitor.h */
