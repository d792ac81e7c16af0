/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Output as one JSON value. Members of objects come in the order of their
 * names, so that outputs can be compared. */

#include <cordon-config.h>
#include "lib/writer.h"

#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "util.h"

#define DEPTH_MAX 8

struct json_writer {
    struct writer up;
    struct json *root;
    struct json *stack[DEPTH_MAX];
    unsigned int depth;
};

static struct json_writer *
json_writer_cast(struct writer *w)
{
    return CONTAINER_OF(w, struct json_writer, up);
}

static void
put(struct json_writer *jw, const char *key, struct json *value)
{
    struct json *top;

    if (!jw->depth) {
        ovs_assert(!jw->root && !key);
        jw->root = value;
        return;
    }
    top = jw->stack[jw->depth - 1];
    if (top->type == JSON_ARRAY) {
        json_array_add(top, value);
    } else {
        json_object_put(top, key, value);
    }
}

static void
push(struct json_writer *jw, const char *key, struct json *value)
{
    ovs_assert(jw->depth < DEPTH_MAX);
    put(jw, key, value);
    jw->stack[jw->depth++] = value;
}

static void
json_object_begin(struct writer *w, const char *key)
{
    push(json_writer_cast(w), key, json_object_create());
}

static void
json_list_begin(struct writer *w, const char *key)
{
    push(json_writer_cast(w), key, json_array_create_empty());
}

static void
json_end(struct writer *w)
{
    struct json_writer *jw = json_writer_cast(w);

    ovs_assert(jw->depth);
    jw->depth--;
}

static void
json_put_string(struct writer *w, const char *key, const char *value)
{
    put(json_writer_cast(w), key, json_string_create(value));
}

static void
json_put_uint(struct writer *w, const char *key, uint64_t value)
{
    put(json_writer_cast(w), key, json_integer_create(value));
}

static void
json_put_bool(struct writer *w, const char *key, bool value)
{
    put(json_writer_cast(w), key, json_boolean_create(value));
}

static char *
json_finish(struct writer *w)
{
    struct json_writer *jw = json_writer_cast(w);
    struct ds ds = DS_EMPTY_INITIALIZER;

    ovs_assert(!jw->depth);
    if (jw->root) {
        json_to_ds(jw->root, JSSF_SORT, &ds);
        ds_put_char(&ds, '\n');
    }
    json_destroy(jw->root);
    free(jw);
    return ds_steal_cstr(&ds);
}

static const struct writer_class json_class = {
    .object = json_object_begin,
    .list = json_list_begin,
    .end = json_end,
    .string = json_put_string,
    .uint = json_put_uint,
    .boolean = json_put_bool,
    .finish = json_finish,
};

struct writer *
writer_json_new(void)
{
    struct json_writer *jw = xzalloc(sizeof *jw);

    jw->up.class = &json_class;
    return &jw->up;
}
