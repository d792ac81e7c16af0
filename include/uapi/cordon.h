/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
#ifndef _UAPI_CORDON_H
#define _UAPI_CORDON_H

/*
 * Generic netlink family "cordon": how the kernel guard is told what each
 * guarded device may send and receive, and how it answers.
 *
 * All requests need CAP_NET_ADMIN in the initial user namespace, and come from
 * the initial network namespace. Every refusal carries an extended ACK
 * with a text and, where one attribute is at fault, its offset. Integers are
 * in host byte order, addresses in network order. Unknown attributes are
 * refused.
 *
 * A guarded device is in one of these states (CORDON_A_PORT_STATE): it is
 * QUARANTINED from the instant it is registered, and drops and counts all
 * frames; PORT_SET makes it GUARDED. A device on which something runs ahead of
 * the guard (an XDP program, a filter at tc ingress) is BLOCKED: down, dropping
 * everything, and refusing to be put up until that is gone and PORT_SET or
 * PORT_DEL has been repeated.
 *
 * An answer of a dump that does not fit in one message is continued in the
 * next one: the same SEGMENT_ID or PORT_IFINDEX, and more elements of lists,
 * nothing else. A GET for one that would need that is refused (EMSGSIZE).
 * Where a dump was overtaken by a change, NLM_F_DUMP_INTR says so. Lists of
 * PREFIX, PAIR, MAC and MEMBER are answered in the order of memcmp().
 */

#include <linux/types.h>

#define CORDON_GENL_NAME	"cordon"
#define CORDON_GENL_VERSION	2

/* Multicast group of CORDON_CMD_EVENT. To listen needs CAP_NET_ADMIN. */
#define CORDON_GENL_MCGRP	"drops"

/* Bytes of a dropped frame that an event carries at most. */
#define CORDON_EVENT_BYTES	64

enum cordon_cmd {
	CORDON_CMD_UNSPEC,

	/* Answers with the HOST attributes, all of them. */
	CORDON_CMD_HOST_GET,
	/*
	 * Replaces what ports share: HOST_MARK_MASK, HOST_BRIDGE_MAC,
	 * HOST_UNDERLAY (none: no underlay). The mask can be changed only while
	 * no port is guarded.
	 */
	CORDON_CMD_HOST_SET,

	/*
	 * Segments: SET makes or replaces one whole, by SEGMENT_ID; it needs
	 * SEGMENT_VLAN, which no other segment may have (EEXIST). DEL is
	 * refused (EBUSY) while a port is in it. GET answers for one, or as a
	 * dump for all.
	 */
	CORDON_CMD_SEGMENT_SET,
	CORDON_CMD_SEGMENT_GET,
	CORDON_CMD_SEGMENT_DEL,

	/*
	 * Ports. SET replaces a port whole, by PORT_IFINDEX, and guards a
	 * device that is not yet; with PORT_COOKIE, only if the device is still
	 * the one that had that cookie (ESTALE). It needs PORT_KIND and, of a
	 * guest, PORT_SEGMENT, PORT_MACS and PORT_STORM; other kinds take
	 * nothing more. DEL quarantines, a device that is not hooked too; with
	 * PORT_RELEASE, the guard lets go of the device altogether: only for
	 * who has put another guard in place. GET answers for one, or as a
	 * dump for all, quarantined ones too.
	 */
	CORDON_CMD_PORT_SET,
	CORDON_CMD_PORT_GET,
	CORDON_CMD_PORT_DEL,

	/*
	 * A SEGMENT_SET or PORT_SET that does not fit in one message: BEGIN
	 * with the attributes of that request, of which CORDON_A_TABLE names
	 * the command; any number of ADDs with more elements of its lists;
	 * COMMIT makes it so in one step, ABORT or closing the socket
	 * forgets it. One table at a time per socket.
	 */
	CORDON_CMD_TABLE_BEGIN,
	CORDON_CMD_TABLE_ADD,
	CORDON_CMD_TABLE_COMMIT,
	CORDON_CMD_TABLE_ABORT,

	/* Counters of a port, or as a dump of all: PORT_IFINDEX, STATS. */
	CORDON_CMD_STATS_GET,

	/* To the multicast group: a frame was dropped. Rate-limited. */
	CORDON_CMD_EVENT,

	__CORDON_CMD_MAX,
};
#define CORDON_CMD_MAX (__CORDON_CMD_MAX - 1)

