/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Tests how rules are interpreted: what the kernel's expressions do at their
 * corners. Rules are made here, as the decoder would make them. */

#include <cordon-config.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "audit/host.h"
#include "audit/ruleset.h"
#include "audit/run.h"
#include "util.h"

#define REG 4 /* NFT_REG_1. */
#define MACS "\x02\0\0\0\0\x0c\x02\0\0\0\0\x0a"
#define UDP                                                    \
    "\x45\0\0\x1c\0\1\0\0\x40\x11\0\0\x0a\0\0\x0a\x0a\0\0\x0c" \
    "\x03\xe8\0\x35\0\x08\0\0"
#define LATER                                                  \
    "\x45\0\0\x1c\0\1\0\1\x40\x11\0\0\x0a\0\0\x0a\x0a\0\0\x0c" \
    "\x03\xe8\0\x35\0\x08\0\0"
#define FRAME(TYPE, REST) MACS TYPE REST, sizeof(MACS TYPE REST) - 1

static const struct host_link port = { .ifindex = 7,
                                       .name = "vif7",
                                       .kind = "" };

/* Runs one rule, which accepts if all of 'exprs' go on, in a base chain that
 * drops. The frame comes in by 'port'. */
static enum run_end
run(const struct expr *exprs, size_t n, const void *frame, size_t size,
    size_t linear, struct skb *skb)
{
    static const struct ruleset_table table = { .family = NFPROTO_NETDEV,
                                                .name = "t" };
    const struct run_hook hook = {
        .family = NFPROTO_NETDEV,
        .hook = NF_NETDEV_INGRESS,
        .in = &port,
    };
    static uint8_t data[256];
    struct ruleset_chain chain = { .table = &table,
                                   .name = "c",
                                   .base = true,
                                   .policy = NF_DROP,
                                   .n_rules = 1 };
    struct ruleset_rule rule = { .chain = &chain, .n_exprs = n + 1 };
    struct run_result result = { .end = RUN_ACCEPT };
    struct expr all[8];
    enum run_end end;

    memcpy(all, exprs, n * sizeof *exprs);
    all[n] = (struct expr){
        .kind = EXPR_IMMEDIATE,
        .immediate = { .is_verdict = true, .verdict = { .code = NF_ACCEPT } },
    };
    rule.exprs = all;
    chain.rules = &rule;
    memcpy(data, frame, size);
    assert_true(skb_receive(skb, data, size, linear, port.mac));
    run_chain(&chain, &hook, skb, &result);
    end = result.end;
    run_result_done(&result);
    return end;
}

static struct expr
payload(uint8_t base, uint32_t offset, uint8_t len)
{
    return (struct expr){ .kind = EXPR_PAYLOAD,
                          .dreg = REG,
                          .len = len,
                          .payload = { .base = base, .offset = offset } };
}

static struct expr
meta(uint32_t key, uint8_t len)
{
    return (struct expr){
        .kind = EXPR_META, .dreg = REG, .len = len, .meta = { .key = key }
    };
}

static struct expr
cmp(uint8_t op, const void *value, uint8_t len)
{
    return (struct expr){ .kind = EXPR_CMP,
                          .sreg = REG,
                          .len = len,
                          .cmp = { .op = op, .value = value } };
}

/* Is what 'load' loads 'op' 'value'? */
static bool
holds(struct expr load, uint8_t op, const void *value, const void *frame,
      size_t size, size_t linear)
{
    const struct expr exprs[] = { load, cmp(op, value, load.len) };
    struct skb skb;

    return run(exprs, 2, frame, size, linear, &skb) == RUN_ACCEPT;
}

static void
test_short_loads_break(void **state OVS_UNUSED)
{
    struct expr e = payload(NFT_PAYLOAD_NETWORK_HEADER, 40, 4);

    /* Neither equal nor unequal: the rule does not match. */
    assert_false(holds(e, NFT_CMP_EQ, "abcd", FRAME("\x08\0", UDP), 256));
    assert_false(holds(e, NFT_CMP_NEQ, "abcd", FRAME("\x08\0", UDP), 256));
    e = payload(NFT_PAYLOAD_NETWORK_HEADER, 24, 4);
    assert_true(holds(e, NFT_CMP_NEQ, "abcd", FRAME("\x08\0", UDP), 256));
}

