/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Answers of the control socket's methods. */

#include <cordon-config.h>
#include "agent/call.h"

#include <stdarg.h>
#include <stdlib.h>

#include "lib/writer.h"
#include "util.h"

struct writer *
call_writer(const struct call *call)
{
    return call->json ? writer_json_new() : writer_text_new();
}

void
call_answer(struct call *call, int status, struct writer *w)
{
    call->answer(call, status, writer_finish(w));
}

void
call_fail(struct call *call, int status, const char *format, ...)
{
    struct writer *w = call_writer(call);
    va_list args;
    char *s;

    va_start(args, format);
    s = xvasprintf(format, args);
    va_end(args);
    writer_object(w, NULL);
    writer_string(w, "error", s);
    writer_end(w);
    free(s);
    call_answer(call, status, w);
}
