/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_PLAN_OBJECT_H
#define CORDON_PLAN_OBJECT_H 1

/* One thing in the kernel, wanted or seen: a bridge attribute set, a VLAN of
 * a port, an element of an nftables map. What a dataplane wants and what it
 * observes are two sorted arrays of these, and diff() is one merge walk. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct ds;

/* In the order in which they are programmed; see object_stage(). */
enum object_kind {
    OBJECT_BRIDGE,              /* name; value: attributes. */
    OBJECT_SYSCTL,              /* name: path below /proc/sys; text. */
    OBJECT_NFT_TABLE,           /* name. */
    OBJECT_NFT_SET,             /* name; text: type and flags. */
    OBJECT_NFT_CHAIN,           /* name; ifindex if a base chain; text. */
    OBJECT_NFT_RULES,           /* name: chain; text: all its rules. */
    OBJECT_NFT_ELEMENT,         /* name: set; key; ifindex; value: data. */
    OBJECT_FILTER,              /* tc filter: key: block, priority, handle. */
    OBJECT_QDISC,               /* ifindex; value: blocks. */
    OBJECT_MASTER,              /* ifindex; value: master, ARP off. */
    OBJECT_BRPORT,              /* ifindex; value: flags. */
    OBJECT_VLAN,                /* ifindex; key: VLAN; value: flags. */
    OBJECT_FDB,                 /* ifindex; key: VLAN, MAC; value: flags. */
    OBJECT_UP,                  /* ifindex; value: 1. */
};

/* How far a port has to be before an object of a kind is added: everything
 * of the stages before must have been read back as wanted. */
enum object_stage {
    STAGE_HOST,                 /* Bridge, sysctls of the host. */
    STAGE_GUARD,                /* Guard and lock. */
    STAGE_SEGMENT,              /* Into the bridge, still down. */
    STAGE_OPEN,                 /* Up. */
};

#define OBJECT_KEY_MAX 40

/* Key: kind, ifindex, name, key bytes. Value: the rest. Strings are in the
 * arena of the array, or static; never NULL. */
struct object {
    enum object_kind kind;
    uint32_t ifindex;           /* The device that it concerns; 0: none. */
    const char *name;
    uint8_t key[OBJECT_KEY_MAX];
    uint8_t key_len;
    bool foreign;               /* Observed, not ours, in our way: reported,
                                 * never removed. */
    uint32_t value[4];
    const char *text;
};

/* A growing array; zeroed is empty. */
struct objects {
    struct object *v;
    size_t n, allocated;
};

struct object *objects_add(struct objects *, const struct object *);
void objects_sort(struct objects *);
void objects_done(struct objects *);

int object_cmp(const struct object *, const struct object *);   /* By key. */
bool object_same(const struct object *, const struct object *); /* Value. */
enum object_stage object_stage(const struct object *);

/* "vlan vif1.0 110 = pvid untagged": one line, for `cordon diff` and logs. */
void object_format(const struct object *, struct ds *);

enum change_op { CHANGE_ADD, CHANGE_MOD, CHANGE_DEL };

struct change {
    enum change_op op;
    const struct object *want;  /* ADD, MOD. */
    const struct object *have;  /* MOD, DEL. */
};

struct changes {
    struct change *v;
    size_t n, allocated;
};

/* Merges two sorted arrays into what has to be done to come from 'have' to
 * 'want'. Foreign objects are passed over. Pure. The changes point into both
 * arrays. */
void diff(const struct objects *want, const struct objects *have,
          struct changes *);
void changes_done(struct changes *);

#endif /* src/plan/object.h */
