/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The chain of SHA-256 over a snapshot, by libcrypto. Fields are strings, each
 * hashed with its NUL, so that no two snapshots are hashed alike. */

#include <cordon-config.h>
#include "audit/chain.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "audit/snapshot_private.h"
#include "openvswitch/util.h"
#include "util.h"

/* SHA-256 fails only for lack of memory. */
static void
must(int ok)
{
    if (ok != 1) {
        out_of_memory();
    }
}

static EVP_MD_CTX *
begin(const unsigned char *link)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    must(!!ctx);
    must(EVP_DigestInit_ex(ctx, EVP_sha256(), NULL));
    if (link) {
        must(EVP_DigestUpdate(ctx, link, CHAIN_SIZE));
    }
    return ctx;
}

static void
put(EVP_MD_CTX *ctx, const char *s)
{
    must(EVP_DigestUpdate(ctx, s, strlen(s) + 1));
}

static void
put_number(EVP_MD_CTX *ctx, uint32_t x)
{
    char s[16];

    snprintf(s, sizeof s, "%" PRIu32, x);
    put(ctx, s);
}

static void
end(EVP_MD_CTX *ctx, unsigned char link[CHAIN_SIZE])
{
    must(EVP_DigestFinal_ex(ctx, link, NULL));
    EVP_MD_CTX_free(ctx);
}

void
chain_header(const struct snapshot *s, unsigned char link[CHAIN_SIZE])
{
    const struct snapshot_header *h = &s->header;
    EVP_MD_CTX *ctx = begin(NULL);

    put(ctx, "cordon_snapshot");
    put_number(ctx, 1);
    put(ctx, h->host);
    put(ctx, h->time);
    put(ctx, h->kernel);
    put(ctx, h->machine);
    put(ctx, h->by);
    end(ctx, link);
}

void
chain_part(const struct snapshot_part *part, unsigned char link[CHAIN_SIZE])
{
    EVP_MD_CTX *ctx = begin(link);

    put(ctx, part->name);
    put(ctx, part->kind == SNAPSHOT_NETLINK ? "netlink" : "files");
    put_number(ctx, part->tries);
    put_number(ctx, part->generation);
    if (part->kind == SNAPSHOT_NETLINK) {
        must(EVP_DigestUpdate(ctx, part->data, part->n));
    } else {
        for (size_t i = 0; i < part->n_files; i++) {
            put(ctx, part->files[i].path);
            put(ctx, part->files[i].value);
        }
    }
    end(ctx, link);
}

void
chain_end(const struct snapshot *s, unsigned char link[CHAIN_SIZE])
{
    EVP_MD_CTX *ctx = begin(link);

    put(ctx, "absent");
    for (size_t i = 0; i < s->n_parts; i++) {
        if (s->parts[i].kind == SNAPSHOT_ABSENT) {
            put(ctx, s->parts[i].name);
        }
    }
    put(ctx, "unread");
    for (size_t i = 0; i < s->n_parts; i++) {
        const struct snapshot_part *part = &s->parts[i];

        if (part->kind == SNAPSHOT_UNREAD) {
            put(ctx, part->name);
            put(ctx, part->why);
            put(ctx, part->matters ? "true" : "false");
        }
    }
    end(ctx, link);
}

void
chain_hex(const unsigned char link[CHAIN_SIZE], char hex[CHAIN_HEX_SIZE])
{
    for (size_t i = 0; i < CHAIN_SIZE; i++) {
        snprintf(hex + 2 * i, 3, "%02x", link[i]);
    }
}
