/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_LIB_FILE_H
#define CORDON_LIB_FILE_H 1

/* Whole files. */

#include <stddef.h>

/* Writes the 'n' bytes at 'data' to 'path' ("-": standard output). Whoever
 * reads the file sees all of what was there before or all of this: it is
 * written beside it and renamed. What is no regular file (a pipe, /dev/null)
 * is written in place. Returns NULL, or an error in words, with the path,
 * that the caller frees. */
char *file_replace(const char *path, const char *data, size_t n);

#endif /* src/lib/file.h */