static void
test_transport_of_fragments(void **state OVS_UNUSED)
{
    struct expr dport = payload(NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2);
    struct expr odd = payload(NFT_PAYLOAD_TRANSPORT_HEADER, 1, 3);

    assert_true(holds(dport, NFT_CMP_EQ, "\0\x35", FRAME("\x08\0", UDP), 256));
    assert_true(holds(odd, NFT_CMP_NEQ, "abc", FRAME("\x08\0", UDP), 256));
    /* The short cut does not ask whether there is a transport header. */
    assert_true(
        holds(dport, NFT_CMP_EQ, "\0\x35", FRAME("\x08\0", LATER), 256));
    assert_false(
        holds(dport, NFT_CMP_EQ, "\0\x35", FRAME("\x08\0", LATER), 34));
    assert_false(holds(odd, NFT_CMP_NEQ, "abc", FRAME("\x08\0", LATER), 256));
    /* Of a whole packet, it does not matter how it lies in memory. */
    assert_true(holds(dport, NFT_CMP_EQ, "\0\x35", FRAME("\x08\0", UDP), 34));
}

static void
test_transport_needs_a_whole_packet(void **state OVS_UNUSED)
{
    struct expr proto = meta(NFT_META_L4PROTO, 1);

    assert_true(holds(proto, NFT_CMP_EQ, "\x11", FRAME("\x08\0", UDP), 256));
    /* One byte less than the packet says. */
    assert_false(holds(proto, NFT_CMP_NEQ, "\x12", MACS "\x08\0" UDP,
                       sizeof(MACS "\x08\0" UDP) - 2, 256));
    /* ARP has none. */
    assert_false(
        holds(proto, NFT_CMP_NEQ, "\x12", FRAME("\x08\x06", UDP), 256));
}

static void
test_tags(void **state OVS_UNUSED)
{
    struct expr type = payload(NFT_PAYLOAD_LL_HEADER, 12, 2);
    struct expr protocol = meta(NFT_META_PROTOCOL, 2);
    struct expr inner = payload(NFT_PAYLOAD_LL_HEADER, 16, 2);
    struct expr behind = payload(NFT_PAYLOAD_LL_HEADER, 14, 6);

    /* The protocol is what is behind the tag; the header has it put back. */
    assert_true(holds(protocol, NFT_CMP_EQ, "\x08\0",
                      FRAME("\x81\0\0\0\x08\0", UDP), 256));
    assert_true(holds(type, NFT_CMP_EQ, "\x81\0",
                      FRAME("\x81\0\0\0\x08\0", UDP), 256));
    assert_true(holds(inner, NFT_CMP_EQ, "\x08\0",
                      FRAME("\x81\0\0\0\x08\0", UDP), 256));
    assert_true(holds(behind, NFT_CMP_EQ, "\0\x05\x08\0\x45\0",
                      FRAME("\x81\0\0\x05\x08\0", UDP), 256));
    /* Of two, the second stands in the frame. */
    assert_true(holds(protocol, NFT_CMP_EQ, "\x81\0",
                      FRAME("\x88\xa8\0\1\x81\0\0\2\x08\0", UDP), 256));
    /* A length is no type: LLC. */
    assert_true(
        holds(protocol, NFT_CMP_EQ, "\0\4", FRAME("\0\x1c", UDP), 256));
    assert_true(holds(type, NFT_CMP_EQ, "\0\x1c", FRAME("\0\x1c", UDP), 256));
}

static void
test_registers(void **state OVS_UNUSED)
{
    const struct expr exprs[] = {
        meta(NFT_META_PRIORITY, 4),
        payload(NFT_PAYLOAD_NETWORK_HEADER, 9, 1),
        cmp(NFT_CMP_EQ, "\x11\0\0\0", 4),
    };
    const struct expr mark[] = {
        payload(NFT_PAYLOAD_NETWORK_HEADER, 12, 4),
        { .kind = EXPR_BITWISE,
          .sreg = REG,
          .dreg = REG,
          .len = 4,
          .bitwise = { .op = NFT_BITWISE_BOOL,
                       .mask = (const uint8_t *) "\xff\0\0\0",
                       .xor = (const uint8_t *) "\0\0\0\1" } },
        { .kind = EXPR_META_SET,
          .sreg = REG,
          .len = 4,
          .meta = { .key = NFT_META_MARK } },
    };
    struct skb skb;

    /* What is left of a word is zero. */
    assert_int_equal(run(exprs, 3, FRAME("\x08\0", UDP), 256, &skb),
                     RUN_ACCEPT);
    assert_int_equal(run(mark, 3, FRAME("\x08\0", UDP), 256, &skb),
                     RUN_ACCEPT);
    assert_memory_equal(&skb.mark, "\x0a\0\0\1", 4);
}

