/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Talks to nf_tables by libmnl. Requests are answered before sendmsg()
 * returns, so nothing here waits. Only the kernel is listened to: its port id
 * is 0. */

#include <cordon-config.h>
#include "dataplane/linux/nft.h"

#include <errno.h>
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <libnftnl/common.h>

#include "util.h"

/* Enough for the notifications of other programs' large transactions, and for
 * refusals of as many messages as we send. */
#define RECEIVE_BUFFER (16 * 1024 * 1024)

struct nft {
    struct mnl_socket *socket;
    uint32_t seq;
    size_t buffer_size;
    uint8_t *buffer; /* For receiving. */
    int send_buffer;
};

static unsigned int messages_sent;
static unsigned int transactions;

static void
set_option(struct nft *nft, int option, int value)
{
    /* Failure leaves a smaller buffer, or no words with errors. */
    setsockopt(nft_fd(nft), SOL_SOCKET, option, &value, sizeof value);
}

int
nft_open(bool monitor, struct nft **ret_nft)
{
    struct nft *nft = xzalloc(sizeof *nft);
    int error;

    nft->socket =
        mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (!nft->socket) {
        error = -errno;
        goto fail;
    }
    if (mnl_socket_bind(nft->socket, monitor ? 1 << (NFNLGRP_NFTABLES - 1) : 0,
                        MNL_SOCKET_AUTOPID)
        < 0) {
        error = -errno;
        goto fail;
    }
    set_option(nft, SO_RCVBUFFORCE, RECEIVE_BUFFER);
    if (!monitor) {
        int on = 1;

        mnl_socket_setsockopt(nft->socket, NETLINK_EXT_ACK, &on, sizeof on);
        mnl_socket_setsockopt(nft->socket, NETLINK_CAP_ACK, &on, sizeof on);
    }
    nft->buffer_size = MAX(MNL_SOCKET_BUFFER_SIZE, 65536);
    nft->buffer = xmalloc(nft->buffer_size);
    *ret_nft = nft;
    return 0;

fail:
    nft_close(nft);
    return error;
}

void
nft_close(struct nft *nft)
{
    if (nft) {
        if (nft->socket) {
            mnl_socket_close(nft->socket);
        }
        free(nft->buffer);
        free(nft);
    }
}

int
nft_listen(struct nft *nft, bool on)
{
    int group = NFNLGRP_NFTABLES;

    return mnl_socket_setsockopt(nft->socket,
                                 on ? NETLINK_ADD_MEMBERSHIP
                                    : NETLINK_DROP_MEMBERSHIP,
                                 &group, sizeof group)
                   < 0
               ? -errno
               : 0;
}

int
nft_fd(const struct nft *nft)
{
    return mnl_socket_get_fd(nft->socket);
}

uint32_t
nft_portid(const struct nft *nft)
{
    return mnl_socket_get_portid(nft->socket);
}

struct nlmsghdr *
nft_request(struct nft *nft, void *buf, uint16_t type, uint8_t family,
            uint16_t flags)
{
    return nftnl_nlmsg_build_hdr(buf, type, family, flags, ++nft->seq);
}

/* Receives one datagram of the kernel. */
static ssize_t
receive(struct nft *nft)
{
    for (;;) {
        struct sockaddr_nl from;
        struct iovec iov = { nft->buffer, nft->buffer_size };
        struct msghdr msg = {
            .msg_name = &from,
            .msg_namelen = sizeof from,
            .msg_iov = &iov,
            .msg_iovlen = 1,
        };
        ssize_t n = recvmsg(nft_fd(nft), &msg, MSG_TRUNC);

        if (n < 0) {
            if (errno == EINTR) {
                continue;
            }
            return -errno;
        } else if (n > (ssize_t) nft->buffer_size) {
            return -ENOBUFS;
        } else if (msg.msg_namelen == sizeof from && !from.nl_pid) {
            return n;
        }
    }
}

/* Forgets what is still waiting to be received. */
static void
drain(struct nft *nft)
{
    ssize_t n;

    do {
        n = receive(nft);
    } while (n >= 0 || n == -ENOBUFS);
}

int
nft_dump(struct nft *nft, struct nlmsghdr *request, mnl_cb_t cb, void *aux)
{
    uint32_t seq = request->nlmsg_seq;

    if (mnl_socket_sendto(nft->socket, request, request->nlmsg_len) < 0) {
        return -errno;
    }
    for (;;) {
        ssize_t n = receive(nft);
        int rc;

        if (n < 0) {
            return n;
        }
        rc = mnl_cb_run(nft->buffer, n, seq, nft_portid(nft), cb, aux);
        if (rc <= 0) {
            int error = rc < 0 ? -errno : 0;

            drain(nft);
            return error;
        }
    }
}

static int
parse_generation(const struct nlmsghdr *nlh, void *generation_)
{
    uint32_t *generation = generation_;
    const struct nlattr *attr;

    mnl_attr_for_each (attr, nlh, sizeof(struct nfgenmsg)) {
        if (mnl_attr_get_type(attr) == NFTA_GEN_ID
            && mnl_attr_validate(attr, MNL_TYPE_U32) >= 0) {
            *generation = ntohl(mnl_attr_get_u32(attr));
            return MNL_CB_STOP;
        }
    }
    errno = EBADMSG;
    return MNL_CB_ERROR;
}

int
nft_generation(struct nft *nft, uint32_t *ret_generation)
{
    uint8_t buf[NFT_REQUEST_MAX];
    struct nlmsghdr *nlh =
        nft_request(nft, buf, NFT_MSG_GETGEN, NFPROTO_UNSPEC, 0);

    return nft_dump(nft, nlh, parse_generation, ret_generation);
}

