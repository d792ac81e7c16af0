/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From text to nodes, by libfyaml's events.
 *
 * Events instead of libfyaml's own documents, because that bounds what a
 * hostile file can cost: aliases and merge keys are refused as they appear
 * and never resolved, nesting is limited before anything recurses, all
 * duplicate keys of a mapping are found in linear time and told at their
 * lines, and a node takes about 100 bytes instead of 400.
 *
 * text.c keeps away what libfyaml cannot cope with. A byte order mark is
 * skipped, because libfyaml's positions would not count it. */

#include <cordon-config.h>
#include "policy/node.h"

#include <libfyaml.h>
#include <string.h>

#include "lib/arena.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/shash.h"
#include "policy/plain.h"
#include "policy/text.h"
#include "util.h"

enum {
    MAX_DEPTH = 32,      /* A policy needs 11. */
    MAX_NODES = 1000000, /* 10,000 interfaces have 200,000. */
    MANY_KEYS = 16,      /* More are looked up in a hash table. */
};

struct reader {
    struct arena *arena;
    struct diag *diag;
    const struct diag_source *source;
    struct fy_token_iter *iter;
    struct ds scalar; /* The text of one. */
    size_t skipped;   /* Bytes before what libfyaml sees. */
    struct node *root;
    struct node *stack[MAX_DEPTH];
    size_t depth;
    size_t n_nodes;
    struct node *key;       /* Of the innermost mapping, waiting for its
                                 * value. */
    struct diag_place last; /* Of the last event that had one. */
};

/* Returns where 'token' starts, or where the last event was if libfyaml does
 * not say (an empty value has no token). */
static struct diag_place
token_place(struct reader *r, struct fy_token *token)
{
    const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;
    size_t offset = mark ? mark->input_pos + r->skipped : 0;

    if (mark && offset <= r->source->length) {
        /* The marks of strings, anchors and aliases are behind their first
         * character. */
        bool behind = mark->column > 0 && offset > 0
                      && strchr("\"'&*", r->source->text[offset - 1]);

        r->last = (struct diag_place){
            .source = r->source,
            .line = mark->line + 1,
            .column = mark->column + 1 - behind,
            .offset = offset - behind,
        };
    }
    return r->last;
}

/* Refuses what a policy has no use for. */
static void
check_properties(struct reader *r, struct fy_token *anchor,
                 struct fy_token *tag)
{
    if (anchor) {
        struct diag_place place = token_place(r, anchor);

        diag_add(r->diag, &place,
                 "anchors (&) are not allowed; "
                 "remove it and write each value out");
    }
    if (tag) {
        struct diag_place place = token_place(r, tag);

        diag_add(r->diag, &place,
                 "tags (!) are not allowed; remove it, and "
                 "quote the value if it is a string");
    }
}

static struct node *
node_new(struct reader *r, enum node_type type, const struct diag_place *place)
{
    struct node *n = arena_alloc(r->arena, sizeof *n);

    r->n_nodes++;
    n->type = type;
    n->text = n->key = "";
    n->place = *place;
    return n;
}

/* Puts 'n' where the reader is in the tree. */
static void
node_attach(struct reader *r, struct node *n)
{
    struct node *parent = r->depth ? r->stack[r->depth - 1] : NULL;

    if (!parent) {
        r->root = n;
        return;
    }
    if (parent->type == NODE_MAPPING && r->key) {
        n->key = r->key->text;
        r->key->value = n;
        r->key = NULL;
        return;
    }
    if (parent->type == NODE_MAPPING) {
        r->key = n;
    }
    n->key = parent->key;
    n->item = parent->type == NODE_SEQUENCE;
    if (parent->last) {
        parent->last->next = n;
    } else {
        parent->children = n;
    }
    parent->last = n;
    parent->n++;
}

/* Starts a mapping or a sequence. False: too deep. */
static bool
push(struct reader *r, enum node_type type, const struct diag_place *place)
{
    struct node *n = node_new(r, type, place);

    node_attach(r, n);
    if (r->depth >= MAX_DEPTH) {
        diag_add(r->diag, place,
                 "nested more than %d levels deep; "
                 "a policy needs no more than 11",
                 MAX_DEPTH);
        return false;
    }
    r->stack[r->depth++] = n;
    r->key = NULL;
    return true;
}

/* The key before 'key' in 'map' that has the same text. 'keys' are those
 * before it, if there are many. */
