/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The part that is common to text and JSON writers: dispatch. Commands and the
 * agent's control socket call it. */

#include <cordon-config.h>
#include "lib/writer.h"

#include <stdarg.h>
#include <stdlib.h>

#include "util.h"

void
writer_object(struct writer *w, const char *key)
{
    w->class->object(w, key);
}

void
writer_list(struct writer *w, const char *key)
{
    w->class->list(w, key);
}

void
writer_end(struct writer *w)
{
    w->class->end(w);
}

void
writer_string(struct writer *w, const char *key, const char *value)
{
    w->class->string(w, key, value ? value : "");
}

void
writer_format(struct writer *w, const char *key, const char *format, ...)
{
    va_list args;
    char *s;

    va_start(args, format);
    s = xvasprintf(format, args);
    va_end(args);
    writer_string(w, key, s);
    free(s);
}

void
writer_uint(struct writer *w, const char *key, uint64_t value)
{
    w->class->uint(w, key, value);
}

void
writer_bool(struct writer *w, const char *key, bool value)
{
    w->class->boolean(w, key, value);
}

char *
writer_finish(struct writer *w)
{
    return w->class->finish(w);
}