int
nft_notifications(struct nft *nft, mnl_cb_t cb, void *aux)
{
    for (;;) {
        ssize_t n = receive(nft);

        if (n == -EAGAIN) {
            return 0;
        } else if (n < 0) {
            return n;
        } else if (mnl_cb_run(nft->buffer, n, 0, 0, cb, aux) < 0) {
            return -errno;
        }
    }
}

/* Batches. */

static void
finish_last(struct nft_batch *b)
{
    if (b->n) {
        struct nft_message *m = &b->messages[b->n - 1];
        const struct nlmsghdr *nlh = (void *) (b->data + m->at);

        m->size = nlh->nlmsg_len;
        b->size = m->at + MNL_ALIGN(m->size);
    }
}

struct nlmsghdr *
nft_batch_add(struct nft_batch *b, uint16_t type, uint8_t family,
              uint16_t flags, uint64_t tag)
{
    finish_last(b);
    if (b->allocated - b->size < NFT_MESSAGE_MAX) {
        b->allocated = MAX(2 * b->allocated, b->size + 2 * NFT_MESSAGE_MAX);
        b->data = xrealloc(b->data, b->allocated);
    }
    if (b->n == b->n_allocated) {
        b->messages =
            x2nrealloc(b->messages, &b->n_allocated, sizeof *b->messages);
    }
    b->messages[b->n++] = (struct nft_message){ .at = b->size, .tag = tag };
    return nftnl_nlmsg_build_hdr((char *) b->data + b->size, type, family,
                                 flags, b->n);
}

void
nft_batch_done(struct nft_batch *b)
{
    free(b->data);
    free(b->messages);
    memset(b, 0, sizeof *b);
}

/* Makes one datagram of what is to be sent. */
static uint8_t *
frame(const struct nft_batch *b, size_t *ret_size, unsigned int *ret_n)
{
    const size_t edge = MNL_NLMSG_HDRLEN + sizeof(struct nfgenmsg);
    uint8_t *data = xzalloc(b->size + 2 * edge);
    size_t at = 0;

    *ret_n = 0;
    nftnl_batch_begin((char *) data, 0);
    at += edge;
    for (size_t i = 0; i < b->n; i++) {
        const struct nft_message *m = &b->messages[i];

        if (!m->left_out) {
            memcpy(data + at, b->data + m->at, m->size);
            at += MNL_ALIGN(m->size);
            ++*ret_n;
        }
    }
    nftnl_batch_end((char *) data + at, 0);
    *ret_size = at + edge;
    return data;
}

struct refusals {
    struct nft_refusal *v;
    size_t n, allocated;
};

static void
parse_words(const struct nlmsghdr *nlh, const struct nlmsgerr *err, char *text,
            size_t size)
{
    size_t at = sizeof *err;
    const struct nlattr *attr;

    if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS)) {
        return;
    }
    if (!(nlh->nlmsg_flags & NLM_F_CAPPED)) {
        at += err->msg.nlmsg_len - sizeof err->msg;
    }
    mnl_attr_for_each (attr, nlh, at) {
        if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG
            && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0) {
            ovs_strlcpy(text, mnl_attr_get_str(attr), size);
        }
    }
}

static int
skip(const struct nlmsghdr *nlh OVS_UNUSED, void *aux OVS_UNUSED)
{
    return MNL_CB_OK;
}

static int
parse_refusal(const struct nlmsghdr *nlh, void *refusals_)
{
    const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
    struct refusals *rs = refusals_;
    struct nft_refusal *r;

    if (mnl_nlmsg_get_payload_len(nlh) < sizeof *err || !err->error) {
        return MNL_CB_OK;
    }
    if (rs->n == rs->allocated) {
        rs->v = x2nrealloc(rs->v, &rs->allocated, sizeof *rs->v);
    }
    r = &rs->v[rs->n++];
    *r = (struct nft_refusal){
        .message = err->msg.nlmsg_seq ? err->msg.nlmsg_seq - 1 : SIZE_MAX,
        .error = err->error,
    };
    parse_words(nlh, err, r->text, sizeof r->text);
    return MNL_CB_OK;
}

static int
receive_refusals(struct nft *nft, struct refusals *rs)
{
    static mnl_cb_t control[] = {
        [NLMSG_NOOP] = skip,
        [NLMSG_ERROR] = parse_refusal,
        [NLMSG_DONE] = skip,
        [NLMSG_OVERRUN] = skip,
    };

    for (;;) {
        ssize_t n = receive(nft);

        if (n == -EAGAIN) {
            return 0;
        } else if (n < 0) {
            return n;
        }
        mnl_cb_run2(nft->buffer, n, 0, 0, skip, rs, control,
                    ARRAY_SIZE(control));
    }
}

int
nft_batch_send(struct nft *nft, struct nft_batch *b,
               struct nft_refusal **ret_refusals, size_t *ret_n)
{
    struct refusals rs = { 0 };
    unsigned int n_messages;
    uint8_t *data;
    size_t size;
    int error;

    finish_last(b);
    data = frame(b, &size, &n_messages);
    if ((int) size > nft->send_buffer) {
        nft->send_buffer = 2 * size;
        set_option(nft, SO_SNDBUFFORCE, nft->send_buffer);
    }
    drain(nft);
    error = mnl_socket_sendto(nft->socket, data, size) < 0 ? -errno : 0;
    free(data);
    if (error) {
        return error;
    }
    messages_sent += n_messages;
    error = receive_refusals(nft, &rs);
    if (!error && rs.n) {
        *ret_refusals = rs.v;
        *ret_n = rs.n;
        return -ECANCELED;
    }
    free(rs.v);
    transactions += !error;
    return error;
}

unsigned int
nft_transactions(void)
{
    return transactions;
}

unsigned int
nft_messages_sent(void)
{
    return messages_sent;
}
