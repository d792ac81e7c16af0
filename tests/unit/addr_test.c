/* SPDX-License-Identifier: GPL-3.0-or-later */

/* MAC and IP addresses and prefixes: tables of vectors. */

#include <cordon-config.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/addr.h"
#include "packets.h"
#include "util.h"

static struct prefix
prefix(const char *s)
{
    struct prefix p;

    if (!prefix_parse(s, &p)) {
        fail_msg("%s is no prefix", s);
    }
    return p;
}

static struct addr
addr(const char *s)
{
    struct addr a;

    if (!addr_parse(s, &a)) {
        fail_msg("%s is no address", s);
    }
    return a;
}

static struct eth_addr
mac(const char *s)
{
    struct eth_addr m;

    if (!mac_parse(s, &m)) {
        fail_msg("%s is no MAC", s);
    }
    return m;
}

/* What addr_parse() makes of 's', written out again; NULL: refused. */
static const struct {
    const char *s, *canonical;
} addrs[] = {
    { "10.0.0.1", "10.0.0.1" },
    { "0.0.0.0", "0.0.0.0" },
    { "255.255.255.255", "255.255.255.255" },
    { "fd00::1", "fd00::1" },
    { "FD00:0:0::0001", "fd00::1" },
    { "::", "::" },
    { "::ffff:10.0.0.1", "::ffff:10.0.0.1" },
    { "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8" },
    { "", NULL },
    { "10.0.0", NULL },
    { "10.0.0.1.1", NULL },
    { "10.0.0.256", NULL },
    { "10.0.0.01", NULL },
    { "10.0.0.1 ", NULL },
    { " 10.0.0.1", NULL },
    { "0x0a000001", NULL },
    { "10.0.0.1/32", NULL },
    { "fd00::1::2", NULL },
    { "fd00:1:2:3:4:5:6:7:8", NULL },
    { "fd00:1:2:3:4:5:6", NULL },
    { "12345::", NULL },
    { "fe80::1%eth0", NULL },
    { ":", NULL },
};

static void
parse_addr(void **state OVS_UNUSED)
{
    for (size_t i = 0; i < ARRAY_SIZE(addrs); i++) {
        struct addr a = { .family = 77 };
        char buf[ADDR_STRLEN];
        bool ok = addr_parse(addrs[i].s, &a);

        if (ok != (addrs[i].canonical != NULL)) {
            fail_msg("\"%s\": %d", addrs[i].s, ok);
        } else if (ok) {
            assert_string_equal(addr_format(&a, buf), addrs[i].canonical);
        } else {
            assert_int_equal(a.family, 77); /* Untouched. */
        }
    }
}

static const struct {
    const char *s, *canonical, *network;
    int len;
    bool host_bits, is_host;
} prefixes[] = {
    { "10.0.0.0/24", "10.0.0.0/24", "10.0.0.0/24", 24, false, false },
    { "10.0.0.1/24", "10.0.0.1/24", "10.0.0.0/24", 24, true, false },
    { "10.0.0.1", "10.0.0.1", "10.0.0.1", 32, false, true },
    { "10.0.0.1/32", "10.0.0.1", "10.0.0.1", 32, false, true },
    { "10.0.0.3/31", "10.0.0.3/31", "10.0.0.2/31", 31, true, false },
    { "10.0.0.2/31", "10.0.0.2/31", "10.0.0.2/31", 31, false, false },
    { "128.0.0.0/1", "128.0.0.0/1", "128.0.0.0/1", 1, false, false },
    { "192.0.0.0/1", "192.0.0.0/1", "128.0.0.0/1", 1, true, false },
    { "0.0.0.0/0", "0.0.0.0/0", "0.0.0.0/0", 0, false, false },
    { "255.255.255.255/0", "255.255.255.255/0", "0.0.0.0/0", 0, true, false },
    { "fd00::/64", "fd00::/64", "fd00::/64", 64, false, false },
    { "fd00::1/64", "fd00::1/64", "fd00::/64", 64, true, false },
    { "fd00:0:0:0:8000::/64", "fd00::8000:0:0:0/64", "fd00::/64", 64, true,
      false },
    { "fd00::1", "fd00::1", "fd00::1", 128, false, true },
    { "fd00::/127", "fd00::/127", "fd00::/127", 127, false, false },
    { "::/0", "::/0", "::/0", 0, false, false },
    { "10.0.0.0/33", NULL, NULL, 0, false, false },
    { "10.0.0.0/", NULL, NULL, 0, false, false },
    { "10.0.0.0/024", NULL, NULL, 0, false, false },
    { "10.0.0.0/+8", NULL, NULL, 0, false, false },
    { "10.0.0.0/-1", NULL, NULL, 0, false, false },
    { "10.0.0.0/8/8", NULL, NULL, 0, false, false },
    { "10.0.0.0/ 8", NULL, NULL, 0, false, false },
    { "10.0.0.0/8 ", NULL, NULL, 0, false, false },
    { "10.0.0.0/4294967304", NULL, NULL, 0, false, false },
    { "10.0.0.0/255.0.0.0", NULL, NULL, 0, false, false },
    { "fd00::/129", NULL, NULL, 0, false, false },
    { "/24", NULL, NULL, 0, false, false },
    { "", NULL, NULL, 0, false, false },
    { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/8", NULL,
      NULL, 0, false, false },
};

