/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Escapes text for HTML. */

#include <cordon-config.h>
#include "audit/html.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/utf8.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

/* The character of UTF-8 of 'n' bytes at 's'. */
static uint32_t
character(const char *s, size_t n)
{
    uint32_t c = n == 1 ? (unsigned char) *s : *s & 0x7f >> n;

    for (size_t i = 1; i < n; i++) {
        c = c << 6 | (s[i] & 0x3f);
    }
    return c;
}

/* Those that cannot be seen, or that change what others look like. */
static bool
is_hidden(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        { 0x00, 0x1f },     { 0x7f, 0x9f },     { 0xad, 0xad },
        { 0x61c, 0x61c },   { 0x180e, 0x180e }, { 0x200b, 0x200f },
        { 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0xfe00, 0xfe0f },
        { 0xfeff, 0xfeff }, { 0xfff0, 0xfffb }, { 0xe0000, 0xe0fff },
        { 0xfdd0, 0xfdef },
    };

    for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
        if (c >= ranges[i].first && c <= ranges[i].last) {
            return true;
        }
    }
    return (c & 0xfffe) == 0xfffe;
}

void
html_text(struct ds *s, const char *text)
{
    size_t left = strlen(text);

    while (left) {
        size_t n = utf8_character(text, left);
        uint32_t c = character(text, n);

        if (!n) {
            ds_put_format(s, "\\x%02x", (unsigned char) *text);
            text++;
            left--;
            continue;
        }
        switch (c) {
        case '&':
            ds_put_cstr(s, "&amp;");
            break;
        case '<':
            ds_put_cstr(s, "&lt;");
            break;
        case '>':
            ds_put_cstr(s, "&gt;");
            break;
        case '"':
            ds_put_cstr(s, "&quot;");
            break;
        case '\'':
            ds_put_cstr(s, "&#39;");
            break;
        default:
            if (!is_hidden(c)) {
                ds_put_buffer(s, text, n);
            } else if (c < 0x100) {
                ds_put_format(s, "\\x%02x", c);
            } else {
                ds_put_format(s, "\\u%04x", c);
            }
        }
        text += n;
        left -= n;
    }
}

/* The end of the element that 'tag' begins. */
static void
html_end(struct ds *s, const char *tag)
{
    ds_put_format(s, "</%.*s>", (int) strcspn(tag, " "), tag);
}

void
html_element(struct ds *s, const char *tag, const char *text)
{
    ds_put_format(s, "<%s>", tag);
    html_text(s, text);
    html_end(s, tag);
}

void
html_format(struct ds *s, const char *tag, const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = xvasprintf(format, args);
    va_end(args);
    html_element(s, tag, text);
    free(text);
}
