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
    OBJECT_BRIDGE,      /* name; value: attributes. */
    OBJECT_SYSCTL,      /* name: path below /proc/sys; text. */
    OBJECT_NFT_TABLE,   /* name. */
    OBJECT_NFT_SET,     /* name; text: type and flags. */
    OBJECT_NFT_CHAIN,   /* name; ifindex if a base chain; text. */
    OBJECT_NFT_RULES,   /* name: chain; text: all its rules. */
    OBJECT_NFT_ELEMENT, /* name: set; key; ifindex; value: data. */
    OBJECT_QDISC,       /* ifindex, or name of the bridge; text. */
    OBJECT_FILTER,      /* tc filter: key: block, priority, handle. */
    OBJECT_MASTER,      /* ifindex; text: master, flags. */
    OBJECT_BRPORT,      /* ifindex; text: flags. */
    OBJECT_VLAN,        /* ifindex, or name of the bridge; key: VLAN;
                         * text: flags. */
    OBJECT_FDB,         /* ifindex, or name of the bridge; key: VLAN,
                         * MAC; text: flags. */
    OBJECT_UP,          /* ifindex; text. */
};

/* How far a port has to be before an object of a kind is added: everything
 * of the stages before must have been read back as wanted. */
enum object_stage {
    STAGE_HOST,    /* Bridge, sysctls of the host. */
    STAGE_GUARD,   /* Guard and lock. */
    STAGE_SEGMENT, /* Into the bridge, still down. */
    STAGE_OPEN,    /* Up. */
};

#define OBJECT_KEY_MAX 40
#define OBJECT_NO_SEGMENT UINT32_MAX /* 'segment': nobody depends on it. */

/* Key: kind, ifindex, name, key bytes. Value: 'value' and 'text'. Strings are
 * in the arena of the array, or static. NULL is taken for "". */
struct object {
    enum object_kind kind;
    uint32_t ifindex; /* The device that it concerns; 0: none. */
    const char *name;
    uint8_t key[OBJECT_KEY_MAX];
    uint8_t key_len;
    bool foreign; /* Observed, not ours, in our way: reported,
                   * never removed. The port of 'ifindex' is
                   * closed for it (0: the host, all ports);
                   * plan_judge(). */
    uint32_t value[4];
    const char *text;

    /* Not compared. */
    const char *device; /* Name of 'ifindex', for people. */
    uint32_t segment;   /* With 'ifindex' 0: the only segment that
                         * depends on it; 0: all do. */
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

/* True if a port in 'segment' (0: the uplink) on device 'ifindex' is not as
 * wanted while this object is not. */
bool object_concerns(const struct object *, uint32_t ifindex,
                     uint32_t segment);

/* "bridge", "sysctl", ... */
const char *object_kind_name(enum object_kind);

/* "vlan vif1.0 110 = pvid untagged": one line, for `cordon diff` and logs. */
void object_format(const struct object *, struct ds *);

enum change_op { CHANGE_ADD, CHANGE_MOD, CHANGE_DEL };

struct change {
    enum change_op op;
    const struct object *want; /* ADD, MOD. */
    const struct object *have; /* MOD, DEL. */
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

/* The object that a change is about: want, or have if it goes. */
const struct object *change_object(const struct change *);

/* "+ vlan vif1.0 110 = pvid untagged": one line. */
void change_format(const struct change *, struct ds *);

#endif /* src/plan/object.h */
