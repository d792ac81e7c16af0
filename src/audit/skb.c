/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Frames as the kernel carries them. Follows eth_type_trans(),
 * skb_vlan_untag(), ipv6_find_hdr() and nftables' nft_set_pktinfo_ipv4_ and
 * ipv6_validate() of Linux 6.1. Used by what interprets rules and follows
 * frames through the host. */

#include <cordon-config.h>
#include "audit/skb.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <string.h>

#include "util.h"

#define VLAN_LEN 4
#define IP_LEN 20
#define IP6_LEN 40

static uint16_t
get16(const uint8_t *p)
{
    return p[0] << 8 | p[1];
}

static void
put16(uint8_t *p, uint16_t x)
{
    p[0] = x >> 8;
    p[1] = x;
}

struct eth_addr
skb_destination(const struct skb *skb)
{
    struct eth_addr mac;

    memcpy(&mac, skb->data, sizeof mac);
    return mac;
}

struct eth_addr
skb_source(const struct skb *skb)
{
    struct eth_addr mac;

    memcpy(&mac, skb->data + ETH_ALEN, sizeof mac);
    return mac;
}

uint16_t
skb_ethertype(const struct skb *skb)
{
    return get16(skb->data + 2 * ETH_ALEN);
}

/* The protocol that 'type', a type or a length, with 'n' bytes at 'p' behind
 * it, is. */
static uint16_t
to_protocol(uint16_t type, const uint8_t *p, size_t n)
{
    if (type >= ETH_P_802_3_MIN) {
        return type;
    }
    return n >= 2 && p[0] == 0xff && p[1] == 0xff ? ETH_P_802_3 : ETH_P_802_2;
}

bool
skb_untag(struct skb *skb)
{
    uint16_t type;

    if (skb->tagged) {
        return true;
    }
    if (skb->n < ETH_HLEN + VLAN_LEN + 2) {
        return false;
    }
    skb->tagged = true;
    skb->tag_protocol = skb->protocol;
    skb->tci = get16(skb->data + ETH_HLEN);
    type = get16(skb->data + ETH_HLEN + 2);
    skb->protocol = to_protocol(type, skb->data + ETH_HLEN + VLAN_LEN,
                                skb->n - ETH_HLEN - VLAN_LEN);
    memmove(skb->data + 2 * ETH_ALEN, skb->data + 2 * ETH_ALEN + VLAN_LEN,
            skb->n - 2 * ETH_ALEN - VLAN_LEN);
    skb->n -= VLAN_LEN;
    skb->linear =
        MIN(skb->linear > VLAN_LEN ? skb->linear - VLAN_LEN : 0, skb->n);
    skb->network = ETH_HLEN;
    return true;
}

void
skb_put_tag(struct skb *skb)
{
    if (!skb->tagged) {
        return;
    }
    memmove(skb->data + 2 * ETH_ALEN + VLAN_LEN, skb->data + 2 * ETH_ALEN,
            skb->n - 2 * ETH_ALEN);
    put16(skb->data + 2 * ETH_ALEN, skb->tag_protocol);
    put16(skb->data + ETH_HLEN, skb->tci);
    skb->protocol = skb->tag_protocol;
    skb->tagged = false;
    skb->n += VLAN_LEN;
    skb->linear += VLAN_LEN;
    skb->network += VLAN_LEN;
}

bool
skb_receive(struct skb *skb, uint8_t *data, size_t n, size_t linear,
            struct eth_addr mac)
{
    struct eth_addr to;

    *skb = (struct skb){
        .data = data,
        .n = n,
        .linear = MIN(n, linear),
        .network = ETH_HLEN,
        .pulled = ETH_HLEN,
    };
    if (n < ETH_HLEN) {
        return false;
    }
    to = skb_destination(skb);
    if (!memcmp(&to, &mac, sizeof to)) {
        skb->pkttype = PACKET_HOST;
    } else if (to.ea[0] & 1) {
        static const struct eth_addr all = { { { 0xff, 0xff, 0xff, 0xff, 0xff,
                                                 0xff } } };

        skb->pkttype =
            memcmp(&to, &all, sizeof to) ? PACKET_MULTICAST : PACKET_BROADCAST;
    } else {
        skb->pkttype = PACKET_OTHERHOST;
    }
    skb->protocol =
        to_protocol(skb_ethertype(skb), data + ETH_HLEN, n - ETH_HLEN);
    if (skb->protocol == ETH_P_8021Q || skb->protocol == ETH_P_8021AD) {
        return skb_untag(skb);
    }
    return true;
}

