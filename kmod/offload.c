// SPDX-License-Identifier: GPL-2.0
/*
 * What a guest leaves to others: checksums that are still to be written, and
 * frames that are still to be cut.
 */

#include "offload.h"

#include <linux/icmp.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/sctp.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/tcp.h>

#include "compat.h"
#include "skb.h"

/*
 * Whether the checksum that is still to be written goes where the upper layer
 * has its own, not over something that has been judged. Tunnels may leave that
 * of the inner packet, which is nobody's business. The packet has been judged,
 * and so has its headers in the linear part.
 */
static bool checksum_fits(const struct cordon_frame *frame)
{
	const struct sk_buff *skb = frame->skb;
	int start = skb_checksum_start_offset(skb) -
		    (int)(frame->net - skb->data);
	const struct ipv6hdr *ip6;
	const struct iphdr *ip;
	const __be16 *port;
	int upper;
	u32 i;
	u8 proto;

	if (frame->eth->h_proto == htons(ETH_P_IP)) {
		ip = (const struct iphdr *)frame->net;
		upper = ip->ihl * 4;
		proto = ip->protocol;
		if (ip->frag_off & htons(IP_OFFSET | IP_MF))
			return false;
	} else if (frame->eth->h_proto == htons(ETH_P_IPV6)) {
		ip6 = (const struct ipv6hdr *)frame->net;
		upper = sizeof(*ip6);
		proto = ip6->nexthdr;
	} else {
		return false;
	}
	if (start == upper)
		return (proto == IPPROTO_TCP &&
			skb->csum_offset == offsetof(struct tcphdr, check)) ||
		       (proto == IPPROTO_UDP &&
			skb->csum_offset == offsetof(struct udphdr, check)) ||
		       (proto == IPPROTO_SCTP &&
			skb->csum_offset == offsetof(struct sctphdr, checksum));
	if (start < upper + (int)sizeof(struct udphdr))
		return false;
	if (proto == IPPROTO_GRE)
		return true;
	if (proto != IPPROTO_UDP || frame->have < (u32)upper + 4)
		return false;
	port = (const __be16 *)(frame->net + upper);
	for (i = 0; i < 2; i++)
		switch (ntohs(port[i])) {
		case 67:
		case 68:
		case 546:
		case 547:
			return false;
		}
	return true;
}

/*
 * Whether what is to be cut as TCP is that, and its header where the kernel
 * takes it to be: others, devices among them, go by what the frame is to be cut
 * as. Of a tunnel that is the inner packet.
 */
static bool is_cut_right(const struct cordon_frame *frame)
{
	const struct sk_buff *skb = frame->skb;
	unsigned int tcp = skb_shinfo(skb)->gso_type &
			   (SKB_GSO_TCPV4 | SKB_GSO_TCPV6);
	const struct ipv6hdr *ip6;
	const struct iphdr *ip;
	u32 upper;
	u8 proto;

	if (!tcp || skb->encapsulation)
		return true;
	if (tcp == SKB_GSO_TCPV4 && frame->eth->h_proto == htons(ETH_P_IP)) {
		ip = (const struct iphdr *)frame->net;
		upper = ip->ihl * 4;
		proto = ip->protocol;
	} else if (tcp == SKB_GSO_TCPV6 &&
		   frame->eth->h_proto == htons(ETH_P_IPV6)) {
		ip6 = (const struct ipv6hdr *)frame->net;
		upper = sizeof(*ip6);
		proto = ip6->nexthdr;
	} else {
		return false;
	}
	return proto == IPPROTO_TCP &&
	       skb_transport_header(skb) == frame->net + upper &&
	       frame->have >= upper + sizeof(struct tcphdr);
}

/*
 * What it is cut into must fit, has a size, is not less than any TCP sends, for
 * there would be thousands, and is no fragments: nobody would note them.
 * (netback takes any size but 0; taps have theirs checked by the kernel.)
 */
static bool cut_fits(const struct cordon_frame *frame, u32 mtu)
{
	const struct sk_buff *skb = frame->skb;
	const struct skb_shared_info *info = skb_shinfo(skb);

	return !(info->gso_type & SKB_GSO_UDP) &&
	       info->gso_size >= TCP_MIN_GSO_SIZE &&
	       info->gso_size != GSO_BY_FRAGS &&
	       is_cut_right(frame) && skb_gso_validate_network_len(skb, mtu);
}

u64 cordon_offload_segments(const struct sk_buff *skb)
{
	return skb_is_gso(skb) ?
		DIV_ROUND_UP(skb->len, skb_shinfo(skb)->gso_size) : 1;
}

bool cordon_offload_fits(struct sk_buff *skb, u32 mtu)
{
	struct cordon_frame frame;

	cordon_frame_set(&frame, skb, 0);
	if (skb->ip_summed == CHECKSUM_PARTIAL && !checksum_fits(&frame))
		return false;
	return !frame.gso || cut_fits(&frame, mtu);
}
