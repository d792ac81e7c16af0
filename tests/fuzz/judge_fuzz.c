/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Fuzzes the kernel guard's judge. The first byte of the input says which way
 * the frame goes, through what port, and how it lies in memory; the frame
 * follows. Sanitizers see what is read that was not pulled (kmod/frame.c).
 * Beyond that, a verdict depends neither on how much of the frame was linear
 * at first, which is also the common path against the one that names reasons,
 * nor on a byte that was not pulled; and what passes keeps the plainest rules.
 *
 * With the bits of FRAGMENTS set, the input is a sequence of fragments
 * instead, of which none that overlaps an earlier one may pass. */

#include <cordon-config.h>

#include <stdlib.h>

#include "fuzz/fuzz.h"
#include "kmod/config.h"
#include "kmod/frame.h"
#include "util.h"

enum {
    WAY = 3,
    FRAGMENTS = 3,
    DECLARED = 4,
    GSO = 8,
    TAGGED = 16,
    ISOLATED = 32,
};

static const char *const lines[] = {
    "bridge 02:00:00:00:00:fe",
    "underlay 192.0.2.0/24",
    "underlay fd00:ffff::/64",
    "segment 100",
    "broadcast 10.0.0.255",
    "believed 02:00:00:00:00:01 10.0.0.1",
    "believed 02:00:00:00:00:01 fe80::ff:fe00:1",
    "believed 02:00:00:00:00:02 fe80::/64",
    "gateway 02:00:00:00:00:01",
    "declared 10.0.0.1",
    "declared 10.0.0.12",
    "declared fd00::c",
    "declared fe80::ff:fe00:1",
    "declared 10.9.0.0/24",
    "declared 10.8.0.0/16",
    "declared fd00:9::/64",
    "trusted 02:00:00:00:00:01",
    "member 5 02:00:00:00:00:0a",
    "member 5 02:00:00:00:00:0c",
    "member 6 02:00:00:00:00:0b",
    "port A",
    "mac 02:00:00:00:00:0a",
    "pair 02:00:00:00:00:0a 10.0.0.10",
    "pair 02:00:00:00:00:0a fd00::a",
    "pair 02:00:00:00:00:0a fe80::ff:fe00:a",
    "port declared",
    "mac 02:00:00:00:00:0a",
    "mac 00:00:5e:00:01:05",
    "pair 02:00:00:00:00:0a 10.0.0.10",
    "pair 02:00:00:00:00:0a fe80::/64",
    "pair 02:00:00:00:00:0a 10.9.0.0/24",
    "pair 00:00:5e:00:01:05 10.0.0.250",
    "vrrp 5",
    "router",
    "mtu 9000",
    "port isolated",
    "mac 02:00:00:00:00:0a",
    "pair 02:00:00:00:00:0a 10.0.0.10",
    "pair 02:00:00:00:00:0a fd00::a",
    "isolated",
    "community 5",
};

/* What one trial shows. */
struct outcome {
    enum cordon_reason reason;
    struct cordon_fragment fragment;
    u32 have;
};

static struct test_config config;

static struct outcome
judge(u8 how, const u8 *data, u32 size, u32 have)
{
    struct test_port *port =
        test_config_port(&config, how & ISOLATED   ? "isolated"
                                  : how & DECLARED ? "declared"
                                                   : "A");
    struct outcome o = { .reason = CORDON_PASS };
    struct test_frame frame;

    test_frame_init(&frame, data, size, have);
    frame.f.gso = how & GSO;
    frame.f.tagged = how & TAGGED;
    switch (how & WAY) {
    case 0:
        o.reason = cordon_judge_from_guest(&frame.f, &port->c, &o.fragment);
        break;
    case 1:
        o.reason = cordon_judge_to_guest(&frame.f, &port->c);
        break;
    case 2:
        o.reason =
            cordon_judge_from_uplink(&frame.f, port->c.segment, &config.host);
        break;
    }
    o.have = frame.f.have;
    test_frame_done(&frame);
    return o;
}

