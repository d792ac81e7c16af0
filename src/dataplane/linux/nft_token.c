/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The words of a rule's line. Used by nft_rule_put.c. */

#include <cordon-config.h>
#include "dataplane/linux/nft_token.h"

#include <netinet/in.h>
#include <string.h>

#include "util.h"

struct nft_token
nft_token_next(struct nft_reader *r)
{
    struct nft_token t;

    while (r->n && *r->s == ' ') {
        r->s++, r->n--;
    }
    t.s = r->s;
    t.n = 0;
    while (t.n < r->n && r->s[t.n] != ' ' && r->s[t.n] != ';') {
        t.n++;
    }
    if (!t.n && r->n) {
        t.n = 1; /* ";" stands alone. */
    }
    r->s += t.n, r->n -= t.n;
    return t;
}

struct nft_token
nft_token_peek(const struct nft_reader *r)
{
    struct nft_reader copy = *r;

    return nft_token_next(&copy);
}

bool
nft_token_is(struct nft_token t, const char *word)
{
    return t.n == strlen(word) && !memcmp(t.s, word, t.n);
}

bool
nft_token_accept(struct nft_reader *r, const char *word)
{
    if (nft_token_is(nft_token_peek(r), word)) {
        nft_token_next(r);
        return true;
    }
    return false;
}

bool
nft_token_hex(struct nft_token t, uint32_t len, bool host_order,
              uint8_t *value)
{
    if (t.n != 2 * len || len > NFT_VALUE_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < len; i++) {
        bool ok;

        value[i] = hexits_value(t.s + 2 * i, 2, &ok);
        if (!ok) {
            return false;
        }
    }
    if (host_order) {
        uint32_t x;

        memcpy(&x, value, 4);
        x = ntohl(x);
        memcpy(value, &x, 4);
    }
    return true;
}
