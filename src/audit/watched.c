/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Turns a frame seen somewhere into the questions to ask: what a guest is
 * given has to be what it may receive, and what its sender, known by segment
 * and MAC, may send. The witness calls this. */

#include <cordon-config.h>
#include "audit/watched.h"

#include <stdlib.h>
#include <string.h>

#include "audit/packet.h"
#include "audit/portsec_private.h"
#include "audit/watched_private.h"
#include "packets.h"
#include "util.h"

#define TAG_LEN 4
#define AGE_EVERY 10 /* Seconds. */

const char *
watched_way_name(enum watched_way way)
{
    static const char *const names[] = { "from-guest", "to-guest",
                                         "from-uplink", "to-uplink" };

    return names[way];
}

/* A frame without its tag, if it had one. */
struct seen {
    const uint8_t *data;
    size_t n;
    struct eth_addr src;
};

/* Whether the source MAC is somebody's... */
enum known {
    KNOWN_NOT,
    KNOWN_ELSEWHERE, /* ...in other segments alone, */
    KNOWN_REMOTE,    /* here, on another host, */
    KNOWN_HERE,      /* here, on this one. */
};

/* Who may use the source MAC, and what is wrong with the frame if none of
 * those in the segment may send it. */
static enum known
judge_sender(const struct watched *w, const struct segment *s,
             const struct seen *f, unsigned int *ret_reason)
{
    unsigned int reason = PORTSEC_PASS;
    const struct sender *sender;
    enum known known = KNOWN_NOT;
    bool passed = false;

    HMAP_FOR_EACH_WITH_HASH (sender, node, watched_hash(f->src), &w->senders) {
        const struct member *m = sender->member;

        if (!eth_addr_equals(sender->mac, f->src)) {
            continue;
        } else if (m->segment != s) {
            known = MAX(known, KNOWN_ELSEWHERE);
            continue;
        }
        known = MAX(known, m->here ? KNOWN_HERE : KNOWN_REMOTE);
        reason = portsec_from_guest(&m->port, NULL, 0, f->data, f->n);
        passed = passed || !reason;
    }
    *ret_reason = passed ? PORTSEC_PASS : reason;
    return known;
}

/* Whether a gateway or service of the segment, which is no port, has the
 * MAC. */
static bool
is_declared_station(const struct segment *s, struct eth_addr mac)
{
    return portsec_has_mac(s->trusted, s->n_trusted, mac);
}

/* Fragments that overlap are one too many, whoever sent them. */
static unsigned int
judge_fragments(struct portsec_memory *memory, double now,
                const struct seen *f)
{
    struct packet p;

    packet_parse(f->data, f->n, &p);
    return p.ok && portsec_overlaps(memory, now, &p) ? REASON_FRAGMENT
                                                     : PORTSEC_PASS;
}

/* What a guest is given. */
static unsigned int
judge_delivered(struct watched *w, struct member *m, double now,
                const struct seen *f)
{
    const struct segment *s = m->segment;
    unsigned int reason = portsec_to_guest(&m->port, f->data, f->n);
    unsigned int sender;

    if (reason) {
        return reason;
    }
    switch (judge_sender(w, s, f, &sender)) {
    case KNOWN_HERE:
    case KNOWN_REMOTE:
        reason = sender;
        break;
    case KNOWN_ELSEWHERE:
        if (!is_declared_station(s, f->src)) {
            return REASON_WRONG_SEGMENT;
        }
        /* Fall through. */
    case KNOWN_NOT:
        reason = portsec_from_uplink(&s->s, &w->host, f->data, f->n);
        break;
    }
    return reason ? reason : judge_fragments(&m->delivered, now, f);
}

/* What the trunk brings or takes. Other networks' VLANs, and what the host
 * itself says without a tag, are nothing of ours. */
static unsigned int
judge_trunk(struct watched *w, enum watched_way way, double now,
            const struct seen *f)
{
    bool out = way == WATCHED_TO_UPLINK;
    const struct segment *s = NULL;
    struct seen inner = *f;
    uint8_t *untagged = NULL;
    unsigned int reason, sender;
    enum known known;

    if (f->n >= ETH_HEADER_LEN + TAG_LEN
        && packet_u16(f->data + 12) == ETH_TYPE_VLAN_8021Q) {
        s = w->by_vlan[packet_u16(f->data + 14) & VID_MASK];
        inner.n = f->n - TAG_LEN;
        inner.data = untagged = xmalloc(inner.n);
        memcpy(untagged, f->data, 12);
        memcpy(untagged + 12, f->data + 16, f->n - 16);
    }
    known = judge_sender(w, s, &inner, &sender);
    if (!s) {
        reason =
            out && known != KNOWN_NOT ? REASON_UNKNOWN_VLAN : PORTSEC_PASS;
    } else if (out) {
        reason = known >= KNOWN_REMOTE      ? sender
                 : known == KNOWN_ELSEWHERE ? REASON_WRONG_SEGMENT
                                            : REASON_SPOOFED_MAC;
    } else if (known == KNOWN_HERE) {
        reason = REASON_LOCAL_MAC;
    } else {
        reason = portsec_from_uplink(&s->s, &w->host, inner.data, inner.n);
        if (!reason && known == KNOWN_REMOTE) {
            reason = sender;
        }
    }
    if (!reason && s && out) {
        reason = judge_fragments(&w->uplink, now, &inner);
    }
    free(untagged);
    return reason;
}

static void
age(struct watched *w, double now)
{
    struct shash_node *node;

    if (now >= w->aged && now - w->aged < AGE_EVERY) {
        return;
    }
    w->aged = now;
    portsec_memory_age(&w->uplink, now);
    SHASH_FOR_EACH (node, &w->members) {
        struct member *m = node->data;

        portsec_memory_age(&m->sent, now);
        portsec_memory_age(&m->delivered, now);
    }
}

unsigned int
watched_judge(struct watched *w, const struct portsec_port *port,
              enum watched_way way, double now, const void *frame, size_t n)
{
    struct seen f = { .data = frame, .n = n };
    struct member *m;

    age(w, now);
    if (n < ETH_HEADER_LEN) {
        return REASON_MALFORMED;
    }
    memcpy(&f.src, f.data + ETH_ADDR_LEN, sizeof f.src);
    if (!port) {
        return judge_trunk(w, way, now, &f);
    }
    m = CONTAINER_OF(port, struct member, port);
    return way == WATCHED_FROM_GUEST
               ? portsec_from_guest(port, &m->sent, now, frame, n)
               : judge_delivered(w, m, now, &f);
}
