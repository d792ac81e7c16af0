/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_RULESET_PRIVATE_H
#define CORDON_AUDIT_RULESET_PRIVATE_H 1

/* What the files that decode a ruleset share. */

#include "audit/ruleset.h"
#include "openvswitch/shash.h"

struct attrs;
struct nlattr;
struct nlmsghdr;

/* Tables, chains, sets and objects are made first, so that rules and elements
 * can point to them. */
struct ruleset_maker {
    struct arena *arena;
    struct ds *problems;
    struct ruleset *ruleset;
    /* Those of 'ruleset', which may still change. */
    struct ruleset_table *tables;
    struct ruleset_chain *chains;
    struct ruleset_set *sets;
    struct ruleset_object *objects;
    struct ruleset_flowtable *flowtables;
    /* By key: see key() in ruleset.c. */
    struct shash tables_by_name, chains_by_name, sets_by_name, objects_by_name;
    const struct ruleset_table *table; /* Of what is being decoded. */
};

/* What has this name in a table, NULL if nothing has; gives it one. */
void *ruleset_find_name(const struct shash *, uint8_t family,
                        const char *table, const char *name);
void ruleset_name(struct shash *, uint8_t family, const char *table,
                  const char *name, const void *data);

/* Of 'm->table'; NULL if there is none. */
const struct ruleset_chain *ruleset_maker_chain(const struct ruleset_maker *,
                                                const char *name);
struct ruleset_set *ruleset_maker_set(const struct ruleset_maker *,
                                      const char *name);
const struct ruleset_object *ruleset_maker_object(const struct ruleset_maker *,
                                                  const char *name,
                                                  uint32_t type);

/* Copies into the arena. */
const void *ruleset_copy(struct ruleset_maker *, const void *, size_t n);

/* The comment in user data, "" if there is none. */
const char *ruleset_comment(struct ruleset_maker *, const void *userdata,
                            size_t n, uint8_t type);

/* An expression, from the attributes NFTA_EXPR_* of 'a'; ones of a list; one
 * of which only the name and NFTA_EXPR_DATA ('data', NULL: none) are there. */
void ruleset_expr(struct ruleset_maker *, const struct nlattr *a,
                  struct expr *ret_expr);
const struct expr *ruleset_exprs(struct ruleset_maker *,
                                 const struct nlattr *list, size_t *ret_n);
void ruleset_expr_named(struct ruleset_maker *, const char *name,
                        const struct nlattr *data, struct expr *ret_expr);

/* NFTA_DATA_* of 'a'. False if it is odd. */
bool ruleset_data(struct ruleset_maker *, const struct nlattr *a,
                  struct ruleset_data *ret_data);

/* Where the register 'type' starts, in words. False if there is no such
 * attribute. */
bool ruleset_get_register(struct attrs *, int type, uint8_t *ret_word);
/* Of what has to be there; what is not is odd. A register of data with room
 * for 'len' bytes; a number that fits into a byte; a value, of 'len' bytes if
 * that is not 0; a set. */
uint8_t ruleset_need_register(struct attrs *, int type, size_t len);
uint8_t ruleset_need_byte(struct attrs *, int type);
const uint8_t *ruleset_need_value(struct ruleset_maker *, struct attrs *,
                                  int type, uint8_t len, uint8_t *ret_len);
struct ruleset_set *ruleset_need_set(struct ruleset_maker *, struct attrs *,
                                     int type);

/* Decoders of expressions by name: of a frame (ruleset_load.c)... */
typedef void ruleset_decoder(struct ruleset_maker *, struct attrs *,
                             struct expr *);
ruleset_decoder ruleset_decode_payload;
ruleset_decoder ruleset_decode_meta;
ruleset_decoder ruleset_decode_ct;
ruleset_decoder ruleset_decode_exthdr;
ruleset_decoder ruleset_decode_numgen;
ruleset_decoder ruleset_decode_hash;
ruleset_decoder ruleset_decode_fib;
ruleset_decoder ruleset_decode_socket;
ruleset_decoder ruleset_decode_rt;
ruleset_decoder ruleset_decode_osf;
ruleset_decoder ruleset_decode_tunnel;
ruleset_decoder ruleset_decode_xfrm;
/* ...and of what is done besides (ruleset_act.c). */
ruleset_decoder ruleset_decode_limit;
ruleset_decoder ruleset_decode_connlimit;
ruleset_decoder ruleset_decode_quota;
ruleset_decoder ruleset_decode_objref;
ruleset_decoder ruleset_decode_dynset;
ruleset_decoder ruleset_decode_reject;
ruleset_decoder ruleset_decode_queue;
ruleset_decoder ruleset_decode_fwd;
ruleset_decoder ruleset_decode_dup;

/* Reads a set; appends the elements of a message to it, which wait in 'e';
 * sorts them all. */
struct ruleset_elements {
    struct ruleset_pending *all;
    size_t n, allocated;
};
void ruleset_set_read(struct ruleset_maker *, struct attrs *,
                      struct ruleset_set *);
void ruleset_elements_read(struct ruleset_maker *, struct ruleset_set *,
                           const struct nlattr *list,
                           struct ruleset_elements *);
void ruleset_elements_finish(struct ruleset_maker *, struct ruleset_set *,
                             struct ruleset_elements *);

/* A message of nftables, without its headers. */
struct ruleset_message {
    uint8_t type; /* NFT_MSG_NEW*. */
    uint8_t family;
    const void *attrs;
    size_t n;
};

/* Elements and rules while they are being collected. */
struct ruleset_gathered {
    struct ruleset_elements *elements; /* Of each set. */
    struct ruleset_rule **rules;       /* Of each chain. */
    size_t *allocated;
};

/* Reads those of 'messages' that are of 'type'. What others point to is read
 * before them; 'g' is for rules and elements, else NULL. */
void ruleset_messages_read(struct ruleset_maker *,
                           const struct ruleset_message *messages, size_t n,
                           uint8_t type, struct ruleset_gathered *g);

#endif /* src/audit/ruleset_private.h */
