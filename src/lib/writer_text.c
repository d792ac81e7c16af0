/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Output as text for people: "key: value" lines, indented below the key of
 * their object, and tables with a heading for lists of objects. A table is
 * printed when its list ends, because only then the widths are known. */

#include <cordon-config.h>
#include "lib/writer.h"

#include <ctype.h>
#include <inttypes.h>

#include "openvswitch/dynamic-string.h"
#include "svec.h"
#include "util.h"

#define DEPTH_MAX 8
#define COLUMNS_MAX 16

struct row {
    char *cells[COLUMNS_MAX]; /* NULL: no such field. */
};

enum frame_kind {
    FRAME_OBJECT,
    FRAME_LIST, /* Becomes a table with its first object. */
    FRAME_ROW,  /* An object in a list. */
    FRAME_CELL, /* A list of strings in a row. */
};

struct frame {
    enum frame_kind kind;
    char *key;           /* Owned; NULL at the top. */
    struct svec columns; /* FRAME_LIST. */
    struct row *rows;
    size_t n_rows, allocated_rows;
    struct svec lines; /* Strings of a FRAME_LIST, FRAME_CELL. */
};

struct text_writer {
    struct writer up;
    struct ds ds;
    struct frame stack[DEPTH_MAX];
    unsigned int depth;
    unsigned int indent;
};

static struct text_writer *
text_writer_cast(struct writer *w)
{
    return CONTAINER_OF(w, struct text_writer, up);
}

static struct frame *
top(struct text_writer *tw)
{
    return tw->depth ? &tw->stack[tw->depth - 1] : NULL;
}

static struct frame *
push(struct text_writer *tw, enum frame_kind kind, const char *key)
{
    struct frame *f;

    ovs_assert(tw->depth < DEPTH_MAX);
    f = &tw->stack[tw->depth++];
    *f = (struct frame){ .kind = kind, .key = nullable_xstrdup(key) };
    svec_init(&f->columns);
    svec_init(&f->lines);
    return f;
}

/* Control characters of names and messages must not reach a terminal. */
static void
put_clean(struct ds *ds, const char *s)
{
    for (; *s; s++) {
        ds_put_char(ds, iscntrl((unsigned char) *s) && *s != '\n' ? '?' : *s);
    }
}

static void
put_line(struct text_writer *tw, const char *key, const char *value)
{
    ds_put_char_multiple(&tw->ds, ' ', tw->indent);
    if (key) {
        ds_put_format(&tw->ds, "%s: ", key);
    }
    put_clean(&tw->ds, value[0] || !key ? value : "-");
    ds_put_char(&tw->ds, '\n');
}

/* Stores 'value' in the last row of 'table'. */
static void
put_cell(struct frame *table, const char *key, const char *value)
{
    size_t i;

    for (i = 0; i < table->columns.n; i++) {
        if (!strcmp(table->columns.names[i], key)) {
            break;
        }
    }
    if (i == table->columns.n) {
        ovs_assert(i < COLUMNS_MAX);
        svec_add(&table->columns, key);
    }
    table->rows[table->n_rows - 1].cells[i] = xstrdup(value);
}

static void
text_object(struct writer *w, const char *key)
{
    struct text_writer *tw = text_writer_cast(w);
    struct frame *f = top(tw);

    if (f && f->kind == FRAME_LIST) {
        if (f->n_rows == f->allocated_rows) {
            f->rows = x2nrealloc(f->rows, &f->allocated_rows, sizeof *f->rows);
        }
        f->rows[f->n_rows++] = (struct row){ .cells = { NULL } };
        push(tw, FRAME_ROW, NULL);
        return;
    }
    ovs_assert(!f || f->kind == FRAME_OBJECT);
    push(tw, FRAME_OBJECT, key);
    if (key) {
        ds_put_char_multiple(&tw->ds, ' ', tw->indent);
        ds_put_format(&tw->ds, "%s:\n", key);
        tw->indent += 2;
    }
}

static void
text_list(struct writer *w, const char *key)
{
    struct text_writer *tw = text_writer_cast(w);
    struct frame *f = top(tw);

    push(tw, f && f->kind == FRAME_ROW ? FRAME_CELL : FRAME_LIST, key);
}

