/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_NFT_FIELD_H
#define CORDON_DATAPLANE_LINUX_NFT_FIELD_H 1

/* What a rule may look at: bytes of a header, or what the kernel knows. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ds;

enum nft_source {
    NFT_SOURCE_PAYLOAD,
    NFT_SOURCE_META, /* What the kernel knows of the packet, or a constant. */
    NFT_SOURCE_CT,   /* Of its connection. */
};

struct nft_field {
    enum nft_source source;
    uint32_t base;   /* NFT_PAYLOAD_*, NFT_META_* or NFT_CT_*. */
    uint32_t offset; /* NFT_SOURCE_PAYLOAD. */
    uint32_t len;
};

/* Reads the 'length' characters at 's'. False if they are no field. */
bool nft_field_from_string(const char *s, size_t length,
                           struct nft_field *ret_field);

/* Appends the field's name. */
void nft_field_format(const struct nft_field *, struct ds *);

/* The length of key 'key' of what is not payload, 0 if it has no name
 * here. */
uint32_t nft_field_key_len(enum nft_source, uint32_t key);

/* True if the field's value is a number of the host's byte order. */
bool nft_field_is_host_order(const struct nft_field *);

#endif /* src/dataplane/linux/nft_field.h */