static void
parse_prefix(void **state OVS_UNUSED)
{
    for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
        struct prefix p;
        char buf[PREFIX_STRLEN];
        bool ok = prefix_parse(prefixes[i].s, &p);

        if (ok != (prefixes[i].canonical != NULL)) {
            fail_msg("\"%s\": %d", prefixes[i].s, ok);
        }
        if (!ok) {
            continue;
        }
        assert_int_equal(p.len, prefixes[i].len);
        assert_int_equal(prefix_has_host_bits(&p), prefixes[i].host_bits);
        assert_int_equal(prefix_is_host(&p), prefixes[i].is_host);
        assert_string_equal(prefix_format(&p, buf), prefixes[i].canonical);
        prefix_clear_host_bits(&p);
        assert_string_equal(prefix_format(&p, buf), prefixes[i].network);
        assert_false(prefix_has_host_bits(&p));
    }
}

static const struct {
    const char *a, *b;
    bool contains, overlaps;
} pairs[] = {
    { "10.0.0.0/24", "10.0.0.0/24", true, true },
    { "10.0.0.0/24", "10.0.0.128/25", true, true },
    { "10.0.0.128/25", "10.0.0.0/24", false, true },
    { "10.0.0.0/24", "10.0.1.0/24", false, false },
    { "10.0.0.0/23", "10.0.1.255", true, true },
    { "10.0.0.0/23", "10.0.2.0", false, false },
    { "10.0.0.0/25", "10.0.0.128/25", false, false },
    { "0.0.0.0/0", "255.255.255.255", true, true },
    { "0.0.0.0/0", "::/0", false, false },
    { "::/0", "0.0.0.0/0", false, false },
    { "::/0", "fd00::1", true, true },
    { "fd00::/63", "fd00:0:0:1::/64", true, true },
    { "fd00::/63", "fd00:0:0:2::/64", false, false },
    { "10.0.0.1", "10.0.0.1", true, true },
    { "10.0.0.1", "10.0.0.2", false, false },
    { "a00::/32", "10.0.0.0/32", false, false },
};

static void
contain(void **state OVS_UNUSED)
{
    for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
        struct prefix a = prefix(pairs[i].a), b = prefix(pairs[i].b);

        if (prefix_contains(&a, &b) != pairs[i].contains
            || prefix_overlaps(&a, &b) != pairs[i].overlaps
            || prefix_overlaps(&b, &a) != pairs[i].overlaps) {
            fail_msg("%s, %s", pairs[i].a, pairs[i].b);
        }
        if (prefix_is_host(&b)
            && prefix_contains_addr(&a, &b.addr) != pairs[i].contains) {
            fail_msg("%s, address %s", pairs[i].a, pairs[i].b);
        }
    }
}

static const struct {
    const char *s;
    bool multicast, unspecified, loopback, link_local, mapped;
} kinds[] = {
    { "10.0.0.1", false, false, false, false, false },
    { "223.255.255.255", false, false, false, false, false },
    { "224.0.0.0", true, false, false, false, false },
    { "239.255.255.255", true, false, false, false, false },
    { "240.0.0.0", false, false, false, false, false },
    { "0.0.0.0", false, true, false, false, false },
    { "0.0.0.1", false, false, false, false, false },
    { "126.255.255.255", false, false, false, false, false },
    { "127.0.0.0", false, false, true, false, false },
    { "127.255.255.255", false, false, true, false, false },
    { "128.0.0.0", false, false, false, false, false },
    { "169.254.0.1", false, false, false, false, false },
    { "fd00::1", false, false, false, false, false },
    { "ff02::1", true, false, false, false, false },
    { "fe80::1", false, false, false, true, false },
    { "febf:ffff::", false, false, false, true, false },
    { "fec0::1", false, false, false, false, false },
    { "fe7f::1", false, false, false, false, false },
    { "::", false, true, false, false, false },
    { "::1", false, false, true, false, false },
    { "::2", false, false, false, false, false },
    { "1::1", false, false, false, false, false },
    { "::ffff:10.0.0.1", false, false, false, false, true },
    { "::fffe:10.0.0.1", false, false, false, false, false },
    { "1::ffff:10.0.0.1", false, false, false, false, false },
    /* IPv4 whose bytes look like IPv6 of these kinds. */
    { "254.128.0.1", false, false, false, false, false },
    { "255.2.0.0", false, false, false, false, false },
};

