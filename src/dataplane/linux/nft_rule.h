/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_NFT_RULE_H
#define CORDON_DATAPLANE_LINUX_NFT_RULE_H 1

/* Rules of nftables as text, both ways. A rule is a line, and a line is
 * statements with "; " between them:
 *
 *     TERM OP HEX             compare: == != < <= > >=
 *     TERM HEX-HEX            in a range
 *     [!]KEY in SET           [not] an element
 *     KEY vmap SET            the verdict of an element, if there is one
 *     mark = KEY map SET      set skb->mark from a map
 *     mark = mark | HEX       set bits of skb->mark
 *     mark = mark & HEX       keep those
 *     ct.mark = ct.mark | HEX set bits of its connection's mark
 *     ct.zone = KEY map SET   set the zone to track the packet in from a map
 *     notrack                 do not track its connection
 *     connections > HEX       there are more of those that came by here
 *     pkttype = HEX           set skb->pkt_type
 *     count SET KEY           count, by KEY, in a dynamic set
 *     log HEX HEX PREFIX      pass the first bytes to a group of nflog: group,
 *                             bytes, and a word that says what this is
 *     accept | drop | return | goto CHAIN | jump CHAIN
 *
 * KEY is terms with " . " between them; a TERM is a field, which may be
 * followed by " & HEX", or a constant of four bytes, "#HEX". Fields are loads
 * ("ll0:6", "nh12:4", "th2:2": header, offset, length; some have names) or
 * what the kernel knows of the packet ("iif", "mark"...) and its connection
 * ("ct.state"...). HEX is in the order of bytes of the packet. A load that does not fit in the packet makes its
 * rule not match. */

#include <stddef.h>

struct ds;
struct nftnl_rule;

/* Adds what 'line' says to 'rule'. Returns 0, or -EINVAL if the line is not
 * of the above form: 'line' is the program's own, so that would be a bug. */
int nft_rule_put(const char *line, size_t length, struct nftnl_rule *rule);

/* Appends 'rule' as a line without line feed. What the above form does not
 * have comes out between "[" and "]" and is equal to no line. */
void nft_rule_parse(const struct nftnl_rule *rule, struct ds *line);

#endif /* src/dataplane/linux/nft_rule.h */
