/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Reads a snapshot's file: JSON by libopenvswitch, then its shape, then the
 * chain and the signature. Nothing in it is believed: a member that is not
 * known, or missing, makes it an error. */

#include <cordon-config.h>
#include "audit/snapshot.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/base64.h"
#include "audit/chain.h"
#include "audit/key.h"
#include "audit/snapshot_private.h"
#include "lib/arena.h"
#include "openvswitch/compiler.h"
#include "openvswitch/json.h"
#include "openvswitch/shash.h"
#include "util.h"

#define SIZE_LIMIT ((size_t) 2 << 30) /* Of a file. */

/* While a file is being read. 'error' is the first. */
struct reading {
    struct snapshot *snapshot;
    char *error;
    size_t n_known; /* Members of the object being read that are known. */
};

static void fail(struct reading *, const char *format, ...)
    OVS_PRINTF_FORMAT(2, 3);

static void
fail(struct reading *r, const char *format, ...)
{
    if (!r->error) {
        va_list args;

        va_start(args, format);
        r->error = xvasprintf(format, args);
        va_end(args);
    }
}

/* The member 'key' of 'object' if it is of 'type', else NULL and an error
 * (none, if there is no such member and it is optional). */
static const struct json *
member(struct reading *r, const struct json *object, const char *key,
       enum json_type type, bool optional)
{
    const struct json *m = shash_find_data(json_object(object), key);

    if (m) {
        r->n_known++;
    } else if (optional) {
        return NULL;
    }
    if (!m || m->type != type) {
        fail(r, "%s: %s", key, m ? "not what it should be" : "is missing");
        return NULL;
    }
    return m;
}

static const char *
text(struct reading *r, const struct json *object, const char *key)
{
    const struct json *m = member(r, object, key, JSON_STRING, false);

    return m ? json_string(m) : "";
}

static uint32_t
number(struct reading *r, const struct json *object, const char *key,
       bool optional)
{
    const struct json *m = member(r, object, key, JSON_INTEGER, optional);

    if (!m) {
        return 0;
    }
    if (json_integer(m) < 0 || json_integer(m) > UINT32_MAX) {
        fail(r, "%s: out of range", key);
        return 0;
    }
    return json_integer(m);
}

/* Ends an object whose members were all asked for. */
static void
end_object(struct reading *r, const struct json *object, const char *what)
{
    if (shash_count(json_object(object)) != r->n_known) {
        fail(r, "%s: a member that is not known", what);
    }
    r->n_known = 0;
}

static void
read_header(struct reading *r, const struct json *top)
{
    struct snapshot *s = r->snapshot;

    if (number(r, top, "cordon_snapshot", false) != 1) {
        fail(r, "not a snapshot of a version that is known (1)");
    }
    if (strcmp(text(r, top, "endian"), "little")) {
        fail(r, "endian: only \"little\" can be read here");
    }
    s->header = (struct snapshot_header){
        .host = arena_strdup(s->arena, text(r, top, "host")),
        .time = arena_strdup(s->arena, text(r, top, "time")),
        .kernel = arena_strdup(s->arena, text(r, top, "kernel")),
        .machine = arena_strdup(s->arena, text(r, top, "machine")),
        .by = arena_strdup(s->arena, text(r, top, "by")),
    };
}

/* True, and an error, if there is a part of that name already. */
static bool
is_twice(struct reading *r, const char *name)
{
    bool twice = false;

    for (size_t i = 0; i < r->snapshot->n_parts; i++) {
        twice = twice || !strcmp(r->snapshot->parts[i].name, name);
    }
    if (twice) {
        fail(r, "part %s is there twice", name);
    }
    return twice;
}

