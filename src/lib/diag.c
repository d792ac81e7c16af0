/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Gathering and writing errors in an operator's text.
 *
 * What is written goes to terminals and logs, so nothing in the text may
 * control them: characters that are not printable become '?'. A line may be
 * as long as a file (JSON often is), so only a window around the error is
 * shown, which also bounds the cost of an error. */

#include <cordon-config.h>
#include "lib/diag.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/utf8.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

enum {
    WINDOW_BEFORE = 100, /* Bytes of a line shown before an error, */
    WINDOW_AFTER = 100,  /* and after its start. */
};

void
diag_done(struct diag *d)
{
    for (size_t i = 0; i < d->n; i++) {
        free(d->errors[i].message);
    }
    free(d->errors);
    *d = (struct diag){ .n = 0 };
}

void
diag_add(struct diag *d, const struct diag_place *place, const char *format,
         ...)
{
    va_list args;

    if (d->n >= DIAG_MAX) {
        d->n_more++;
        return;
    }
    if (d->n >= d->allocated) {
        d->errors = x2nrealloc(d->errors, &d->allocated, sizeof *d->errors);
    }
    va_start(args, format);
    d->errors[d->n++] = (struct diag_error){
        .place = *place,
        .message = xvasprintf(format, args),
    };
    va_end(args);
}

/* True if 'c' does not start a UTF-8 character but goes on with one. */
static bool
is_continuation(char c)
{
    return ((uint8_t) c & 0xc0) == 0x80;
}

static bool
is_newline(char c)
{
    return c == '\n' || c == '\r';
}

void
diag_locate(struct diag_place *place)
{
    const char *text = place->source->text;
    unsigned int line = 1, column = 1;

    for (size_t i = 0; i < place->offset; i++) {
        if (text[i] == '\n' || (text[i] == '\r' && text[i + 1] != '\n')) {
            line++;
            column = 1;
        } else if (!is_continuation(text[i]) && text[i] != '\r') {
            column++;
        }
    }
    place->line = line;
    place->column = column;
}

/* Returns the length of the UTF-8 character at the start of the 'n' bytes at
 * 's' if it is one that a terminal only prints, otherwise 0. */
static size_t
printable_length(const char *s, size_t n)
{
    const uint8_t *u = (const uint8_t *) s;
    size_t length = utf8_character(s, n);

    if (!length || u[0] < 0x20 || u[0] == 0x7f
        || (u[0] == 0xc2 && u[1] < 0xa0) /* C1 controls. */
        || (u[0] == 0xe2 /* Invisible, or turn the writing around. */
            && ((u[1] == 0x80 && u[2] >= 0x8b && u[2] <= 0x8f)
                || (u[1] == 0x80 && u[2] >= 0xa8 && u[2] <= 0xae)
                || (u[1] == 0x81 && u[2] >= 0xa0 && u[2] <= 0xaf)))
        || (u[0] == 0xef && u[1] == 0xbb && u[2] == 0xbf)) {
        return 0;
    }
    return length;
}

/* Writes the 'n' bytes at 's' and returns how many characters that were. */
static size_t
put_text(struct ds *ds, const char *s, size_t n)
{
    size_t characters = 0;

    for (size_t i = 0; i < n; characters++) {
        size_t length = printable_length(&s[i], n - i);

        if (length) {
            ds_put_buffer(ds, &s[i], length);
            i += length;
        } else {
            ds_put_char(ds, s[i] == '\t' ? ' ' : '?');
            for (i++; i < n && is_continuation(s[i]); i++) {
                continue;
            }
        }
    }
    return characters;
}

static void
put_line(struct ds *ds, const struct diag_place *place)
{
    const char *text = place->source->text;
    size_t at = MIN(place->offset, place->source->length);
    size_t start = at, end = at, caret = 0;

    while (start > 0 && !is_newline(text[start - 1])
           && at - start < WINDOW_BEFORE) {
        start--;
    }
    while (start < at && is_continuation(text[start])) {
        start++;
    }
    while (end < place->source->length && !is_newline(text[end])
           && end - at < WINDOW_AFTER) {
        end++;
    }
    while (end > at && end < place->source->length
           && is_continuation(text[end])) {
        end--;
    }
    if (start > 0 && !is_newline(text[start - 1])) {
        ds_put_cstr(ds, "...");
        caret = 3;
    }
    caret += put_text(ds, &text[start], at - start);
    put_text(ds, &text[at], end - at);
    if (end < place->source->length && !is_newline(text[end])) {
        ds_put_cstr(ds, "...");
    }
    ds_put_char(ds, '\n');
    ds_put_char_multiple(ds, ' ', caret);
    ds_put_cstr(ds, "^\n");
}

static int
error_cmp(const void *a_, const void *b_)
{
    const struct diag_error *a = a_, *b = b_;
    unsigned int ra = a->place.source ? a->place.source->rank : 0;
    unsigned int rb = b->place.source ? b->place.source->rank : 0;

    if (ra != rb) {
        return ra < rb ? -1 : 1;
    }
    if (a->place.offset != b->place.offset) {
        return a->place.offset < b->place.offset ? -1 : 1;
    }
    return strcmp(a->message, b->message);
}

void
diag_format(struct diag *d, struct ds *ret_text)
{
    if (!d->n) {
        return;
    }
    qsort(d->errors, d->n, sizeof *d->errors, error_cmp);
    for (size_t i = 0; i < d->n; i++) {
        const struct diag_error *e = &d->errors[i];
        const struct diag_place *place = &e->place;

        if (place->source) {
            put_text(ret_text, place->source->name,
                     strlen(place->source->name));
            ds_put_char(ret_text, ':');
            if (place->line) {
                ds_put_format(ret_text, "%u:%u:", place->line, place->column);
            }
            ds_put_char(ret_text, ' ');
        }
        ds_put_cstr(ret_text, "error: ");
        put_text(ret_text, e->message, strlen(e->message));
        ds_put_char(ret_text, '\n');
        if (place->source && place->line) {
            put_line(ret_text, place);
        }
    }
    if (d->n_more) {
        ds_put_format(ret_text,
                      "error: %zu more errors; correct these first\n",
                      d->n_more);
    }
}