static void
text_string(struct writer *w, const char *key, const char *value)
{
    struct text_writer *tw = text_writer_cast(w);
    struct frame *f = top(tw);

    ovs_assert(f);
    switch (f->kind) {
    case FRAME_OBJECT:
        put_line(tw, key, value);
        break;
    case FRAME_ROW:
        put_cell(&tw->stack[tw->depth - 2], key, value);
        break;
    case FRAME_LIST:
    case FRAME_CELL:
        svec_add(&f->lines, value);
        break;
    }
}

static void
text_uint(struct writer *w, const char *key, uint64_t value)
{
    char s[24];

    snprintf(s, sizeof s, "%" PRIu64, value);
    text_string(w, key, s);
}

static void
text_bool(struct writer *w, const char *key, bool value)
{
    text_string(w, key, value ? "yes" : "no");
}

static void
print_table(struct text_writer *tw, const struct frame *f)
{
    size_t width[COLUMNS_MAX];

    for (size_t i = 0; i < f->columns.n; i++) {
        width[i] = strlen(f->columns.names[i]);
        for (size_t j = 0; j < f->n_rows; j++) {
            const char *s = f->rows[j].cells[i];

            width[i] = MAX(width[i], s ? strlen(s) : 1);
        }
    }
    for (size_t j = 0; j <= f->n_rows; j++) {
        ds_put_char_multiple(&tw->ds, ' ', tw->indent);
        for (size_t i = 0; i < f->columns.n; i++) {
            const char *s = j ? f->rows[j - 1].cells[i] : f->columns.names[i];
            size_t start = tw->ds.length;

            s = s && s[0] ? s : "-";
            put_clean(&tw->ds, s);
            if (!j) {
                for (size_t k = start; k < tw->ds.length; k++) {
                    tw->ds.string[k] =
                        toupper((unsigned char) tw->ds.string[k]);
                }
            }
            if (i + 1 < f->columns.n) {
                ds_put_char_multiple(&tw->ds, ' ', width[i] - strlen(s) + 2);
            }
        }
        ds_put_char(&tw->ds, '\n');
    }
}

static void
print_list(struct text_writer *tw, const struct frame *f)
{
    if (!f->n_rows && !f->lines.n) {
        put_line(tw, f->key, "none");
        return;
    }
    if (f->key && tw->depth > 1) {
        ds_put_char_multiple(&tw->ds, ' ', tw->indent);
        ds_put_format(&tw->ds, "%s:\n", f->key);
        tw->indent += 2;
    }
    if (f->n_rows) {
        print_table(tw, f);
    }
    for (size_t i = 0; i < f->lines.n; i++) {
        put_line(tw, NULL, f->lines.names[i]);
    }
    if (f->key && tw->depth > 1) {
        tw->indent -= 2;
    }
}

static void
text_end(struct writer *w)
{
    struct text_writer *tw = text_writer_cast(w);
    struct frame *f = top(tw);

    ovs_assert(f);
    switch (f->kind) {
    case FRAME_OBJECT:
        tw->indent -= f->key ? 2 : 0;
        break;
    case FRAME_ROW:
        break;
    case FRAME_LIST:
        print_list(tw, f);
        break;
    case FRAME_CELL: {
        char *s = svec_join(&f->lines, ", ", "");

        put_cell(&tw->stack[tw->depth - 3], f->key, s);
        free(s);
        break;
    }
    }
    for (size_t j = 0; j < f->n_rows; j++) {
        for (size_t i = 0; i < COLUMNS_MAX; i++) {
            free(f->rows[j].cells[i]);
        }
    }
    free(f->rows);
    svec_destroy(&f->columns);
    svec_destroy(&f->lines);
    free(f->key);
    tw->depth--;
}

static char *
text_finish(struct writer *w)
{
    struct text_writer *tw = text_writer_cast(w);
    char *s;

    ovs_assert(!tw->depth);
    s = ds_steal_cstr(&tw->ds);
    free(tw);
    return s;
}

static const struct writer_class text_class = {
    .object = text_object,
    .list = text_list,
    .end = text_end,
    .string = text_string,
    .uint = text_uint,
    .boolean = text_bool,
    .finish = text_finish,
};

struct writer *
writer_text_new(void)
{
    struct text_writer *tw = xzalloc(sizeof *tw);

    tw->up.class = &text_class;
    ds_init(&tw->ds);
    return &tw->up;
}
