/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Prints the rules of a snapshot as "nft --debug=netlink list ruleset" prints
 * bytecode, so that tests/vm/test_trace.py can compare the two. Of expressions
 * whose details are not compared, the name alone. */

#include <cordon-config.h>

#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/ruleset.h"
#include "audit/snapshot.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

static const char *const bases[] = { "link", "network", "transport", "inner" };
static const char *const metas[] = {
    [NFT_META_LEN] = "len",
    [NFT_META_PROTOCOL] = "protocol",
    [NFT_META_PRIORITY] = "priority",
    [NFT_META_MARK] = "mark",
    [NFT_META_IIF] = "iif",
    [NFT_META_OIF] = "oif",
    [NFT_META_IIFNAME] = "iifname",
    [NFT_META_OIFNAME] = "oifname",
    [NFT_META_NFPROTO] = "nfproto",
    [NFT_META_L4PROTO] = "l4proto",
    [NFT_META_BRI_IIFNAME] = "bri_iifname",
    [NFT_META_BRI_OIFNAME] = "bri_oifname",
    [NFT_META_PKTTYPE] = "pkttype",
};
static const char *const cts[] = {
    [NFT_CT_STATE] = "state",
    [NFT_CT_STATUS] = "status",
    [NFT_CT_MARK] = "mark",
    [NFT_CT_ZONE] = "zone",
};
static const char *const ops[] = { "eq", "neq", "lt", "lte", "gt", "gte" };

/* As user space numbers registers. */
static int
reg(uint8_t word)
{
    return word % 4 ? word - RULESET_REG_FIRST + NFT_REG32_00 : word / 4;
}

static void
print_value(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i += 4) {
        uint32_t x = 0;

        memcpy(&x, p + i, MIN(4, n - i));
        printf(" 0x%08x", x);
    }
}

static void
print_immediate(const struct expr *e)
{
    const struct ruleset_verdict *v = &e->immediate.verdict;

    printf("immediate reg %d", reg(e->dreg));
    if (!e->immediate.is_verdict) {
        print_value(e->immediate.value, e->immediate.len);
    } else {
        printf(" %s", v->code == NF_ACCEPT    ? "accept"
                      : v->code == NF_DROP    ? "drop"
                      : v->code == NFT_JUMP   ? "jump"
                      : v->code == NFT_GOTO   ? "goto"
                      : v->code == NFT_RETURN ? "return"
                                              : "?");
        if (v->chain) {
            printf(" -> %s", v->chain->name);
        }
    }
}

static void
print_bitwise(const struct expr *e)
{
    if (!e->bitwise.mask) {
        printf("bitwise");
        return;
    }
    printf("bitwise reg %d = ( reg %d &", reg(e->dreg), reg(e->sreg));
    print_value(e->bitwise.mask, e->len);
    printf(" ) ^");
    print_value(e->bitwise.xor, e->len);
}

static void
print_lookup(const struct expr *e)
{
    printf("lookup reg %d set %s", reg(e->sreg), e->lookup.set->name);
    if (e->lookup.loads) {
        printf(" dreg %d", reg(e->dreg));
    }
    printf(" 0x%x", e->lookup.invert);
}

/* The name that 'names' has for 'key'. */
static const char *
name_of(const char *const names[], size_t n, uint32_t key)
{
    return key < n && names[key] ? names[key] : "?";
}

static void
print_expr(const struct expr *e)
{
    printf("  [ ");
    if (e->kind == EXPR_PAYLOAD) {
        printf("payload load %ub @ %s header + %u => reg %d", e->len,
               bases[e->payload.base], e->payload.offset, reg(e->dreg));
    } else if (e->kind == EXPR_CMP) {
        printf("cmp %s reg %d", ops[e->cmp.op], reg(e->sreg));
        print_value(e->cmp.value, e->len);
    } else if (e->kind == EXPR_META) {
        printf("meta load %s => reg %d",
               name_of(metas, ARRAY_SIZE(metas), e->meta.key), reg(e->dreg));
    } else if (e->kind == EXPR_META_SET) {
        printf("meta set %s with reg %d",
               name_of(metas, ARRAY_SIZE(metas), e->meta.key), reg(e->sreg));
    } else if (e->kind == EXPR_CT) {
        printf("ct load %s => reg %d",
               name_of(cts, ARRAY_SIZE(cts), e->ct.key), reg(e->dreg));
    } else if (e->kind == EXPR_IMMEDIATE) {
        print_immediate(e);
    } else if (e->kind == EXPR_BITWISE) {
        print_bitwise(e);
    } else if (e->kind == EXPR_LOOKUP) {
        print_lookup(e);
    } else if (e->kind == EXPR_RANGE) {
        printf("range %s reg %d", e->range.invert ? "neq" : "eq",
               reg(e->sreg));
        print_value(e->range.from, e->len);
        print_value(e->range.to, e->len);
    } else if (e->kind == EXPR_LIMIT) {
        printf("limit");
    } else if (e->kind == EXPR_UNKNOWN) {
        printf("unknown %s", e->name);
    } else {
        printf("%s", e->name);
    }
    printf(" ]\n");
}

int
main(int argc, char *argv[])
{
    struct ds problems = DS_EMPTY_INITIALIZER;
    const struct ruleset *rs;
    struct snapshot *s;
    char *error;

    if (argc != 2) {
        fprintf(stderr, "usage: ruleset_tool SNAPSHOT\n");
        return 2;
    }
    error = snapshot_read_file(argv[1], NULL, &s);
    if (error) {
        fprintf(stderr, "%s: %s\n", argv[1], error);
        free(error);
        return 2;
    }
    rs = ruleset_decode(s, &problems);
    fputs(ds_cstr(&problems), stderr);
    for (size_t i = 0; i < rs->n_chains; i++) {
        const struct ruleset_chain *c = &rs->chains[i];

        for (size_t j = 0; j < c->n_rules; j++) {
            const struct ruleset_rule *r = &c->rules[j];

            printf("%s %s %s %llu\n", ruleset_family_name(c->table->family),
                   c->table->name, c->name,
                   (unsigned long long int) r->handle);
            for (size_t k = 0; k < r->n_exprs; k++) {
                print_expr(&r->exprs[k]);
            }
        }
    }
    ds_destroy(&problems);
    ruleset_free(rs);
    snapshot_free(s);
    return 0;
}
