/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_BASE64_H
#define CORDON_AUDIT_BASE64_H 1

/* Base64 (RFC 4648 section 4), with padding, without white space. */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Writes the 'n' bytes at 'data'. Errors are the stream's. */
void base64_write(FILE *, const void *data, size_t n);

/* Decodes the whole of 's'. False unless it is exactly what an encoder would
 * have written; else the caller frees '*ret_data', which is NULL if there are
 * no bytes. */
bool base64_decode(const char *s, void **ret_data, size_t *ret_n);

#endif /* src/audit/base64.h */
