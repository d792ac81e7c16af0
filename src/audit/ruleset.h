/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_RULESET_H
#define CORDON_AUDIT_RULESET_H 1

/* nftables as a snapshot has it: tables of all families, chains, rules with
 * their expressions, sets with their elements, objects. Decoded from the
 * kernel's messages (net/netfilter/nf_tables_api.c), attribute by attribute.
 *
 * Decoding never fails. An expression that is not known, or has an attribute
 * that is not, is EXPR_UNKNOWN and may do anything; whoever proves something
 * has to take it as "may pass". Likewise 'unknown' of a set, a chain. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct ds;
struct ruleset_chain;
struct ruleset_object;
struct ruleset_set;
struct snapshot;

/* Registers are numbered by 32-bit word, as in the kernel's struct nft_regs:
 * 0 is the verdict, 4 to 19 are data. NFT_REG_1 is 4, NFT_REG_2 is 8,
 * NFT_REG32_00 is 4, NFT_REG32_01 is 5. A value of n bytes starts at the first
 * byte of its word and goes on in the words behind. The decoder has made sure
 * that it ends within word 19. */
#define RULESET_REG_VERDICT 0
#define RULESET_REG_FIRST 4
#define RULESET_REG_END 20
#define RULESET_VALUE_MAX 64 /* NFT_DATA_VALUE_MAXLEN. */

/* What an expression is. Those up to EXPR_LAST_PASSIVE only count or tell:
 * they do not touch registers, verdict, frame or mark. */
enum expr_kind {
    /* Passive. */
    EXPR_COUNTER,
    EXPR_LAST, /* Remembers when. */
    EXPR_LOG,
#define EXPR_LAST_PASSIVE EXPR_LOG

    /* Load something into 'dreg', or break. */
    EXPR_PAYLOAD,
    EXPR_META,
    EXPR_CT,
    EXPR_EXTHDR,
    EXPR_IMMEDIATE, /* The verdict, too. */
    EXPR_BITWISE,   /* From 'sreg'. */
    EXPR_BYTEORDER, /* From 'sreg'. */

    /* Compare 'sreg' with something, and break if it is not so. */
    EXPR_CMP,
    EXPR_RANGE,
    EXPR_LOOKUP, /* May load into 'dreg', the verdict included. */

    /* Depend on what was before, and break if used up. */
    EXPR_LIMIT,
    EXPR_CONNLIMIT,
    EXPR_QUOTA,
    EXPR_OBJREF, /* An object of these kinds. */
    EXPR_DYNSET, /* Changes a set; breaks if that is full. */

    /* Load into 'dreg' what depends on things that are not in a frame. */
    EXPR_NUMGEN,
    EXPR_HASH,
    EXPR_FIB,
    EXPR_SOCKET,
    EXPR_RT,
    EXPR_OSF,
    EXPR_TUNNEL,
    EXPR_XFRM,

    /* Change the frame or what goes with it. */
    EXPR_PAYLOAD_SET,
    EXPR_META_SET,
    EXPR_CT_SET,
    EXPR_EXTHDR_SET,
    EXPR_NOTRACK,

    /* End, or send elsewhere. */
    EXPR_REJECT, /* Drops, and answers. */
    EXPR_QUEUE,  /* A program decides. */
    EXPR_FWD,    /* Leaves by the device whose ifindex is in 'sreg'. */
    EXPR_DUP,    /* A copy does so. */
    EXPR_NAT,    /* nat, masq, redir. */
    EXPR_TPROXY,
    EXPR_SYNPROXY,
    EXPR_FLOW_OFFLOAD,

    EXPR_UNKNOWN, /* Anything else: 'name'. */
};

/* A verdict: NF_ACCEPT, NF_DROP, NF_QUEUE (with bits above the low 8),
 * NFT_CONTINUE, NFT_BREAK, NFT_JUMP, NFT_GOTO, NFT_RETURN. */
struct ruleset_verdict {
    int code;
    const struct ruleset_chain *chain; /* Of NFT_JUMP, NFT_GOTO; NULL if there
                                        * is no such chain: unknown. */
};

/* A value or a verdict, as NFTA_DATA_* has it. */
struct ruleset_data {
    bool is_verdict;
    struct ruleset_verdict verdict;
    uint8_t len;
    const uint8_t *value; /* As the kernel compares it, byte by byte. */
};

struct expr {
    enum expr_kind kind;
    const char *name; /* As the kernel calls it: "payload". */
    uint8_t sreg;     /* Word it reads from. */
    uint8_t dreg;     /* Word it writes to; 0 is the verdict. */
    uint8_t len;      /* Bytes read or written in 'sreg', 'dreg'. */

