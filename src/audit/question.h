/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_QUESTION_H
#define CORDON_AUDIT_QUESTION_H 1

/* What differs from port to port, as questions: "which frames have a source
 * and address that the set pair4 holds for the port?". While one port is
 * looked at for its whole class, what answers a question is left open: a
 * variable stands for it (header.h), and others for the bits of the port's
 * numbers. A set that comes out empty for all values of the variables is empty
 * for each port whose answers are put in their places. doc/audit-proof.md has
 * the argument.
 *
 * Questions are numbered as they are first asked. An answer that is no frame
 * or all frames stands for itself; questions with the same answer share one
 * variable. A port that differs in that is of another class. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/bits.h"
#include "audit/header.h"
#include "openvswitch/hmap.h"

struct host;
struct host_link;
struct spec;

#define QUESTION_KEY 64

/* Whose answers. */
struct question_port {
    const struct host *host;
    const struct host_link *link;
    const struct spec *spec;
};

struct question_data {
    uint8_t value[16];
    size_t n; /* 0: none. */
};

struct question {
    /* Answers; false if it cannot be told like this. 'key' is the question's,
     * the port's numbers put in. */
    bool (*answer)(const struct question *, const struct question_port *,
                   const struct bits_byte *key, bits *ret_frames,
                   struct question_data *ret_data);
    const void *what[2]; /* Up to 'answer', as is 'kind'. */
    unsigned int kind;
    size_t n; /* Of 'key'. */
    struct bits_byte key[QUESTION_KEY];

    /* The rest is question.c's. */
    struct hmap_node node;
    bits stands; /* For the answer. */
    int same;    /* An earlier question with the same answer, -1: none. */
    int data;    /* Which of the port's numbers the data are, -1: none. */
    size_t n_data;
    bool shows_own; /* The key has bits of the port's numbers. */
};

struct questions {
    struct question_port port; /* That is looked at for its class. */
    struct question **all;
    size_t n, allocated;
    struct hmap index;
    bits *answers; /* Of 'port'. */
    uint8_t own[HEADER_N_OWN][16];
    size_t n_own;
    size_t n_open_used;
    bool used[512];
    bool failed; /* Something cannot be told for a class. */
};

/* From here on until question_end() all are asked for a class. */
void question_begin(struct questions *, const struct question_port *);
void question_end(void);
void question_free(struct questions *);

bool question_is_open(void);
/* The class cannot be told. */
void question_fail(void);

/* What stands for the answer to 'q', of which the fields up to 'key' are set;
 * 'ret_data' (may be NULL) the data of the port's, of which the caller knows
 * the length. */
bits question_ask(const struct question *q, struct bits_byte ret_data[16]);

/* True if the device is the one that is looked at for its class. */
bool question_is_of(const struct host_link *);

/* The device's number as a rule loads it, and its name. */
#define QUESTION_NUMBER 0
#define QUESTION_NAME 1

/* Makes of 'n' bytes, as they are for the frames in 'frames', the key of a
 * question. Returns true if there is something of the port's own in it, or of
 * the mark, by which sets tell networks apart. */
bool question_key(const struct bits_byte *b, size_t n, bits frames,
                  struct bits_byte *ret);

/* The answers of a port: as many as there are questions, kept until the region
 * is released. False if it is not of this class. 'own': its numbers. */
bool question_answers(const struct questions *, const struct question_port *,
                      bits *ret, uint8_t own[HEADER_N_OWN][16]);

/* The question that the variable stands for, -1: none. */
int question_of(const struct questions *, int var);

#endif /* src/audit/question.h */