enum cordon_attr {
	CORDON_A_UNSPEC,
	CORDON_A_PAD,

	/* u32: changes with every change of the guard's configuration. */
	CORDON_A_GENERATION,
	/* u16: CORDON_CMD_SEGMENT_SET or CORDON_CMD_PORT_SET. */
	CORDON_A_TABLE,

	/* Host. */
	CORDON_A_HOST_VERSION,		/* string: the module's */
	CORDON_A_HOST_MARK_MASK,	/* u32: bits of skb->mark, contiguous */
	CORDON_A_HOST_BRIDGE_MAC,	/* 6 bytes: nobody may send from it */
	CORDON_A_HOST_UNDERLAY,		/* CORDON_A_PREFIX, nested list */
	CORDON_A_HOST_GUARDED,		/* u32: ports guarded */
	CORDON_A_HOST_QUARANTINED,	/* u32: devices in quarantine */

	/* Segment. */
	CORDON_A_SEGMENT_ID,		/* u32, not 0: the mark, unshifted */
	CORDON_A_SEGMENT_VLAN,		/* u16: 1 to 4094, on the uplink */
	CORDON_A_SEGMENT_BROADCAST,	/* list of PREFIX: the broadcast
					 * addresses of its IPv4 subnets */
	CORDON_A_SEGMENT_BELIEVED,	/* list of PAIR: who may advertise
					 * routers and answer DHCP */
	CORDON_A_SEGMENT_GATEWAYS,	/* list of MAC: what comes from them
					 * may have any header chain */
	CORDON_A_SEGMENT_DECLARED,	/* list of PREFIX: what a router in the
					 * segment may not send from */

	/* Port. */
	CORDON_A_PORT_IFINDEX,		/* u32 */
	CORDON_A_PORT_NAME,		/* string, answers only: at present */
	CORDON_A_PORT_COOKIE,		/* u64: of this life of the device */
	CORDON_A_PORT_STATE,		/* u8: enum cordon_port_state */
	CORDON_A_PORT_KIND,		/* u8: enum cordon_port_kind */
	CORDON_A_PORT_SEGMENT,		/* u32: guests only */
	CORDON_A_PORT_MACS,		/* list of MAC: may be sent from */
	CORDON_A_PORT_ROAMING,		/* list of MAC: those of MACS that
					 * others may have too (VRRP) */
	CORDON_A_PORT_PAIRS,		/* list of PAIR: may be sent from */
	CORDON_A_PORT_FLAGS,		/* u32: CORDON_PORT_F_* */
	CORDON_A_PORT_VRRP,		/* bytes: virtual router numbers */
	CORDON_A_PORT_MTU,		/* u32: largest packet, 0: the
					 * device's */
	CORDON_A_PORT_STORM,		/* u32: broadcast and multicast frames
					 * a second from the guest, 0: none */
	CORDON_A_PORT_RATE,		/* u32: frames a second from the guest,
					 * 0: not limited */
	CORDON_A_PORT_RELEASE,		/* flag, PORT_DEL */
	CORDON_A_PORT_WHY,		/* string, answers and events: why it
					 * is blocked */

	/* Elements of lists. */
	CORDON_A_PREFIX,		/* struct cordon_prefix */
	CORDON_A_PAIR,			/* struct cordon_pair */
	CORDON_A_MAC,			/* 6 bytes */

	/* Counters and events. */
	CORDON_A_STATS,			/* list of STAT */
	CORDON_A_STAT,			/* struct cordon_stat */
	CORDON_A_REASON,		/* u32: enum cordon_reason */
	CORDON_A_INGRESS,		/* flag: the guest sent the frame */
	CORDON_A_FRAME,			/* its first CORDON_EVENT_BYTES */
	CORDON_A_LOST,			/* u64: events not sent since the last,
					 * for the rate limit */

	/*
	 * Shared networks, since version 2. A port with CORDON_PORT_F_ISOLATED
	 * receives from the segment's TRUSTED only, and from the MEMBERS of its
	 * community: while one of its own MACs is among these.
	 */
	CORDON_A_SEGMENT_TRUSTED,	/* list of MAC */
	CORDON_A_SEGMENT_MEMBERS,	/* list of MEMBER */
	CORDON_A_PORT_COMMUNITY,	/* u32, not 0: isolated ports only */
	CORDON_A_MEMBER,		/* struct cordon_member */

