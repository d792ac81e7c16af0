/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Headers of frames as text: vectors, and each of them cut off at every
 * byte. */

#include <cordon-config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/frame.h"
#include "lib/writer.h"
#include "openvswitch/json.h"
#include "util.h"

#define MACS "020000000002020000000001"
#define IP4 "0a0000010a000002"
#define IP6 "fd000000000000000000000000000001fd000000000000000000000000000002"

static const struct {
    const char *frame; /* Hex. */
    const char *fields;
} vectors[] = {
    { MACS "0800"
           "4500002a00004000401100000a0000010a000002"
           "9c402328001600001122",
      "\"destination\":\"10.0.0.2\",\"destination_mac\":\"02:00:00:00:00:02\","
      "\"destination_port\":9000,\"ethertype\":\"ipv4\",\"protocol\":\"udp\","
      "\"source\":\"10.0.0.1\",\"source_mac\":\"02:00:00:00:00:01\","
      "\"source_port\":40000" },
    /* With options; a later fragment has no ports. */
    { MACS "0800"
           "4600002a00004000400600000a0000010a00000294040000"
           "00500051",
      "\"destination\":\"10.0.0.2\",\"destination_mac\":\"02:00:00:00:00:02\","
      "\"destination_port\":81,\"ethertype\":\"ipv4\",\"protocol\":\"tcp\","
      "\"source\":\"10.0.0.1\",\"source_mac\":\"02:00:00:00:00:01\","
      "\"source_port\":80" },
    { MACS "0800"
           "4500002a00000002400600000a0000010a000002"
           "00500051",
      "\"destination\":\"10.0.0.2\",\"destination_mac\":\"02:00:00:00:00:02\","
      "\"ethertype\":\"ipv4\",\"fragment_offset\":16,\"protocol\":\"tcp\","
      "\"source\":\"10.0.0.1\",\"source_mac\":\"02:00:00:00:00:01\"" },
    { MACS "0800"
           "4500002a00000000400100000a0000010a000002"
           "0800",
      "\"destination\":\"10.0.0.2\",\"destination_mac\":\"02:00:00:00:00:02\","
      "\"ethertype\":\"ipv4\",\"icmp_code\":0,\"icmp_type\":8,"
      "\"protocol\":\"icmp\",\"source\":\"10.0.0.1\","
      "\"source_mac\":\"02:00:00:00:00:01\"" },
    /* A header that says to be shorter than any. */
    { MACS "0800"
           "4100002a00000000401100000a0000010a000002"
           "00500051",
      "\"destination\":\"10.0.0.2\",\"destination_mac\":\"02:00:00:00:00:02\","
      "\"ethertype\":\"ipv4\",\"protocol\":\"udp\",\"source\":\"10.0.0.1\","
      "\"source_mac\":\"02:00:00:00:00:01\"" },
    /* Tagged. */
    { MACS "810000c80806"
           "0001080006040001"
           "020000000001"
           "0a000001"
           "000000000000"
           "0a0000fe",
      "\"destination_mac\":\"02:00:00:00:00:02\",\"ethertype\":\"arp\","
      "\"operation\":\"request\",\"sender\":\"10.0.0.1\","
      "\"sender_mac\":\"02:00:00:00:00:01\","
      "\"source_mac\":\"02:00:00:00:00:01\",\"target\":\"10.0.0.254\","
      "\"vlan\":200" },
    { MACS "86dd"
           "60000000001811ff" IP6 "00350036",
      "\"destination\":\"fd00::2\",\"destination_mac\":\"02:00:00:00:00:02\","
      "\"destination_port\":54,\"ethertype\":\"ipv6\",\"protocol\":\"udp\","
      "\"source\":\"fd00::1\",\"source_mac\":\"02:00:00:00:00:01\","
      "\"source_port\":53" },
    /* Hop-by-Hop, first fragment, Neighbour Advertisement. */
    { MACS "86dd"
           "60000000002800ff" IP6 "2c00050200000100"
           "3a00000100000001"
           "8800000060000000"
           "fd000000000000000000000000000009",
      "\"destination\":\"fd00::2\",\"destination_mac\":\"02:00:00:00:00:02\","
      "\"ethertype\":\"ipv6\",\"icmp_code\":0,\"icmp_type\":136,"
      "\"protocol\":\"icmpv6\",\"source\":\"fd00::1\","
      "\"source_mac\":\"02:00:00:00:00:01\",\"target\":\"fd00::9\"" },
    { MACS "88cc"
           "0207",
      "\"destination_mac\":\"02:00:00:00:00:02\",\"ethertype\":\"0x88cc\","
      "\"source_mac\":\"02:00:00:00:00:01\"" },
    { MACS "0026"
           "4242",
      "\"destination_mac\":\"02:00:00:00:00:02\",\"ethertype\":\"llc\","
      "\"source_mac\":\"02:00:00:00:00:01\"" },
};

static char *
decode(const uint8_t *p, size_t n)
{
    /* An own allocation, so that reading past the end is found. */
    uint8_t *copy = xmemdup(p, n ? n : 1);
    struct writer *w = writer_json_new();

    writer_object(w, NULL);
    frame_write(w, copy, n);
    writer_end(w);
    free(copy);
    return writer_finish(w);
}

static size_t
unhex(const char *s, uint8_t *p)
{
    size_t n = strlen(s) / 2;
    bool ok = true;

    for (size_t i = 0; i < n && ok; i++) {
        p[i] = hexits_value(s + 2 * i, 2, &ok);
    }
    assert_true(ok);
    return n;
}

static void
test_frames(void **state OVS_UNUSED)
{
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        char *expected = xasprintf("{%s}\n", vectors[i].fields);
        uint8_t frame[128];
        char *seen = decode(frame, unhex(vectors[i].frame, frame));

        assert_string_equal(seen, expected);
        free(expected);
        free(seen);
    }
}

/* What is said of less of a frame is JSON, and less. */
static void
test_cut_off(void **state OVS_UNUSED)
{
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        uint8_t frame[128];
        size_t n = unhex(vectors[i].frame, frame), before = 0;

        for (size_t j = 0; j <= n; j++) {
            char *seen = decode(frame, j);
            struct json *json = json_from_string(seen);
            size_t fields;

            assert_int_equal(json->type, JSON_OBJECT);
            fields = shash_count(json_object(json));
            assert_true(j >= 14 ? fields >= 3 : !fields);
            assert_true(fields >= before);
            before = fields;
            json_destroy(json);
            free(seen);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_cut_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
