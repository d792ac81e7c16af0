/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Keeps from libfyaml 0.7 what it cannot cope with; a policy needs none of
 * it.
 *
 * It crashes or leaks its input on NUL, control characters and invalid UTF-8
 * (also while it displays the error). It reads ahead to the end of a line
 * while something in brackets could be a key, at some 300 bytes for each
 * character; it takes time in the square of the length of a run of blanks in
 * a string and of a directive. */

#include <cordon-config.h>
#include "policy/text.h"

#include <string.h>

#include "lib/diag.h"
#include "lib/utf8.h"
#include "util.h"

enum {
    MAX_LINE = 2 * 1024 * 1024, /* Bytes. 10,000 interfaces: 1.2 M. */
    MAX_BLANKS = 65536,         /* In a row, over line ends. */
};

static bool
refuse(struct diag *diag, const struct diag_source *source, size_t offset,
       const char *message)
{
    struct diag_place place = { .source = source, .offset = offset };

    diag_locate(&place);
    diag_add(diag, &place, "%s", message);
    return false;
}

/* Returns what is wrong with the character at 's', which is 'length' bytes
 * long; NULL if nothing. */
static const char *
character_problem(const char *s, size_t length)
{
    const unsigned char *u = (const unsigned char *) s;

    if (!length) {
        return "not valid UTF-8; write the policy as UTF-8 text";
    } else if (!u[0]) {
        return "NUL character; write the policy as UTF-8 text";
    } else if ((u[0] < 0x20 && !strchr("\t\n\r", u[0])) || u[0] == 0x7f
               || (u[0] == 0xc2 && u[1] < 0xa0)) {
        return "control character; write the policy as UTF-8 text";
    }
    return NULL;
}

/* True if a line that starts with '%' at 's' is the one directive that says
 * nothing new. */
static bool
is_yaml_1_2(const char *s)
{
    static const char directive[] = "%YAML 1.2";
    size_t n = strlen(directive);

    return !strncmp(s, directive, n) && strchr(" \t\r\n", s[n]);
}

bool
text_check(struct diag *diag, const struct diag_source *source)
{
    const char *s = source->text;
    size_t line = 0, blanks = 0, length;

    for (size_t i = 0; i < source->length; i += length) {
        const char *problem;

        if (s[i] > ' ' && s[i] < 0x7f && i > line && i - line <= MAX_LINE) {
            /* Of most, nothing else can be said. */
            length = 1;
            blanks = 0;
            continue;
        }
        length = utf8_character(&s[i], source->length - i);
        problem = character_problem(&s[i], length);
        if (problem) {
            return refuse(diag, source, i, problem);
        }
        if (i == line && s[i] == '%' && !is_yaml_1_2(&s[i])) {
            return refuse(diag, source, i,
                          "directives (%) are not allowed; "
                          "remove the line");
        }
        if (s[i] == '\n' || s[i] == '\r') {
            line = i + 1;
        } else if (i - line > MAX_LINE) {
            return refuse(diag, source, i,
                          "the line is longer than 2 MiB; "
                          "write it in several lines");
        }
        blanks = strchr(" \t\r\n", s[i]) ? blanks + 1 : 0;
        if (blanks > MAX_BLANKS) {
            return refuse(diag, source, i,
                          "more than 65,536 blanks in a "
                          "row; remove them");
        }
    }
    return true;
}