static void
test_devices(void **state OVS_UNUSED)
{
    uint32_t seven = 7, none = 0;

    assert_true(holds(meta(NFT_META_IIF, 4), NFT_CMP_EQ, &seven,
                      FRAME("\x08\0", UDP), 256));
    /* There is no device to go out by yet: its number is 0, its type breaks. */
    assert_true(holds(meta(NFT_META_OIF, 4), NFT_CMP_EQ, &none,
                      FRAME("\x08\0", UDP), 256));
    assert_false(holds(meta(NFT_META_OIFTYPE, 2), NFT_CMP_NEQ, "ab",
                       FRAME("\x08\0", UDP), 256));
    assert_true(holds(meta(NFT_META_IIFNAME, 16), NFT_CMP_EQ,
                      "vif7\0\0\0\0\0\0\0\0\0\0\0", FRAME("\x08\0", UDP),
                      256));
}

static void
test_sets(void **state OVS_UNUSED)
{
    static const struct ruleset_element elements[] = {
        { .from = (const uint8_t *) "\x0a\0\0\0",
          .to = (const uint8_t *) "\x0a\0\0\x0f" },
        { .from = (const uint8_t *) "\x0a\0\1\0",
          .to = (const uint8_t *) "\x0a\0\1\0" },
    };
    struct ruleset_set set = { .flags = NFT_SET_INTERVAL,
                               .key_len = 4,
                               .elements = elements,
                               .n_elements = 2,
                               .ordered = true };
    struct expr exprs[] = {
        payload(NFT_PAYLOAD_NETWORK_HEADER, 12, 4),
        { .kind = EXPR_LOOKUP,
          .sreg = REG,
          .len = 4,
          .lookup = { .set = &set } },
    };
    struct skb skb;

    assert_int_equal(run(exprs, 2, FRAME("\x08\0", UDP), 256, &skb),
                     RUN_ACCEPT);
    exprs[1].lookup.invert = true;
    assert_int_equal(run(exprs, 2, FRAME("\x08\0", UDP), 256, &skb), RUN_DROP);
    exprs[0] = payload(NFT_PAYLOAD_NETWORK_HEADER, 8, 4);
    assert_int_equal(run(exprs, 2, FRAME("\x08\0", UDP), 256, &skb),
                     RUN_ACCEPT);
    exprs[1].lookup.invert = false;
    assert_int_equal(run(exprs, 2, FRAME("\x08\0", UDP), 256, &skb), RUN_DROP);
    set.unknown = true;
    assert_int_equal(run(exprs, 2, FRAME("\x08\0", UDP), 256, &skb),
                     RUN_UNKNOWN);
}

static void
test_what_is_not_known(void **state OVS_UNUSED)
{
    const struct expr unknown = { .kind = EXPR_UNKNOWN, .name = "new" };
    const struct expr behind[] = {
        meta(NFT_META_PROTOCOL, 2),
        cmp(NFT_CMP_EQ, "\x08\x06", 2),
        { .kind = EXPR_UNKNOWN, .name = "new" },
    };
    struct skb skb;

    assert_int_equal(run(&unknown, 1, FRAME("\x08\0", UDP), 256, &skb),
                     RUN_UNKNOWN);
    /* Not reached: the frame is no ARP. */
    assert_int_equal(run(behind, 3, FRAME("\x08\0", UDP), 256, &skb),
                     RUN_DROP);
    assert_int_equal(run(behind, 3, FRAME("\x08\x06", UDP), 256, &skb),
                     RUN_UNKNOWN);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_short_loads_break),
        cmocka_unit_test(test_transport_of_fragments),
        cmocka_unit_test(test_transport_needs_a_whole_packet),
        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_registers),
        cmocka_unit_test(test_devices),
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_what_is_not_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
