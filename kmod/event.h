/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CORDON_EVENT_H
#define CORDON_EVENT_H

/*
 * What is told to the multicast group.
 */

#include <linux/skbuff.h>

#include "../include/uapi/cordon.h"

struct cordon_port;

/* A frame is about to be dropped. */
void cordon_event_drop(struct cordon_port *port, const struct sk_buff *skb,
		       bool ingress, enum cordon_reason reason);
/* A port was closed, for what 'why' says. */
void cordon_event_blocked(const struct cordon_port *port, const char *why);

#endif /* CORDON_EVENT_H */
