/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CORDON_HOOK_H
#define CORDON_HOOK_H

/*
 * The netfilter hooks at a device's ingress and egress.
 */

#include <linux/netfilter.h>

unsigned int cordon_hook_ingress(void *priv, struct sk_buff *skb,
				 const struct nf_hook_state *state);
unsigned int cordon_hook_egress(void *priv, struct sk_buff *skb,
				const struct nf_hook_state *state);

#endif /* CORDON_HOOK_H */
