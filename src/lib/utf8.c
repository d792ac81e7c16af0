/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Telling UTF-8 from other bytes, for text that others wrote. */

#include <cordon-config.h>
#include "lib/utf8.h"

#include <stdint.h>

size_t
utf8_character(const char *s, size_t n)
{
    const uint8_t *u = (const uint8_t *) s;
    size_t length = u[0] < 0x80   ? 1
                    : u[0] < 0xc2 ? 0
                    : u[0] < 0xe0 ? 2
                    : u[0] < 0xf0 ? 3
                    : u[0] < 0xf5 ? 4
                                  : 0;

    if (length > n) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((u[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    if ((u[0] == 0xe0 && u[1] < 0xa0) /* Longer than needed, */
        || (u[0] == 0xf0 && u[1] < 0x90)
        || (u[0] == 0xed && u[1] >= 0xa0)    /* surrogates, */
        || (u[0] == 0xf4 && u[1] >= 0x90)) { /* past the last. */
        return 0;
    }
    return length;
}
