/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_PROBE_PORT_H
#define CORDON_AUDIT_PROBE_PORT_H 1

/* Where `cordon probe` sends and listens: veths whose host ends are bound as a
 * guest's device is, while the other end is in a network namespace that has
 * no name and nothing else in it. The namespace lives as long as the socket
 * in it: whatever ends this process, the kernel takes away namespace, veth
 * and both ends. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/addr.h"

struct probe_port {
    int fd;           /* -1: none. */
    uint32_t ifindex; /* Of the host's end; 0: not made by us. */
};

/* Makes the veth 'device', the guest's end of which has 'mac'. Returns NULL,
 * or what went wrong, which the caller frees. */
char *probe_port_open(const char *device, struct eth_addr mac,
                      struct probe_port *ret_port);

/* Listens to 'device' of the host, which stays as it is, for frames from or to
 * MACs that begin as 'mac' does: to those that it sends, if 'outgoing', or to
 * those that it receives. */
char *probe_port_listen(const char *device, struct eth_addr mac, bool outgoing,
                        struct probe_port *ret_port);

/* Takes the veth away. */
void probe_port_close(struct probe_port *);

/* 0 or -errno. */
int probe_port_send(const struct probe_port *, const void *frame, size_t n);

/* The next frame, of which up to 'size' bytes are put into 'buf'; its length
 * there, -EAGAIN if there is none, or another -errno. */
ssize_t probe_port_receive(const struct probe_port *, void *buf, size_t size);

/* Frames that came and were lost since the last call. */
unsigned int probe_port_lost(const struct probe_port *);

#endif /* src/audit/probe_port.h */
