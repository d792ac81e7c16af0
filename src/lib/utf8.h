/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_LIB_UTF8_H
#define CORDON_LIB_UTF8_H 1

#include <stddef.h>

/* Returns the length of the UTF-8 character (RFC 3629) that the 'n' > 0 bytes
 * at 's' start with, or 0 if they start with none. */
size_t utf8_character(const char *s, size_t n);

#endif /* src/lib/utf8.h */
