/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Fragments: alone, and what was seen of the same datagram before. A datagram
 * of which everything was seen is forgotten, because its number is used
 * again. portsec.c calls this. */

#include <cordon-config.h>
#include "audit/portsec_private.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "util.h"

/* Seconds that a receiver waits for the rest: of IPv6 by RFC 8200, section 4.5,
 * of IPv4 as Linux does. */
#define WAIT4 30
#define WAIT6 60

/* How many datagrams and parts of one are remembered. */
#define MAX_DATAGRAMS 4096
#define MAX_PARTS 8192

struct part {
    uint32_t start, end;
};

struct key {
    struct addr src, dst;
    uint32_t id;
    int protocol; /* Of IPv4. */
};

struct datagram {
    struct hmap_node node;
    struct key key;
    double since;
    bool spoilt;
    uint32_t length; /* 0: the last part was not seen. */
    uint32_t sum;    /* Of the parts' bytes. */
    struct part *parts;
    size_t n, allocated;
};

bool
portsec_may_be_fragmented6(int protocol)
{
    return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP
           || protocol == IPPROTO_ICMPV6 || protocol == IPPROTO_ESP
           || protocol == IPPROTO_SCTP;
}

/* What a first fragment must hold of the upper layer (RFC 7112). */
static size_t
whole_header(const struct packet *p)
{
    switch (p->protocol) {
    case IPPROTO_TCP:
        return p->l4_n < 20 ? 20 : MAX(20, (p->l4[12] >> 4) * 4);
    case IPPROTO_SCTP:
        return 12;
    default:
        return 8;
    }
}

unsigned int
portsec_fragment(const struct packet *p)
{
    size_t header = p->ip == 4 ? 20 + p->options_n : 0;

    if (!p->is_fragment) {
        return PORTSEC_PASS;
    } else if (p->offset == 8 || p->offset + p->l4_n + header > 65535
               || (p->ip == 4 && p->protocol == IPPROTO_IGMP)) {
        return REASON_FRAGMENT;
    } else if (!p->offset
               && p->l4_n < (p->more || p->protocol != IPPROTO_TCP
                                 ? whole_header(p)
                                 : 20)) {
        return REASON_FRAGMENT;
    }
    return PORTSEC_PASS;
}

static struct datagram *
find(const struct portsec_memory *memory, const struct key *key, uint32_t hash)
{
    struct datagram *d;

    HMAP_FOR_EACH_WITH_HASH (d, node, hash, &memory->datagrams) {
        if (!addr_cmp(&d->key.src, &key->src)
            && !addr_cmp(&d->key.dst, &key->dst) && d->key.id == key->id
            && d->key.protocol == key->protocol) {
            return d;
        }
    }
    return NULL;
}

/* Whether no receiver waits for the rest any more. */
static bool
is_old(const struct datagram *d, double now)
{
    return now < d->since
           || now - d->since >= (d->key.src.family == AF_INET ? WAIT4 : WAIT6);
}

static void
forget(struct portsec_memory *memory, struct datagram *d)
{
    hmap_remove(&memory->datagrams, &d->node);
    free(d->parts);
    free(d);
}

bool
portsec_overlaps(struct portsec_memory *memory, double now,
                 const struct packet *p)
{
    const struct part part = { p->offset, p->offset + p->l4_n };
    const struct key key = {
        .src = p->ip_src,
        .dst = p->ip_dst,
        .id = p->id,
        .protocol = p->ip == 4 ? p->protocol : 0,
    };
    uint32_t hash = hash_bytes(key.dst.b, sizeof key.dst.b,
                               hash_2words(key.id, key.protocol));
    struct datagram *d;

    if (!p->is_fragment || (!p->offset && !p->more)) {
        return false; /* All of it in one (RFC 6946). */
    }
    d = find(memory, &key, hash);
    if (d && is_old(d, now)) {
        forget(memory, d);
        d = NULL;
    }
    if (!d) {
        d = xzalloc(sizeof *d);
        d->key = key;
        d->since = now;
        hmap_insert(&memory->datagrams, &d->node, hash);
    }
    for (size_t i = 0; i < d->n && !d->spoilt; i++) {
        d->spoilt =
            part.start < d->parts[i].end && d->parts[i].start < part.end;
    }
    if (d->spoilt || d->n == MAX_PARTS) {
        return d->spoilt;
    }
    if (d->n == d->allocated) {
        d->parts = x2nrealloc(d->parts, &d->allocated, sizeof *d->parts);
    }
    d->parts[d->n++] = part;
    d->sum += part.end - part.start;
    if (!p->more) {
        d->length = part.end;
    }
    if (d->length && d->sum == d->length) {
        forget(memory, d);
    }
    return false;
}

void
portsec_memory_init(struct portsec_memory *memory)
{
    hmap_init(&memory->datagrams);
}

void
portsec_memory_age(struct portsec_memory *memory, double now)
{
    bool all = hmap_count(&memory->datagrams) > MAX_DATAGRAMS;
    struct datagram *d;

    HMAP_FOR_EACH_SAFE (d, node, &memory->datagrams) {
        if (all || is_old(d, now)) {
            forget(memory, d);
        }
    }
}

void
portsec_memory_done(struct portsec_memory *memory)
{
    struct datagram *d;

    HMAP_FOR_EACH_SAFE (d, node, &memory->datagrams) {
        forget(memory, d);
    }
    hmap_destroy(&memory->datagrams);
}