static void
kind(void **state OVS_UNUSED)
{
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        struct addr a = addr(kinds[i].s);

        if (addr_is_multicast(&a) != kinds[i].multicast
            || addr_is_unspecified(&a) != kinds[i].unspecified
            || addr_is_loopback(&a) != kinds[i].loopback
            || addr_is_link_local(&a) != kinds[i].link_local
            || addr_is_v4_mapped(&a) != kinds[i].mapped) {
            fail_msg("%s", kinds[i].s);
        }
    }
}

/* RFC 4291 appendix A. */
static const struct {
    const char *mac, *addr;
} eui64s[] = {
    { "34:56:78:9a:bc:de", "fe80::3656:78ff:fe9a:bcde" },
    { "02:00:00:00:00:0a", "fe80::ff:fe00:a" },
    { "00:16:3e:00:00:01", "fe80::216:3eff:fe00:1" },
};

static void
eui64(void **state OVS_UNUSED)
{
    for (size_t i = 0; i < ARRAY_SIZE(eui64s); i++) {
        struct addr a = addr_eui64(mac(eui64s[i].mac));
        char buf[ADDR_STRLEN];

        assert_string_equal(addr_format(&a, buf), eui64s[i].addr);
        assert_true(addr_is_link_local(&a));
    }
}

static const struct {
    const char *s;
    bool ok;
} macs[] = {
    { "00:16:3e:00:00:01", true },   { "FE:ff:Ff:fF:ff:ff", true },
    { "00:00:00:00:00:00", true },   { "", false },
    { "00:16:3e:00:00", false },     { "00:16:3e:00:00:01:02", false },
    { "00:16:3e:00:00:1", false },   { "00:16:3e:00:00:0g", false },
    { "00-16-3e-00-00-01", false },  { "0016:3e00:0001:00", false },
    { "00:16:3e:00:00:01 ", false }, { "00:16:3e:00:00: 1", false },
    { "00:16:3e:00:00:+1", false },
};

static void
parse_mac(void **state OVS_UNUSED)
{
    struct eth_addr m;

    for (size_t i = 0; i < ARRAY_SIZE(macs); i++) {
        if (mac_parse(macs[i].s, &m) != macs[i].ok) {
            fail_msg("\"%s\"", macs[i].s);
        }
    }
    m = mac("01:23:45:67:89:aB");
    assert_memory_equal(m.ea, "\x01\x23\x45\x67\x89\xab", 6);
}

/* Sorted: each is less than all behind it. */
static void
order(void **state OVS_UNUSED)
{
    static const char *const sorted[] = {
        "0.0.0.0/0", "10.0.0.0/8",      "10.0.0.0/24", "10.0.0.0",
        "10.0.0.1",  "255.255.255.255", "::/0",        "::1",
        "fd00::/8",  "fd00::/64",       "fd00::",      "fd00::1",
    };
    static const char *const sorted_macs[] = {
        "00:00:00:00:00:01",
        "00:00:00:00:01:00",
        "01:00:00:00:00:00",
        "ff:00:00:00:00:00",
    };

    for (size_t i = 0; i < ARRAY_SIZE(sorted); i++) {
        for (size_t j = 0; j < ARRAY_SIZE(sorted); j++) {
            struct prefix a = prefix(sorted[i]), b = prefix(sorted[j]);
            int c = prefix_cmp(&a, &b);

            if ((c < 0) != (i < j) || (c > 0) != (i > j)) {
                fail_msg("%s, %s: %d", sorted[i], sorted[j], c);
            }
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(sorted_macs); i++) {
        for (size_t j = 0; j < ARRAY_SIZE(sorted_macs); j++) {
            int c = mac_cmp(mac(sorted_macs[i]), mac(sorted_macs[j]));

            assert_true((c < 0) == (i < j) && (c > 0) == (i > j));
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse_addr), cmocka_unit_test(parse_prefix),
        cmocka_unit_test(contain),    cmocka_unit_test(kind),
        cmocka_unit_test(eui64),      cmocka_unit_test(parse_mac),
        cmocka_unit_test(order),
    };

    return cmocka_run_group_tests_name("addr", tests, NULL, NULL);
}
