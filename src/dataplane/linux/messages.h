/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_MESSAGES_H
#define CORDON_DATAPLANE_LINUX_MESSAGES_H 1

#include <stdint.h>

/* Netlink requests of the dataplane since it was opened. */
struct dataplane_messages {
    uint64_t writes; /* That change something. */
    uint64_t reads;  /* Dumps and the like, of rtnetlink. */
};

struct dataplane_messages dataplane_messages(void);

#endif /* src/dataplane/linux/messages.h */
