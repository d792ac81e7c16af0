/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Between sets and frames: a frame out of a set, and whether a frame is in
 * one. A frame out of a set is narrowed to what people know (TTL 64, whole
 * packets) as far as the set allows, then completed with checksums; if these
 * would take it out of the set, it keeps those that it has. */

#include <cordon-config.h>
#include "audit/header.h"

#include <stdlib.h>
#include <string.h>

#include "audit/header_vars.h"
#include "csum.h"
#include "util.h"

static bits
prefer(bits x, bits wish)
{
    bits both = bits_and(x, wish);

    return both == BITS_NONE ? x : both;
}

static bits
at_most(const bits *len, uint16_t most)
{
    const uint8_t be[2] = { most >> 8, most };
    struct bits_byte b[2];

    memcpy(b, len, sizeof b);
    return bits_at_most(b, be, 2);
}

/* The packet fills the frame. */
static bits
fills(const struct header *h)
{
    bits forty[16], payload[16], sum[17], x;
    struct bits_byte len[2], claimed[2];

    memcpy(len, h->len, sizeof len);
    if (h->shape < HEADER_IP6) {
        return bits_same(len, &h->nh[2], 2);
    }
    memcpy(payload, &h->nh[4], sizeof payload);
    bits_number(40, forty, 16);
    bits_add(payload, forty, 16, sum);
    memcpy(claimed, &sum[1], sizeof claimed);
    x = bits_same(len, claimed, 2);
    return bits_diff(x, sum[0]);
}

static bits
plain(const struct header *h, bits x)
{
    static const uint16_t lengths[] = { 64, 128, 512, 1500 };

    for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
        bits shorter = bits_and(x, at_most(h->len, lengths[i]));

        if (shorter != BITS_NONE) {
            x = shorter;
            break;
        }
    }
    if (h->shape == HEADER_ARP) {
        x = prefer(x, header_longer(h, 28));
    } else if (h->shape == HEADER_OTHER) {
        x = prefer(x, header_longer(h, 16));
    } else if (h->shape < HEADER_IP6) {
        x = prefer(x, header_longer(h, 28));
        x = prefer(x, bits_u16(&h->nh[6], 0));
        x = prefer(x, bits_u8(&h->nh[8], 64));
        x = prefer(x, bits_or(bits_u8(&h->nh[9], 17), bits_u8(&h->nh[9], 1)));
        x = prefer(x, fills(h));
    } else {
        x = prefer(x, header_longer(h, 48));
        x = prefer(x, bits_or(bits_u8(&h->nh[6], 17), bits_u8(&h->nh[6], 58)));
        x = prefer(x, bits_u8(&h->nh[7], 64));
        x = prefer(x, fills(h));
    }
    if (h->th >= 0 && (size_t) h->th + 8 <= h->n_nh) {
        const struct bits_byte *ports = &h->nh[h->th];
        bits udp = bits_u8(&h->l4proto, 17);

        x = prefer(x, bits_or(bits_not(udp), bits_u16(&ports[0], 1000)));
        x = prefer(x, bits_or(bits_not(udp), bits_u16(&ports[2], 1001)));
    }
    return prefer(x, bits_not(h->src[0].bit[7]));
}

static uint8_t
byte_of(const struct bits_byte *b, const uint8_t *values)
{
    uint8_t x = 0;

    for (size_t i = 0; i < 8; i++) {
        x = x << 1 | bits_has(b->bit[i], values);
    }
    return x;
}

static void
put_byte(const struct bits_byte *b, uint8_t x, uint8_t *values)
{
    for (size_t i = 0; i < 8; i++) {
        int var = header_var_of(b->bit[i]);

        if (var >= 0) {
            values[var] = x >> (7 - i) & 1;
        }
    }
}

/* Makes the frame of the values; returns its length. */
static size_t
write_frame(const struct header *h, const uint8_t *values, uint8_t *frame,
            size_t size)
{
    const struct bits_byte *start[] = { h->dst, h->src, h->tpid, h->tci,
                                        h->type };
    const size_t n_start[] = { 6, 6, h->tagged ? 2 : 0, h->tagged ? 2 : 0, 2 };
    size_t n = 0, len = 0;

    for (size_t i = 0; i < ARRAY_SIZE(start); i++) {
        for (size_t j = 0; j < n_start[i]; j++) {
            frame[n++] = byte_of(&start[i][j], values);
        }
    }
    for (size_t i = 0; i < HEADER_LEN_BITS; i++) {
        len = len << 1 | bits_has(h->len[i], values);
    }
    len += n;
    for (size_t i = n; i < MIN(len, size); i++) {
        frame[i] = i - n < h->n_nh ? byte_of(&h->nh[i - n], values) : 0;
    }
    return len;
}