	/* Port, since version 2: both or none. The Ethernet header is counted too. */
	CORDON_A_PORT_BYTES,		/* u64: bytes a second from the guest,
					 * 0: not limited */
	CORDON_A_PORT_BURST,		/* u32: bytes at once, more than 0; at
					 * most 300 seconds' */

	__CORDON_A_MAX,
};
#define CORDON_A_MAX (__CORDON_A_MAX - 1)

enum cordon_port_state {
	CORDON_PORT_QUARANTINED,
	CORDON_PORT_GUARDED,
	CORDON_PORT_BLOCKED,
};

enum cordon_port_kind {
	CORDON_PORT_GUEST,	/* vif, tap: one guest's interface */
	CORDON_PORT_UPLINK,	/* trunk: VLAN tells the segment */
	CORDON_PORT_HOST,	/* the bridge device: nothing passes */
};

#define CORDON_PORT_F_ROUTER		(1 << 0)
#define CORDON_PORT_F_DHCP_SERVER	(1 << 1)
#define CORDON_PORT_F_ISOLATED		(1 << 2)
#define CORDON_PORT_F_ALL		((1 << 3) - 1)

/* A host has 32 or 128 bits. Bits past 'len' are 0. */
struct cordon_prefix {
	__u8 family;		/* AF_INET, AF_INET6 */
	__u8 len;
	__u8 reserved[2];	/* 0 */
	__u8 addr[16];		/* the first 4 for AF_INET, rest 0 */
};

struct cordon_pair {
	__u8 mac[6];
	__u8 reserved[2];	/* 0 */
	struct cordon_prefix prefix;
};

struct cordon_member {
	__u32 community;	/* not 0 */
	__u8 mac[6];
	__u8 reserved[2];	/* 0 */
};

/* Frames and bytes (from the Ethernet header on, without the checksum). */
struct cordon_stat {
	__u32 reason;
	__u8 ingress;		/* 1: from the guest */
	__u8 reserved[3];
	__u64 packets;
	__u64 bytes;
};

/*
 * Why a frame was dropped. The numbers up to 25, and 37, are those of the nftables
 * guard, so that they can be counted together. Never reused.
 * CORDON_PASS counts what passed.
 */
enum cordon_reason {
	CORDON_PASS			= 0,
	CORDON_DROP_SPOOFED_MAC		= 1,
	CORDON_DROP_TAGGED		= 2,
	CORDON_DROP_LLC			= 3,
	CORDON_DROP_CONTROL_MAC		= 4,
	CORDON_DROP_MAC_IP_MISMATCH	= 5,
	CORDON_DROP_ETHERTYPE		= 6,
	CORDON_DROP_ARP_MALFORMED	= 7,
	CORDON_DROP_ARP_SPOOF		= 8,
	CORDON_DROP_SPOOFED_IP		= 9,
	CORDON_DROP_MALFORMED		= 10,
	CORDON_DROP_IP_OPTIONS		= 11,
	CORDON_DROP_FRAGMENT		= 12,
	CORDON_DROP_ND_SPOOF		= 13,
	CORDON_DROP_ROGUE_RA		= 14,
	CORDON_DROP_EXT_HEADER		= 15,
	CORDON_DROP_ROGUE_DHCP		= 16,
	CORDON_DROP_ROGUE_ROUTER	= 17,
	CORDON_DROP_ENCAPSULATION	= 18,
	CORDON_DROP_ICMP_EMBEDDED	= 19,
	CORDON_DROP_STORM		= 20,
	CORDON_DROP_WRONG_SEGMENT	= 21,
	CORDON_DROP_NOT_ADDRESSED	= 22,
	CORDON_DROP_UNKNOWN_VLAN	= 23,
	CORDON_DROP_LOCAL_MAC		= 24,
	CORDON_DROP_TO_HOST		= 25,
	CORDON_DROP_QUARANTINED		= 26,	/* not guarded yet */
	CORDON_DROP_BLOCKED		= 27,	/* XDP or tc ahead of us */
	CORDON_DROP_RATE		= 28,	/* more than PORT_RATE */
	CORDON_DROP_POLICED		= 35,	/* more than PORT_BYTES */
	CORDON_DROP_NOT_GATEWAY		= 37,	/* to an isolated port */
	__CORDON_REASON_MAX,
};
#define CORDON_REASON_MAX (__CORDON_REASON_MAX - 1)

#endif /* _UAPI_CORDON_H */
