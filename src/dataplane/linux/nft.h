/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_NFT_H
#define CORDON_DATAPLANE_LINUX_NFT_H 1

/* A netlink socket to nf_tables: dumps and transactions. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libmnl/libmnl.h>

struct nft;

/* Opens a socket. If 'monitor', one that receives notifications. */
int nft_open(bool monitor, struct nft **ret_nft);
void nft_close(struct nft *); /* NULL is fine. */

/* Has a socket that receives notifications do so, or not. 0 or -errno. */
int nft_listen(struct nft *, bool on);

int nft_fd(const struct nft *);
uint32_t nft_portid(const struct nft *);

/* Fetches the generation of the ruleset, which every transaction counts up. */
int nft_generation(struct nft *, uint32_t *ret_generation);

/* Room for a request. */
#define NFT_REQUEST_MAX 512

/* Writes the header of a request for 'type' (NFT_MSG_*) in 'family'
 * (NFPROTO_*) to 'buf', of NFT_REQUEST_MAX bytes. */
struct nlmsghdr *nft_request(struct nft *, void *buf, uint16_t type,
                             uint8_t family, uint16_t flags);

/* Sends 'request' and gives 'cb' each message of the answer. Returns 0;
 * -EINTR if the ruleset changed meanwhile; another -errno. */
int nft_dump(struct nft *, struct nlmsghdr *request, mnl_cb_t cb, void *aux);

/* Gives 'cb' the notifications that are waiting. Returns 0, or -ENOBUFS if
 * some were lost, or another -errno. */
int nft_notifications(struct nft *, mnl_cb_t cb, void *aux);

/* Messages to be sent as one transaction. Zeroed is empty. */
struct nft_batch {
    uint8_t *data; /* All messages, one after the other. */
    size_t size, allocated;
    struct nft_message *messages;
    size_t n, n_allocated;
};

struct nft_message {
    size_t at, size;   /* In 'data'. */
    uint64_t tag;      /* The caller's. */
    const char *where; /* What it is of: the caller's, or NULL. */
    bool left_out;     /* Not to be sent. */
};

/* The most that one message may hold. */
#define NFT_MESSAGE_MAX 65536

/* Starts a message. It is complete when the next is started or the batch
 * sent; until then the caller appends to what is returned. */
struct nlmsghdr *nft_batch_add(struct nft_batch *, uint16_t type,
                               uint8_t family, uint16_t flags, uint64_t tag);
void nft_batch_done(struct nft_batch *);

/* What the kernel said to a message. */
struct nft_refusal {
    size_t message; /* Index. SIZE_MAX: to the whole. */
    int error;      /* -errno. */
    char text[120]; /* The kernel's own words, or "". */
};

/* Sends what is not left out as one transaction. Returns 0 if it was made,
 * and nothing otherwise: -ECANCELED with what was refused in 'ret_refusals'
 * (malloc()ed, some there), or another -errno. */
int nft_batch_send(struct nft *, struct nft_batch *,
                   struct nft_refusal **ret_refusals, size_t *ret_n);

/* Transactions made since the program started. */
unsigned int nft_transactions(void);

/* Messages sent since the program started, those that frame a transaction
 * and requests for dumps not counted. */
unsigned int nft_messages_sent(void);

#endif /* src/dataplane/linux/nft.h */