static bool
is_extension(uint8_t next)
{
    return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING
           || next == IPPROTO_FRAGMENT || next == IPPROTO_AH
           || next == IPPROTO_NONE || next == IPPROTO_DSTOPTS;
}

int
skb_find_ip6(const struct skb *skb, int target, bool stop_at_auth,
             size_t *ret_offset, uint16_t *ret_fragment)
{
    size_t at = skb->network + IP6_LEN;
    uint8_t next;

    *ret_fragment = 0;
    /* The kernel reads this byte of the header unchecked; it is there in what
     * comes as IPv6 with a whole header. */
    if (skb->n < skb->network + IP6_LEN) {
        return -1;
    }
    next = skb->data[skb->network + 6];
    for (;;) {
        bool found = next == target;
        const uint8_t *p = skb->data + at;
        size_t len;

        if (!is_extension(next) || next == IPPROTO_NONE) {
            if (target < 0 || found) {
                break;
            }
            return -1;
        }
        if (at + 2 > skb->n || (next == IPPROTO_ROUTING && at + 4 > skb->n)) {
            return -1;
        }
        if (next == IPPROTO_FRAGMENT) {
            uint16_t offset;

            if (at + 4 > skb->n) {
                return -1;
            }
            offset = get16(p + 2) & ~7;
            if (offset) {
                if (target < 0
                    && (!is_extension(p[0]) || p[0] == IPPROTO_NONE)) {
                    /* The kernel leaves the offset at what it was, 0 from
                     * skb->data. */
                    *ret_fragment = offset;
                    *ret_offset = skb->pulled;
                    return p[0];
                }
                if (!found) {
                    return -1;
                }
                *ret_fragment = offset;
                break;
            }
            len = 8;
        } else if (next == IPPROTO_AH) {
            if (stop_at_auth && target < 0) {
                break;
            }
            len = (p[1] + 2) * 4;
        } else {
            len = (p[1] + 1) * 8;
        }
        if (found) {
            break;
        }
        if (skb->n - at < len) {
            return -1;
        }
        next = p[0];
        at += len;
    }
    *ret_offset = at;
    return next;
}

static void
find_ip4(const struct skb *skb, struct skb_transport *t)
{
    const uint8_t *ip = skb->data + skb->network;
    size_t n, header, total;

    if (skb->n < skb->network + IP_LEN) {
        return;
    }
    n = skb->n - skb->network;
    header = (ip[0] & 15) * 4;
    total = get16(ip + 2);
    if (ip[0] >> 4 != 4 || header < IP_LEN || n < total || total < header) {
        return;
    }
    t->known = true;
    t->protocol = ip[9];
    t->offset = skb->network + header;
    t->fragment = get16(ip + 6) & 0x1fff;
}

static void
find_ip6(const struct skb *skb, struct skb_transport *t)
{
    const uint8_t *ip = skb->data + skb->network;
    int protocol;

    if (skb->n < skb->network + IP6_LEN || ip[0] >> 4 != 6
        || (size_t) get16(ip + 4) + IP6_LEN > skb->n - skb->network) {
        return;
    }
    protocol = skb_find_ip6(skb, -1, true, &t->offset, &t->fragment);
    if (protocol >= 0) {
        t->known = true;
        t->protocol = protocol;
    }
}

void
skb_transport(const struct skb *skb, uint16_t protocol,
              struct skb_transport *t)
{
    memset(t, 0, sizeof *t);
    if (protocol == ETH_P_IP) {
        find_ip4(skb, t);
    } else if (protocol == ETH_P_IPV6) {
        find_ip6(skb, t);
    }
    if (!t->known) {
        memset(t, 0, sizeof *t);
    }
}
