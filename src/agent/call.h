/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AGENT_CALL_H
#define CORDON_AGENT_CALL_H 1

/* A call of a method of the control socket, to be answered once, now or
 * later. Whoever opens calls embeds this. */

#include <stdbool.h>

struct call {
    bool json; /* The answer shall be JSON. */
    bool gone; /* Nobody waits for the answer any more. */

    /* Answers with the exit status that the command shall have (0: holds, 1:
     * does not hold, 2: could not tell) and what it shall print, which is
     * freed. Frees the call. */
    void (*answer)(struct call *, int status, char *output);
};

struct writer *call_writer(const struct call *);

/* Answer with what 'w' has written, freeing it, or with an error message. */
struct writer;
void call_answer(struct call *, int status, struct writer *w);
void call_fail(struct call *, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif /* src/agent/call.h */