static const struct node *
find_first(const struct node *map, const struct shash *keys,
           const struct node *key)
{
    if (keys) {
        return shash_find_data(keys, key->text);
    }
    for (const struct node *k = map->children; k != key; k = k->next) {
        if (!strcmp(k->text, key->text)) {
            return k;
        }
    }
    return NULL;
}

/* Takes out of 'map' what it has twice, and what cannot be a key. */
static void
check_keys(struct reader *r, struct node *map)
{
    struct shash keys = SHASH_INITIALIZER(&keys);
    struct node **link = &map->children;
    bool many = map->n > MANY_KEYS;

    for (struct node *key = map->children; key; key = key->next) {
        const struct node *first = find_first(map, many ? &keys : NULL, key);
        bool complex = key->type == NODE_SEQUENCE || key->type == NODE_MAPPING;

        if (complex) {
            diag_add(r->diag, &key->place,
                     "a key must be a name, not %s; "
                     "write a name, in quotes if need be",
                     node_type_name(key->type));
        } else if (first && !key->broken) {
            diag_add(r->diag, &key->place,
                     "\"%s\" is there twice, first at "
                     "line %u; keep one of the two",
                     key->text, first->place.line);
        }
        if (complex || first || key->broken) {
            *link = key->next;
            map->n--;
        } else {
            if (many) {
                shash_add(&keys, key->text, key);
            }
            link = &key->next;
        }
    }
    shash_destroy(&keys);
}

static void
pop(struct reader *r)
{
    struct node *done = r->stack[--r->depth];
    struct node *parent = r->depth ? r->stack[r->depth - 1] : NULL;

    if (done->type == NODE_MAPPING) {
        check_keys(r, done);
    }
    /* If what ended was itself a key (an error, told before), its value is
     * still to come. */
    r->key = parent && parent->type == NODE_MAPPING && parent->last
                     && !parent->last->value
                 ? parent->last
                 : NULL;
}

/* Returns what the scalar 'token' says, its escapes resolved, in the arena;
 * or NULL if that is not text.
 *
 * fy_token_get_text() would do, but it leaks 4 kB for each scalar that has
 * more than a few escapes. */
static const char *
token_text(struct reader *r, struct fy_token *token)
{
    const struct fy_iter_chunk *chunk = NULL;
    struct ds *text = &r->scalar;
    int error = 0;

    ds_clear(text);
    if (token) {
        fy_token_iter_start(token, r->iter);
        while ((chunk = fy_token_iter_chunk_next(r->iter, chunk, &error))) {
            ds_put_buffer(text, chunk->str, chunk->len);
        }
        fy_token_iter_finish(r->iter);
    }
    return !error && strlen(ds_cstr(text)) == text->length
               ? arena_strdup(r->arena, ds_cstr(text))
               : NULL;
}

static void
scalar(struct reader *r, const struct fy_event_scalar_data *s)
{
    struct diag_place place = token_place(r, s->value);
    bool quoted = s->value && fy_token_scalar_style(s->value) != FYSS_PLAIN;
    enum node_type type = NODE_STRING;
    const char *text = token_text(r, s->value);
    struct node *n;

    check_properties(r, s->anchor, s->tag);
    if (text && !quoted) {
        type = plain_type(text);
    }
    n = node_new(r, type, &place);
    n->quoted = quoted;
    if (text) {
        n->text = text;
    } else {
        diag_add(r->diag, &place,
                 "NUL character, or an escape that makes no "
                 "text; remove it");
        n->broken = true;
    }
    node_attach(r, n);
}

/* Takes in one event. False: nothing after it can be made sense of. */
static bool
event(struct reader *r, struct fy_event *e)
{
    struct diag_place place = token_place(r, fy_event_get_token(e));
    struct node *n;

    if (r->n_nodes >= MAX_NODES) {
        diag_add(r->diag, &place,
                 "more than %d values in one file; "
                 "split it and use \"include\"",
                 MAX_NODES);
        return false;
    }
    switch (e->type) {
    case FYET_MAPPING_START:
        check_properties(r, e->mapping_start.anchor, e->mapping_start.tag);
        return push(r, NODE_MAPPING, &place);

    case FYET_SEQUENCE_START:
        check_properties(r, e->sequence_start.anchor, e->sequence_start.tag);
        return push(r, NODE_SEQUENCE, &place);

    case FYET_MAPPING_END:
    case FYET_SEQUENCE_END:
        ovs_assert(r->depth);
        pop(r);
        return true;

    case FYET_SCALAR:
        scalar(r, &e->scalar);
        return true;

    case FYET_ALIAS:
        diag_add(r->diag, &place,
                 "aliases (*) are not allowed; "
                 "write the value out");
        n = node_new(r, NODE_NULL, &place);
        n->broken = true;
        node_attach(r, n);
        return true;

    case FYET_DOCUMENT_START:
        if (r->root) {
            diag_add(r->diag, &place,
                     "a second document; write each into a "
                     "file of its own");
            return false;
        }
        return true;

    case FYET_NONE:
    case FYET_STREAM_START:
    case FYET_STREAM_END:
    case FYET_DOCUMENT_END:
        return true;
    }
    return false;
}