static struct snapshot_part *
read_netlink(struct reading *r, const struct json *object, const char *name)
{
    const char *data = text(r, object, "data");
    struct snapshot_part *part;
    void *bytes = NULL;
    size_t n = 0;

    if (!base64_decode(data, &bytes, &n)) {
        fail(r, "part %s: not base64", name);
    } else if (!snapshot_messages_ok(bytes, n)) {
        fail(r, "part %s: not whole netlink messages", name);
    }
    part = snapshot_add(r->snapshot, name, SNAPSHOT_NETLINK);
    part->data = bytes;
    part->n = n;
    return part;
}

static struct snapshot_part *
read_files(struct reading *r, const struct json *object, const char *name)
{
    const struct json *files = member(r, object, "files", JSON_OBJECT, false);
    struct snapshot_files fs = { .files = NULL };
    struct shash_node *node;

    if (files) {
        SHASH_FOR_EACH (node, json_object(files)) {
            const struct json *value = node->data;

            if (value->type != JSON_STRING) {
                fail(r, "part %s: file %s is no text", name, node->name);
            } else {
                snapshot_files_put(r->snapshot, &fs, node->name,
                                   json_string(value));
            }
        }
    }
    if (!snapshot_add_files(r->snapshot, name, &fs)) {
        fail(r, "part %s: a path is there twice", name);
        return snapshot_add(r->snapshot, name, SNAPSHOT_FILES);
    }
    return &r->snapshot->parts[r->snapshot->n_parts - 1];
}

/* Reads a part and checks its link. */
static void
read_part(struct reading *r, const struct json *object,
          unsigned char link[CHAIN_SIZE])
{
    const char *name, *kind, *claimed;
    struct snapshot_part *part;

    if (object->type != JSON_OBJECT) {
        fail(r, "parts: not an object");
        return;
    }
    r->n_known = 0;
    name = text(r, object, "name");
    kind = text(r, object, "kind");
    claimed = text(r, object, "sha256");
    if (r->error || is_twice(r, name)) {
        return;
    }
    if (!strcmp(kind, "netlink")) {
        part = read_netlink(r, object, name);
    } else if (!strcmp(kind, "files")) {
        part = read_files(r, object, name);
    } else {
        fail(r, "part %s: no kind that is known: %s", name, kind);
        return;
    }
    part->tries = number(r, object, "tries", false);
    part->generation = number(r, object, "generation", true);
    end_object(r, object, name);
    chain_part(part, link);
    chain_hex(link, part->link);
    if (strcmp(part->link, claimed)) {
        fail(r, "part %s: SHA-256 does not match: changed since it was taken",
             name);
    }
}

static void
read_absent(struct reading *r, const struct json *absent)
{
    for (size_t i = 0; absent && i < json_array(absent)->n; i++) {
        const struct json *name = json_array(absent)->elems[i];

        if (name->type != JSON_STRING) {
            fail(r, "absent: not a name");
        } else if (!is_twice(r, json_string(name))) {
            snapshot_add(r->snapshot, json_string(name), SNAPSHOT_ABSENT);
        }
    }
}

static void
read_unread(struct reading *r, const struct json *unread)
{
    for (size_t i = 0; unread && i < json_array(unread)->n; i++) {
        const struct json *object = json_array(unread)->elems[i], *matters;
        const char *name, *why;

        if (object->type != JSON_OBJECT) {
            fail(r, "unread: not an object");
            return;
        }
        r->n_known = 0;
        name = text(r, object, "part");
        why = text(r, object, "why");
        matters = shash_find_data(json_object(object), "matters");
        if (!matters
            || (matters->type != JSON_TRUE && matters->type != JSON_FALSE)) {
            fail(r, "unread: matters is missing");
            return;
        }
        r->n_known++;
        end_object(r, object, "unread");
        if (!r->error && !is_twice(r, name)) {
            snapshot_add_unread(r->snapshot, name, matters->type == JSON_TRUE,
                                "%s", why);
        }
    }
}

