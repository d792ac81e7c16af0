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
    OBJECT_BRIDGE,         /* name; value: attributes. */
    OBJECT_SYSCTL,         /* name: path below /proc/sys; text. */
    OBJECT_MODULE_HOST,    /* text: what ports share. */
    OBJECT_MODULE_SEGMENT, /* name: id; text. */
    OBJECT_MODULE_PORT,    /* ifindex; text; value: 0 in quarantine. */
    OBJECT_NFT_TABLE,      /* name. */
    OBJECT_NFT_SET,        /* name; text: type and flags. */
    OBJECT_NFT_CHAIN,      /* name; ifindex if a base chain; text. */
    OBJECT_NFT_RULES,      /* name: chain; text: all its rules. */
    OBJECT_NFT_ELEMENT,    /* name: set; key; ifindex; value: data. */
    OBJECT_GROUP_TABLE,    /* The same of the table of tenants' rules. */
    OBJECT_GROUP_SET,
    OBJECT_GROUP_CHAIN,
    OBJECT_GROUP_RULES,
    OBJECT_GROUP_ELEMENT,
    OBJECT_QDISC,  /* ifindex, or name of the bridge; text. */
    OBJECT_FILTER, /* tc filter: key: block, priority, handle. */
    OBJECT_SHAPE,  /* ifindex; value, text: rate towards the guest. */
    OBJECT_POLICE, /* ifindex; value, text: rates from the guest. */
    OBJECT_MASTER, /* ifindex; text: master, flags. */
    OBJECT_BRPORT, /* ifindex; text: flags. */
    OBJECT_VLAN,   /* ifindex, or name of the bridge; key: VLAN;
                         * text: flags. */
    OBJECT_FDB,    /* ifindex, or name of the bridge; key: VLAN,
                         * MAC; text: flags. */
    OBJECT_UP,     /* ifindex; text. */
};

/* How far a port has to be before an object of a kind is added: everything
 * of the stages before must have been read back as wanted. */
enum object_stage {
    STAGE_HOST,    /* Bridge, sysctls of the host. */
    STAGE_GUARD,   /* Guard, lock and rates. */
    STAGE_SEGMENT, /* Into the bridge, still down. */
    STAGE_OPEN,    /* Up. */
};

#define OBJECT_KEY_MAX 40
#define OBJECT_NO_SEGMENT UINT32_MAX /* 'segment': nobody depends on it. */

/* Who depends on a thing that several ports depend on, not all: on the rules
 * of a group, say. */
struct object_users {
    uint32_t group;        /* The same for things that stand and fall
                            * together; not 0. */
    const uint32_t *ports; /* Their devices, ascending. */
    size_t n_ports;
    const char **where; /* Where the policy has the lines of 'text':
                         * "FILE:LINE:COLUMN". */
    size_t n_where;
};

struct object;
struct object_keys;

/* Appends text. */
typedef void object_describe_cb(const struct object *, struct ds *);

/* Key: kind, ifindex, name, key bytes. Value: 'value' and 'text'. Strings are
 * in the arena of the array, or static. NULL is taken for "". Bytes of 'key'
 * past 'key_len' are zero. */
struct object {
    enum object_kind kind;
    uint32_t ifindex; /* The device that it concerns; 0: none. */
    uint32_t value[4];
    uint8_t key[OBJECT_KEY_MAX];
    uint8_t key_len;
    bool foreign; /* Observed, not ours, in our way: reported,
                   * never removed. The port of 'ifindex' is
                   * closed for it (0: the host, all ports);
                   * plan_judge(). */
    const char *name;
    const char *text;
    const struct object_keys *keys; /* Not NULL: this stands for an object of
                                     * each of these keys, and has none. */

    /* Not compared. */
    object_describe_cb *describe; /* Says for people what the key says; NULL:
                                   * 'text' does. */
    const char *device;           /* Name of 'ifindex', for people. */
    uint32_t owner;   /* With 'ifindex' 0: the only device that depends
                         * on it; 0: not just one. */
    uint32_t segment; /* With both 0: the only segment that depends on
                         * it; 0: all do. */
    const struct object_users *users; /* NULL: nobody but these. */
};

/* A growing array; zeroed is empty. */
struct objects {
    struct object *v;
    size_t n, allocated;
};

struct object *objects_add(struct objects *, const struct object *);
/* Makes room for 'n' more, so that adding them moves nothing. */
void objects_reserve(struct objects *, size_t n);
void objects_append(struct objects *, const struct object *, size_t n);
void objects_sort(struct objects *);
void objects_done(struct objects *);

/* The first object of 'kind' in a sorted array, NULL if there is none. */
const struct object *objects_find_kind(const struct objects *,
                                       enum object_kind kind);

/* The object that 'o' has under 'key', which is one of 'o->keys'. */
struct object object_of_key(const struct object *o, const uint8_t *key);

/* The object of the key of 'o' in a sorted array, or the one that has this key
 * among others. NULL if there is none. */
const struct object *objects_find(const struct objects *,
                                  const struct object *o);

int object_cmp(const struct object *, const struct object *);   /* By key. */
bool object_same(const struct object *, const struct object *); /* Value. */
/* Both, and keys; faster, for of two arrays nearly all are. */
bool object_equal(const struct object *, const struct object *);
enum object_stage object_stage(const struct object *);

/* True if a port in 'segment' (0: the uplink) on device 'ifindex' is not as
 * wanted while this object is not. */
bool object_concerns(const struct object *, uint32_t ifindex,
                     uint32_t segment);

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
    struct arena *arena; /* Of objects that others stand for. */
};

/* Merges two sorted arrays into what has to be done to come from 'have' to
 * 'want'. Foreign objects are passed over. Pure. The changes point into both
 * arrays; where an object has many keys, they are about those that differ. */
void diff(const struct objects *want, const struct objects *have,
          struct changes *);
void changes_done(struct changes *);

/* The object that a change is about: want, or have if it goes. */
const struct object *change_object(const struct change *);

/* "+ vlan vif1.0 110 = pvid untagged": one line. */
void change_format(const struct change *, struct ds *);

#endif /* src/plan/object.h */
