/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_KEY_H
#define CORDON_AUDIT_KEY_H 1

/* Ed25519 signatures (RFC 8032) with keys in PEM files, as 'openssl genpkey
 * -algorithm ed25519' writes them. */

#include <stdbool.h>
#include <stddef.h>

#define KEY_SIGNATURE_SIZE 64

/* Signs the 'n' bytes at 'text' with the private key in the file 'path'.
 * Returns NULL, or an error in words that the caller frees. */
char *key_sign(const char *path, const char *text, size_t n,
               unsigned char ret_signature[KEY_SIGNATURE_SIZE]);

/* Verifies with the public key in the file 'path'. Returns NULL, or an error
 * as above: if the key cannot be read, or the signature is not its. */
char *key_verify(const char *path, const char *text, size_t n,
                 const unsigned char signature[KEY_SIGNATURE_SIZE]);

#endif /* src/audit/key.h */
