/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_NFLOG_H
#define CORDON_DATAPLANE_LINUX_NFLOG_H 1

/* What rules pass to nflog (logged.h), received. */

#include <stdbool.h>
#include <stddef.h>

#include "dataplane/dataplane.h"

struct nlmsghdr;

/* Opens the socket and has the kernel pass packets to it. Does nothing if that
 * is so. 0 or -errno; -EBUSY if another program listens to our group. */
int nflog_open(void);
void nflog_close(void);
int nflog_fd(void); /* -1: not open. */

/* Gives 'cb' what is waiting, 'max' frames at most. 0; -EAGAIN: there may be
 * more; -ENOBUFS: some were lost; another -errno. */
int nflog_receive(size_t max, dropped_cb *, void *aux);

/* Reads a message. False if it is no frame that one of our rules passed, or
 * if it is malformed. */
bool nflog_parse(const struct nlmsghdr *, struct dropped_frame *ret_frame);

#endif /* src/dataplane/linux/nflog.h */
