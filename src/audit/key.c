/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Ed25519 signatures, by libcrypto. A key with a passphrase is refused: nobody
 * is asked for one. */

#include <cordon-config.h>
#include "audit/key.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>

#include "util.h"

static int
no_passphrase(char *buf OVS_UNUSED, int size OVS_UNUSED, int write OVS_UNUSED,
              void *aux OVS_UNUSED)
{
    return -1;
}

static char *
read_key(const char *path, bool private, EVP_PKEY **ret_key)
{
    FILE *file = fopen(path, "re");
    EVP_PKEY *key;

    if (!file) {
        return xasprintf("%s: %s", path, ovs_strerror(errno));
    }
    key = private ? PEM_read_PrivateKey(file, NULL, no_passphrase, NULL)
                  : PEM_read_PUBKEY(file, NULL, no_passphrase, NULL);
    fclose(file);
    ERR_clear_error();
    if (!key || EVP_PKEY_get_id(key) != EVP_PKEY_ED25519) {
        EVP_PKEY_free(key);
        return xasprintf("%s: no %s key of Ed25519 in PEM%s", path,
                         private ? "private" : "public",
                         private ? " without passphrase" : "");
    }
    *ret_key = key;
    return NULL;
}

char *
key_sign(const char *path, const char *text, size_t n,
         unsigned char ret_signature[KEY_SIGNATURE_SIZE])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t size = KEY_SIGNATURE_SIZE;
    EVP_PKEY *key = NULL;
    char *error;

    if (!ctx) {
        out_of_memory();
    }
    error = read_key(path, true, &key);
    if (!error
        && (EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) != 1
            || EVP_DigestSign(ctx, ret_signature, &size,
                              (const unsigned char *) text, n)
                   != 1
            || size != KEY_SIGNATURE_SIZE)) {
        ERR_clear_error();
        error = xasprintf("%s: libcrypto cannot sign with it", path);
    }
    EVP_PKEY_free(key);
    EVP_MD_CTX_free(ctx);
    return error;
}

char *
key_verify(const char *path, const char *text, size_t n,
           const unsigned char signature[KEY_SIGNATURE_SIZE])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY *key = NULL;
    char *error;

    if (!ctx) {
        out_of_memory();
    }
    error = read_key(path, false, &key);
    if (!error
        && (EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) != 1
            || EVP_DigestVerify(ctx, signature, KEY_SIGNATURE_SIZE,
                                (const unsigned char *) text, n)
                   != 1)) {
        ERR_clear_error();
        error = xasprintf("the signature is not by the key in %s", path);
    }
    EVP_PKEY_free(key);
    EVP_MD_CTX_free(ctx);
    return error;
}