    union {
        struct {
            uint8_t base; /* NFT_PAYLOAD_*_HEADER. 'len' bytes from there. */
            uint32_t offset;
            /* EXPR_PAYLOAD_SET. */
            uint8_t csum_type, csum_offset, csum_flags;
        } payload;
        struct {
            uint32_t key;  /* NFT_META_*, NFT_CT_*. */
            int direction; /* IP_CT_DIR_*, -1: not said. */
        } meta, ct;
        struct {
            uint8_t op; /* NFT_EXTHDR_OP_*. */
            uint8_t type;
            uint32_t offset;
            bool present; /* 1 or 0 is loaded, not what is there. */
        } exthdr;
        struct ruleset_data immediate;
        struct {
            uint8_t op;                /* NFT_BITWISE_*. */
            const uint8_t *mask, *xor; /* 'len' bytes each. NULL: a shift, */
            uint32_t shift;            /* by this. */
        } bitwise;
        struct {
            uint8_t op;   /* NFT_BYTEORDER_*. */
            uint8_t size; /* Of each value: 2, 4 or 8. */
        } byteorder;
        struct {
            uint8_t op; /* NFT_CMP_*: memcmp() of 'len' bytes. */
            const uint8_t *value;
        } cmp;
        struct {
            bool invert;
            const uint8_t *from, *to; /* Inclusive. */
        } range;
        struct {
            const struct ruleset_set *set; /* Never NULL. */
            bool invert;
            bool loads; /* The element's data goes to 'dreg'. */
        } lookup;
        struct {
            bool invert;         /* Goes on if above, instead of up to it. */
            bool bytes;          /* EXPR_LIMIT: not packets. */
            uint64_t rate, unit; /* 'rate' in 'unit' seconds. */
            uint64_t burst;
            uint64_t count;    /* EXPR_CONNLIMIT, EXPR_QUOTA. */
            uint64_t consumed; /* EXPR_QUOTA. */
        } limit;
        struct {
            const struct ruleset_object *object; /* NULL: looked up in */
            const struct ruleset_set *set; /* this map by 'sreg'; not both. */
        } objref;
        struct {
            const struct ruleset_set *set;
            uint8_t op; /* NFT_DYNSET_OP_*. */
            bool invert;
            bool has_data;
            uint8_t sreg_data;        /* Word. */
            uint64_t timeout;         /* Milliseconds. */
            const struct expr *exprs; /* Of the element: all have to go on. */
            size_t n_exprs;
        } dynset;
        struct {
            uint32_t a, b, c; /* NUMGEN: modulus, type, offset. HASH: modulus,
                               * type, offset. FIB: flags, result, -. SOCKET:
                               * key, level, -. RT, OSF, TUNNEL, XFRM: key. */
        } other;
        struct {
            bool has_addr;
            uint8_t sreg_addr; /* FWD, DUP to an address: word. */
            uint8_t nfproto;
        } send;
        struct {
            uint32_t type; /* NFT_REJECT_*. */
            uint8_t code;
        } reject;
        struct {
            uint16_t number, total, flags; /* NFT_QUEUE_FLAG_BYPASS: accepts
                                            * if no program listens. */
        } queue;
    };
};

struct ruleset_rule {
    const struct ruleset_chain *chain;
    uint64_t handle;
    const char *comment; /* As in its user data; "" if none. */
    const struct expr *exprs;
    size_t n_exprs;
    bool unknown; /* Has an EXPR_UNKNOWN, also within an EXPR_DYNSET. */
};

/* An element. Sets without NFT_SET_INTERVAL have 'from' equal to 'to'. In one
 * with NFT_SET_INTERVAL, both ends belong to it; if the set is a concatenation
 * with intervals, a key is in it if each field is within the field's two ends,
 * otherwise if the key as a whole is, by memcmp(). */
struct ruleset_element {
    const uint8_t *from, *to; /* 'key_len' bytes. NULL: catchall. */
    bool catchall;            /* For keys that no other element has. */
    uint64_t timeout;         /* Milliseconds; 0: stays. */
    uint64_t expires;         /* In, when it was read. */
    struct ruleset_data data; /* Of a map. */
    const struct ruleset_object *object; /* Of a map of objects. */
    const struct expr *exprs; /* "limit" and others of its own: all have to go
                               * on for the element to match. */
    size_t n_exprs;
    const char *comment; /* "". */
};

struct ruleset_set {
    const struct ruleset_table *table;
    const char *name;
    uint64_t handle;
    uint32_t flags;               /* NFT_SET_*. */
    uint32_t key_type, data_type; /* As nft numbers them; for people. */
    uint8_t key_len, data_len;
    bool verdicts;      /* NFT_SET_MAP to verdicts. */
    uint8_t fields[16]; /* Bytes of each field of a concatenation as far as
                         * they are compared; each starts at a multiple of 4
                         * in the key. */
    size_t n_fields;    /* 0: not told, one. */
    uint32_t size;      /* 0: any. */
    uint64_t timeout;   /* Of elements added by rules. */
    const struct ruleset_element *elements; /* Sorted by 'from', those of
                                             * catchall last. */
    size_t n_elements;
    bool ordered; /* Elements do not overlap as whole keys: one is found by
                   * bisection. */
    bool unknown; /* Not all of it could be read: may hold anything. */
    const struct expr *exprs; /* Each element added by a rule gets them. */
    size_t n_exprs;
    bool dynamic; /* Some rule adds to it or takes from it. */
    size_t index; /* Of 'sets'. */
};