/* Takes bytes of the frame back into the values, where they are modelled. */
static void
read_frame(const struct header *h, const uint8_t *frame, size_t n,
           uint8_t *values)
{
    size_t start = h->tagged ? 18 : 14, len = n - start;
    bool second = h->tagged && frame[12] == 0x88;

    for (size_t i = 0; i < 6; i++) {
        put_byte(&h->dst[i], frame[i], values);
        put_byte(&h->src[i], frame[6 + i], values);
    }
    if (h->tagged) {
        for (size_t i = 0; i < 16; i++) {
            /* The bits in which the two tags differ are one variable. */
            int var = header_var_of(h->tpid[i / 8].bit[i % 8]);

            if (var >= 0) {
                values[var] = second;
            }
        }
        put_byte(&h->tci[0], frame[14], values);
        put_byte(&h->tci[1], frame[15], values);
    }
    put_byte(&h->type[0], frame[start - 2], values);
    put_byte(&h->type[1], frame[start - 1], values);
    for (size_t i = 0; i < HEADER_LEN_BITS; i++) {
        values[header_var_of(h->len[i])] =
            len >> (HEADER_LEN_BITS - 1 - i) & 1;
    }
    for (size_t i = 0; i < MIN(len, h->n_nh); i++) {
        put_byte(&h->nh[i], frame[start + i], values);
    }
}

static void
put_u16(uint8_t *p, uint16_t x)
{
    memcpy(p, &x, sizeof x); /* csum()'s order is the wire's. */
}

/* Sets the checksums of a whole packet, whose upper layer begins at 'th' of
 * 'p'. */
static void
complete(const struct header *h, uint8_t *p, size_t n)
{
    uint8_t protocol;
    size_t th = h->th, at;
    uint32_t sum;

    if (h->shape < HEADER_IP4 || h->th < 0 || n < th + 4) {
        return;
    }
    if (h->shape < HEADER_IP6) {
        size_t total = p[2] << 8 | p[3];

        put_u16(&p[10], 0);
        put_u16(&p[10], csum(p, th));
        if (total > n || total < th || p[6] & 0x3f || p[7]) {
            return;
        }
        n = total;
        protocol = p[9];
        sum = csum_continue(0, &p[12], 8);
    } else {
        protocol = h->shape == HEADER_IP6 ? p[6] : p[40];
        if (h->shape == HEADER_IP6_EXTENSION && p[6] == 44) {
            return;
        }
        sum = csum_continue(0, &p[8], 32);
    }
    switch (protocol) {
    case 1:
    case 2:
        sum = 0;
        at = 2;
        break;
    case 58:
        at = 2;
        break;
    case 17:
        if (n >= th + 8) {
            put_u16(&p[th + 4], htons(n - th));
        }
        at = 6;
        break;
    case 6:
        at = 16;
        break;
    default:
        return;
    }
    if (n < th + at + 2) {
        return;
    }
    if (protocol != 1 && protocol != 2) {
        const uint8_t pseudo[4] = { 0, protocol, (n - th) >> 8, n - th };

        sum = csum_continue(sum, pseudo, sizeof pseudo);
    }
    put_u16(&p[th + at], 0);
    put_u16(&p[th + at], csum_finish(csum_continue(sum, &p[th], n - th)));
}

size_t
header_example(const struct header *h, bits x, uint8_t *frame, size_t size,
               uint32_t *ret_mark)
{
    size_t region = bits_region(), start = h->tagged ? 18 : 14, n;
    uint8_t *values = xmalloc(header_n_vars());
    struct bits_byte mark[4];

    x = bits_release(region, plain(h, x));
    bits_example(x, values, header_n_vars());
    n = write_frame(h, values, frame, size);
    if (n <= size && n > start) {
        uint8_t *better = xmemdup(frame, n);
        uint8_t *changed = xmemdup(values, header_n_vars());

        complete(h, better + start, n - start);
        read_frame(h, better, n, changed);
        if (bits_has(x, changed)) {
            memcpy(frame, better, n);
            memcpy(values, changed, header_n_vars());
        }
        free(better);
        free(changed);
    }
    if (ret_mark) {
        header_mark(mark);
        *ret_mark = 0;
        for (size_t i = 0; i < 4; i++) {
            *ret_mark = *ret_mark << 8 | byte_of(&mark[i], values);
        }
    }
    free(values);
    return n;
}

bool
header_has(const struct header *h, bits x, const uint8_t *frame, size_t n,
           uint32_t mark)
{
    bool tagged = n >= 18
                  && ((frame[12] == 0x81 && !frame[13])
                      || (frame[12] == 0x88 && frame[13] == 0xa8));
    size_t region = bits_region();
    struct bits_byte b[4];
    uint8_t *values;
    bool found;

    if (n < 14 || tagged != h->tagged || n - (tagged ? 18 : 14) > UINT16_MAX) {
        return false;
    }
    if (h->shape != HEADER_OTHER) {
        uint16_t type = frame[tagged ? 16 : 12] << 8 | frame[tagged ? 17 : 13];
        uint16_t want =
            byte_of(&h->type[0], NULL) << 8 | byte_of(&h->type[1], NULL);

        if (type != want) {
            return false;
        }
    }
    values = xzalloc(header_n_vars());
    read_frame(h, frame, n, values);
    header_mark(b);
    for (size_t i = 0; i < 4; i++) {
        put_byte(&b[i], mark >> (24 - 8 * i), values);
    }
    found = bits_has(bits_and(x, h->domain), values);
    bits_release(region, BITS_NONE);
    free(values);
    return found;
}
