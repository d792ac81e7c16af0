/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Base64. libcrypto encodes; its decoder takes what no encoder writes (white
 * space, bits past the end), which a file under a chain of hashes must not
 * have, so decoding is done here. */

#include <cordon-config.h>
#include "audit/base64.h"

#include <openssl/evp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#define CHUNK 49152 /* Bytes at a time; a multiple of 3. */

void
base64_write(FILE *stream, const void *data_, size_t n)
{
    const unsigned char *data = data_;
    unsigned char *text = xmalloc(CHUNK / 3 * 4 + 1);

    while (n) {
        size_t chunk = MIN(n, CHUNK);
        int length = EVP_EncodeBlock(text, data, chunk);

        fwrite(text, 1, length, stream);
        data += chunk;
        n -= chunk;
    }
    free(text);
}

/* Fills in the value of each character, 0xff if it is none of base64's. */
static void
make_table(uint8_t table[256])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";

    memset(table, 0xff, 256);
    for (uint8_t i = 0; i < 64; i++) {
        table[(uint8_t) digits[i]] = i;
    }
}

bool
base64_decode(const char *s, void **ret_data, size_t *ret_n)
{
    size_t length = strlen(s), pad = 0, n;
    uint8_t table[256], *data, *p;

    if (length % 4) {
        return false;
    }
    if (!length) {
        *ret_data = NULL;
        *ret_n = 0;
        return true;
    }
    pad = s[length - 1] != '=' ? 0 : s[length - 2] != '=' ? 1 : 2;
    n = length / 4 * 3 - pad;
    make_table(table);
    p = data = xmalloc(length / 4 * 3);
    for (size_t i = 0; i < length; i += 4) {
        size_t left_out = i + 4 == length ? pad : 0;
        uint32_t x = 0;

        for (size_t j = 0; j < 4; j++) {
            uint8_t v = j < 4 - left_out ? table[(uint8_t) s[i + j]] : 0;

            if (v == 0xff) {
                free(data);
                return false;
            }
            x = x << 6 | v;
        }
        if (x & ((1u << 8 * left_out) - 1)) {
            free(data);
            return false;
        }
        *p++ = x >> 16;
        *p++ = x >> 8;
        *p++ = x;
    }
    *ret_data = data;
    *ret_n = n;
    return true;
}