/* Reports what libfyaml did not understand. */
static void
syntax_errors(struct reader *r, struct fy_diag *fy_diag)
{
    const struct fy_diag_error *e;
    void *iterator = NULL;
    size_t before = r->diag->n;

    while ((e = fy_diag_errors_iterate(fy_diag, &iterator))) {
        struct diag_place place = r->last;

        if (e->fyt) {
            place = token_place(r, e->fyt);
        }
        diag_add(r->diag, &place, "%s; this is not YAML 1.2 or JSON",
                 e->msg ? e->msg : "syntax error");
    }
    if (r->diag->n == before) {
        diag_add(r->diag, &r->last,
                 "syntax error; this is not YAML 1.2 or "
                 "JSON");
    }
}

static void
discard(struct fy_diag *fy_diag OVS_UNUSED, void *user OVS_UNUSED,
        const char *buf OVS_UNUSED, size_t len OVS_UNUSED)
{
}

/* Reads all of the text. False if the tree is not whole. */
static bool
read_events(struct reader *r)
{
    struct fy_diag_cfg diag_cfg;
    struct fy_parse_cfg cfg = {
        .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2
                 | FYPCF_JSON_NONE | FYPCF_SLOPPY_FLOW_INDENTATION,
    };
    struct fy_parser *parser;
    struct fy_event *e;
    bool whole = true;

    fy_diag_cfg_default(&diag_cfg);
    diag_cfg.fp = NULL;
    diag_cfg.output_fn = discard;
    cfg.diag = fy_diag_create(&diag_cfg);
    fy_diag_set_collect_errors(cfg.diag, true);
    parser = fy_parser_create(&cfg);
    r->iter = fy_token_iter_create(NULL);
    if (!parser || !r->iter
        || fy_parser_set_string(parser, r->source->text + r->skipped,
                                r->source->length - r->skipped)) {
        out_of_memory();
    }
    while (whole && (e = fy_parser_parse(parser))) {
        whole = event(r, e);
        fy_parser_event_free(parser, e);
    }
    if (fy_parser_get_stream_error(parser)) {
        syntax_errors(r, cfg.diag);
        whole = false;
    }
    fy_token_iter_destroy(r->iter);
    fy_parser_destroy(parser);
    fy_diag_destroy(cfg.diag);
    return whole;
}

const struct node *
node_read(struct arena *arena, struct diag *diag,
          const struct diag_source *source)
{
    struct reader r = {
        .arena = arena,
        .diag = diag,
        .source = source,
        .last = { .source = source, .line = 1, .column = 1 },
        .scalar = DS_EMPTY_INITIALIZER,
    };
    bool whole;

    if (!text_check(diag, source)) {
        return NULL;
    }
    if (source->length >= 3 && !memcmp(source->text, "\xef\xbb\xbf", 3)) {
        r.skipped = 3;
    }
    whole = read_events(&r);
    ds_destroy(&r.scalar);
    if (!whole) {
        return NULL;
    }
    if (!r.root) {
        diag_add(diag, &r.last,
                 "the file is empty; it needs at least "
                 "\"version: 1\"");
    }
    return r.root;
}

const char *
node_type_name(enum node_type type)
{
    switch (type) {
    case NODE_NULL:
        return "empty";
    case NODE_BOOL:
        return "a boolean";
    case NODE_INTEGER:
        return "an integer";
    case NODE_FLOAT:
        return "a number";
    case NODE_STRING:
        return "a string";
    case NODE_SEQUENCE:
        return "a list";
    case NODE_MAPPING:
        return "a mapping";
    }
    OVS_NOT_REACHED();
}