static void
read_chain(struct reading *r, const char *claimed, const char *signature,
           const char *public_key, unsigned char link[CHAIN_SIZE])
{
    struct snapshot *s = r->snapshot;
    void *bytes = NULL;
    size_t n = 0;

    chain_end(s, link);
    chain_hex(link, s->chain);
    if (strcmp(s->chain, claimed)) {
        fail(r, "chain: SHA-256 does not match: changed since it was taken");
    } else if (signature) {
        s->is_signed = true;
        if (!base64_decode(signature, &bytes, &n) || n != KEY_SIGNATURE_SIZE) {
            fail(r, "signature: not 64 bytes in base64");
        } else if (public_key) {
            r->error =
                key_verify(public_key, s->chain, strlen(s->chain), bytes);
            s->verified = !r->error;
        }
        free(bytes);
    } else if (public_key) {
        fail(r, "it is not signed");
    }
}

static void
read_top(struct reading *r, const struct json *top, const char *public_key)
{
    const struct json *parts, *absent, *unread, *signature;
    unsigned char link[CHAIN_SIZE];
    const char *claimed;

    if (top->type != JSON_OBJECT) {
        fail(r, "not a snapshot");
        return;
    }
    read_header(r, top);
    parts = member(r, top, "parts", JSON_ARRAY, false);
    absent = member(r, top, "absent", JSON_ARRAY, false);
    unread = member(r, top, "unread", JSON_ARRAY, false);
    claimed = text(r, top, "chain");
    signature = member(r, top, "signature", JSON_STRING, true);
    end_object(r, top, "snapshot");
    if (r->error) {
        return;
    }
    chain_header(r->snapshot, link);
    for (size_t i = 0; i < json_array(parts)->n && !r->error; i++) {
        read_part(r, json_array(parts)->elems[i], link);
    }
    read_absent(r, absent);
    read_unread(r, unread);
    if (!r->error) {
        read_chain(r, claimed, signature ? json_string(signature) : NULL,
                   public_key, link);
    }
}

char *
snapshot_parse(const char *s, size_t n, const char *public_key,
               struct snapshot **ret_snapshot)
{
    struct reading r = { .error = NULL };
    struct json *json;

    if (strlen(s) != n) {
        return xstrdup("not JSON: has a NUL");
    }
    json = json_from_string(s);
    r.snapshot = snapshot_new();
    if (json->type == JSON_STRING) {
        fail(&r, "not JSON: %s", json_string(json));
    } else {
        read_top(&r, json, public_key);
    }
    json_destroy(json);
    if (r.error) {
        snapshot_free(r.snapshot);
    } else {
        *ret_snapshot = r.snapshot;
    }
    return r.error;
}

static char *
read_stream(FILE *f, const char *path, struct snapshot_buffer *b)
{
    size_t n;

    do {
        snapshot_buffer_reserve(b, 1024 * 1024);
        n = fread(b->data + b->n, 1, b->allocated - b->n - 1, f);
        b->n += n;
    } while (n && b->n < SIZE_LIMIT);
    b->data[b->n] = '\0';
    if (ferror(f)) {
        return xasprintf("%s: %s", path, ovs_strerror(errno));
    }
    return b->n < SIZE_LIMIT ? NULL : xasprintf("%s: too large", path);
}

char *
snapshot_read_file(const char *path, const char *public_key,
                   struct snapshot **ret_snapshot)
{
    struct snapshot_buffer b = { .data = NULL };
    FILE *f = strcmp(path, "-") ? fopen(path, "re") : stdin;
    char *error, *why;

    if (!f) {
        return xasprintf("%s: %s", path, ovs_strerror(errno));
    }
    error = read_stream(f, path, &b);
    if (!error) {
        why = snapshot_parse(b.data, b.n, public_key, ret_snapshot);
        if (why) {
            error = xasprintf("%s: %s", path, why);
            free(why);
        }
    }
    if (f != stdin) {
        fclose(f);
    }
    snapshot_buffer_done(&b);
    return error;
}
