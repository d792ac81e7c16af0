/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_GUARD_EVENT_H
#define CORDON_DATAPLANE_GUARD_EVENT_H 1

/* What the kernel module tells of frames that it drops, of all ports. */

#include "dataplane/dataplane.h"

/* Listens, if the module is loaded. Does nothing if that is so. 0 or
 * -errno. */
int event_open(void);
void event_close(void);
int event_fd(void); /* -1: not open. */

/* The module was loaded or unloaded: the next event_open() looks again. */
void event_forget(void);

/* Gives 'cb' what is waiting. Returns 'result', or -ENOBUFS if some were
 * lost. */
int event_receive(dropped_cb *, void *aux, int result);

#endif /* src/dataplane/guard/event.h */