struct ruleset_object {
    const struct ruleset_table *table;
    const char *name;
    uint64_t handle;
    uint32_t type;           /* NFT_OBJECT_*. */
    const struct expr *expr; /* The same as an expression: counter, limit,
                              * quota, connlimit. EXPR_UNKNOWN: others. */
};

struct ruleset_chain {
    const struct ruleset_table *table;
    const char *name;
    uint64_t handle;
    const struct ruleset_rule *rules; /* In order. */
    size_t n_rules;
    size_t index; /* Of 'chains': what is computed for each may be an array. */
    bool unknown; /* Not all of its rules could be read. */

    bool base;        /* Is called by netfilter: */
    const char *type; /* "filter", "nat", "route". */
    uint32_t hook;    /* NF_INET_*, NF_BR_*, NF_ARP_*, NF_NETDEV_*. */
    int32_t priority; /* Lower ones are called first. */
    int policy;       /* NF_ACCEPT, NF_DROP. */
    const char *const *devices; /* Of netdev, and inet's ingress. */
    size_t n_devices;
    uint32_t flags; /* NFT_CHAIN_*. */
};

struct ruleset_flowtable {
    const struct ruleset_table *table;
    const char *name;
    int32_t priority;
    const char *const *devices; /* Skips hooks for what passes here. */
    size_t n_devices;
};

struct ruleset_table {
    uint8_t family; /* NFPROTO_*: INET, IPV4, IPV6, ARP, BRIDGE, NETDEV. */
    const char *name;
    uint64_t handle;
    uint32_t flags; /* NFT_TABLE_F_DORMANT: its base chains are not called. */
    const char *comment; /* "". */
};

struct ruleset {
    struct arena *arena;
    uint32_t generation;
    const struct ruleset_table *tables;
    size_t n_tables;
    const struct ruleset_chain *chains;
    size_t n_chains;
    const struct ruleset_set *sets;
    size_t n_sets;
    const struct ruleset_object *objects;
    size_t n_objects;
    const struct ruleset_flowtable *flowtables;
    size_t n_flowtables;
    size_t n_rules;  /* Of all chains. */
    bool incomplete; /* A part could not be read, or a message not be assigned:
                      * there may be chains and rules that are not here. */
};

/* Decodes the parts "nft.*"; the caller frees with ruleset_free(). What could
 * not be read is appended to 'problems' as lines. Does not keep 'snapshot'. */
const struct ruleset *ruleset_decode(const struct snapshot *,
                                     struct ds *problems);
void ruleset_free(const struct ruleset *); /* NULL is fine. */

/* The same, of messages of nftables in any order, one behind the other, in
 * 'size' bytes at 'data', which is aligned for them. For the fuzzer. */
const struct ruleset *ruleset_decode_messages(const void *data, size_t size,
                                              struct ds *problems);

/* Base chains that netfilter calls at 'hook' of 'family', in that order, those
 * of dormant tables left out; those of NFPROTO_INET are among those of
 * NFPROTO_IPV4 and NFPROTO_IPV6. 'device': for NFPROTO_NETDEV, its name, else
 * NULL. The caller frees the array. */
const struct ruleset_chain **ruleset_hook(const struct ruleset *,
                                          uint8_t family, uint32_t hook,
                                          const char *device, size_t *ret_n);

/* NULL if there is none. */
const struct ruleset_table *ruleset_table(const struct ruleset *,
                                          uint8_t family, const char *name);
const struct ruleset_chain *ruleset_chain(const struct ruleset_table *,
                                          const struct ruleset *,
                                          const char *name);
const struct ruleset_set *ruleset_set(const struct ruleset_table *,
                                      const struct ruleset *,
                                      const char *name);

/* The element that has the key 'key' ('set->key_len' bytes), the one that is
 * catchall if there is no other, else NULL: the kernel's own look-up, as of
 * the time when the snapshot was taken. */
const struct ruleset_element *ruleset_element(const struct ruleset_set *set,
                                              const uint8_t *key);
/* Without catchall; and that alone. */
const struct ruleset_element *ruleset_element_of(const struct ruleset_set *,
                                                 const uint8_t *key);
const struct ruleset_element *
ruleset_element_catchall(const struct ruleset_set *);

/* Where netfilter calls, in words: "netdev ingress", "bridge forward". */
const char *ruleset_hook_name(uint8_t family, uint32_t hook);
const char *ruleset_family_name(uint8_t family);

#endif /* src/audit/ruleset.h */
