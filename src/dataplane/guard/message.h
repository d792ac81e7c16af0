/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_GUARD_MESSAGE_H
#define CORDON_DATAPLANE_GUARD_MESSAGE_H 1

/* Records as messages of the module's family. */

#include <stdint.h>

struct arena;
struct module_host;
struct module_port;
struct module_segment;
struct nl_msg;
struct nlattr;
struct nlmsghdr;
struct nlsock;

/* A request 'command' of 'family' without attributes yet. */
struct nl_msg *module_message(uint16_t family, uint8_t command);

/* Queue what makes a record so; one that does not fit in a message, as a
 * table. 'cookie' 0: whatever device has the port's ifindex. */
void module_queue_host(struct nlsock *, uint16_t family,
                       const struct module_host *, uint32_t tag);
void module_queue_segment(struct nlsock *, uint16_t family,
                          const struct module_segment *, uint32_t tag);
void module_queue_port(struct nlsock *, uint16_t family,
                       const struct module_port *, uint64_t cookie,
                       uint32_t tag);

/* The attributes of an answer, by number; 'tb' has CORDON_A_MAX + 1. 0 or
 * -EPROTO. */
int module_attributes(const struct nlmsghdr *, struct nlattr **tb);

/* Read a record; arrays are in 'arena'. A segment or port that is the one
 * that the record holds already is continued: it did not fit in a message. 0
 * or -EPROTO. */
int module_read_host(struct nlattr **tb, struct arena *, struct module_host *);
int module_read_segment(struct nlattr **tb, struct arena *,
                        struct module_segment *);
int module_read_port(struct nlattr **tb, struct arena *, struct module_port *);

#endif /* src/dataplane/guard/message.h */
