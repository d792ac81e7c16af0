/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_LIB_WRITER_H
#define CORDON_LIB_WRITER_H 1

/* Output of a command, as text for people or as JSON for programs, from one
 * walk over the data.
 *
 *     writer_object(w, NULL);
 *     writer_string(w, "policy", path);
 *     writer_list(w, "ports");
 *     ... for each: writer_object(w, NULL); fields; writer_end(w);
 *     writer_end(w);
 *     writer_end(w);
 *
 * As text an object is a line "key: value" for each field, a list of objects
 * a table with a heading, and a list of strings one line each. */

#include <stdbool.h>
#include <stdint.h>

#include "openvswitch/compiler.h"

struct writer;

struct writer *writer_text_new(void);
struct writer *writer_json_new(void);

/* Opens an object or a list. 'key' is NULL for the outermost one and for
 * members of a list. As text, lists may hold objects of plain fields and
 * lists of strings. */
void writer_object(struct writer *, const char *key);
void writer_list(struct writer *, const char *key);
void writer_end(struct writer *);

/* 'key' is NULL in a list. A NULL 'value' is an empty string. */
void writer_string(struct writer *, const char *key, const char *value);
void writer_format(struct writer *, const char *key, const char *format, ...)
    OVS_PRINTF_FORMAT(3, 4);
void writer_uint(struct writer *, const char *key, uint64_t value);
void writer_bool(struct writer *, const char *key, bool value);

/* Frees the writer and returns what was written, which the caller frees with
 * free(). It ends with a new-line unless it is empty. */
char *writer_finish(struct writer *);

/* Only for the writers themselves. */
struct writer_class {
    void (*object)(struct writer *, const char *key);
    void (*list)(struct writer *, const char *key);
    void (*end)(struct writer *);
    void (*string)(struct writer *, const char *key, const char *value);
    void (*uint)(struct writer *, const char *key, uint64_t value);
    void (*boolean)(struct writer *, const char *key, bool value);
    char *(*finish)(struct writer *);
};

struct writer {
    const struct writer_class *class;
};

#endif /* src/lib/writer.h */