static void
check_from_guest(u8 how, const u8 *data, u32 size, const struct outcome *o)
{
    const struct cordon_fragment *f = &o->fragment;
    u16 type = data[12] << 8 | data[13];

    ovs_assert(!(data[6] & 1) && memcmp(data, data + 6, 6));
    ovs_assert(type == 0x0800 || type == 0x0806 || type == 0x86dd);
    ovs_assert(!(how & TAGGED));
    ovs_assert(!f->family || f->family == AF_INET || f->family == AF_INET6);
    if (f->family) {
        ovs_assert(f->start <= f->end && f->end <= 65535);
        ovs_assert(f->end - f->start <= size);
    }
}

static void
fuzz_frame(u8 how, const u8 *data, u32 size)
{
    u32 all = size - ETH_HLEN;
    struct outcome first = judge(how, data, size, 0);
    u8 *copy = xmemdup(data, size);

    ovs_assert(first.reason <= CORDON_REASON_MAX);
    for (u32 have = 20; have <= all; have = have * 2 + 1) {
        ovs_assert(judge(how, data, size, have).reason == first.reason);
    }
    ovs_assert(judge(how, data, size, all).reason == first.reason);

    for (u32 i = ETH_HLEN + first.have; i < size; i++) {
        copy[i] = ~copy[i];
    }
    ovs_assert(judge(how, copy, size, 0).reason == first.reason);
    free(copy);
    if (!first.reason && !(how & WAY)) {
        check_from_guest(how, data, size, &first);
    }
}

/* Fragments of four datagrams, three bytes each: number, 'more' and time in
 * the first, then where it starts, then its size. */

enum { DATAGRAMS = 4, UNITS = 256 };

struct datagram {
    bool seen[UNITS], spoilt, last;
    u64 expires;
    u32 total;
};

static bool
is_whole(const struct datagram *d)
{
    for (u32 i = 0; i < UNITS; i++) {
        if (d->seen[i] != (i < d->total)) {
            return false;
        }
    }
    return d->last;
}

static void
fuzz_fragment(struct cordon_fragments *fragments, struct datagram *d,
              const struct cordon_fragment *f, u64 now)
{
    bool overlap = false;
    enum cordon_reason reason;

    if (d->expires <= now) {
        memset(d, 0, sizeof *d);
        d->expires = now + CORDON_FRAGMENT_MS4;
    }
    for (u32 i = f->start; i < f->end; i++) {
        overlap |= d->seen[i];
    }
    reason = cordon_fragment_note(fragments, f, now);
    ovs_assert(reason == CORDON_PASS || reason == CORDON_DROP_FRAGMENT);
    if (d->spoilt || overlap) {
        ovs_assert(reason == CORDON_DROP_FRAGMENT);
    }
    if (reason) {
        d->spoilt = true;
        return;
    }
    memset(d->seen + f->start, true, f->end - f->start);
    if (!f->more) {
        d->last = true;
        d->total = f->end;
    }
    if (is_whole(d)) {
        memset(d, 0, sizeof *d);
    }
}

static void
fuzz_fragments(const u8 *data, size_t size)
{
    struct cordon_fragments *fragments = xzalloc(sizeof *fragments);
    struct datagram datagrams[DATAGRAMS] = { 0 };
    u64 now = 1;

    for (; size >= 3; data += 3, size -= 3) {
        struct cordon_fragment f = { .family = AF_INET,
                                     .id = data[0] % DATAGRAMS,
                                     .more = data[0] & 4,
                                     .start = data[1] };

        f.end = MIN(f.start + data[2], UNITS - 1);
        now += data[0] >> 4 << 9;
        if (f.end > f.start) {
            fuzz_fragment(fragments, &datagrams[f.id], &f, now);
        }
    }
    free(fragments);
}

static void
configure(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        char *line = xstrdup(lines[i]);

        ovs_assert(test_config_line(&config, line));
        free(line);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!config.ports) {
        configure();
    }
    if (size && (data[0] & WAY) == FRAGMENTS) {
        fuzz_fragments(data + 1, size - 1);
    } else if (size > ETH_HLEN && size <= 65536) {
        fuzz_frame(data[0], data + 1, size - 1);
    }
    return 0;
}
