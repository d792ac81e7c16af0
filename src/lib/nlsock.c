/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Netlink requests. Messages are built and parsed by libnl; sending and
 * receiving are here, because libnl reports ENOBUFS as lack of memory and
 * drops the text of an extended ACK (linux/netlink.h, enum nlmsgerr_attrs). */

#include <cordon-config.h>
#include "lib/nlsock.h"

#include <errno.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "util.h"

#ifndef NETLINK_GET_STRICT_CHK
#define NETLINK_GET_STRICT_CHK 12
#endif

/* More than this in one datagram, and the ACKs may overrun our buffer. */
#define BATCH_MAX 64
#define BATCH_BYTES 32768
#define RECEIVE_BYTES 65536
#define SOCKET_BYTES (1024 * 1024)

struct nlsock {
    struct nl_sock *nl;
    char message[256]; /* The kernel's words. */
    uint64_t writes, reads;
    uint8_t *receive; /* RECEIVE_BYTES. */

    nlsock_failed_cb *failed;
    void *aux;
    uint8_t *batch; /* BATCH_BYTES, the first 'n_bytes' in use. */
    size_t n_bytes;
    uint32_t first_seq;
    uint32_t tags[BATCH_MAX];
    size_t n_tags;
};

int
nlsock_open(int protocol, struct nlsock **ret_sock)
{
    struct nlsock *s = xzalloc(sizeof *s);
    const int one = 1;
    int fd;

    s->nl = nl_socket_alloc();
    if (!s->nl) {
        out_of_memory();
    }
    s->receive = xmalloc(RECEIVE_BYTES);
    s->batch = xmalloc(BATCH_BYTES);
    if (nl_connect(s->nl, protocol) < 0) {
        nlsock_close(s);
        return -EPROTONOSUPPORT;
    }
    nl_socket_set_buffer_size(s->nl, SOCKET_BYTES, SOCKET_BYTES);
    fd = nl_socket_get_fd(s->nl);
    /* Without these, messages are shorter and filters do not filter; what is
     * read is checked anyway. */
    setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof one);
    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof one);
    setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof one);
    *ret_sock = s;
    return 0;
}

void
nlsock_close(struct nlsock *s)
{
    if (s) {
        nl_socket_free(s->nl);
        free(s->receive);
        free(s->batch);
        free(s);
    }
}

int
nlsock_fd(const struct nlsock *s)
{
    return nl_socket_get_fd(s->nl);
}

const char *
nlsock_message(const struct nlsock *s)
{
    return s->message;
}

uint64_t
nlsock_writes(const struct nlsock *s)
{
    return s->writes;
}

uint64_t
nlsock_reads(const struct nlsock *s)
{
    return s->reads;
}

struct nl_msg *
nlsock_msg(int type, int flags, const void *header, size_t size)
{
    struct nl_msg *msg = nlmsg_alloc_simple(type, flags);

    if (!msg
        || nlmsg_append(msg, CONST_CAST(void *, header), size, NLMSG_ALIGNTO)
               < 0) {
        out_of_memory();
    }
    return msg;
}

/* Sends all of 'data' as one datagram. */
static int
transmit(struct nlsock *s, const void *data, size_t size)
{
    struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
    ssize_t n;

    do {
        n = sendto(nlsock_fd(s), data, size, 0, (struct sockaddr *) &kernel,
                   sizeof kernel);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : (size_t) n == size ? 0 : -EMSGSIZE;
}

/* Receives a datagram of the kernel's into s->receive. Returns its length or
 * -errno. */
static int
receive(struct nlsock *s, int flags)
{
    for (;;) {
        struct sockaddr_nl from = { .nl_family = AF_UNSPEC };
        struct iovec iov = { s->receive, RECEIVE_BYTES };
        struct msghdr mh = {
            .msg_name = &from,
            .msg_namelen = sizeof from,
            .msg_iov = &iov,
            .msg_iovlen = 1,
        };
        ssize_t n = recvmsg(nlsock_fd(s), &mh, flags);

        if (n < 0) {
            if (errno == EINTR) {
                continue;
            }
            return -errno;
        }
        if (mh.msg_flags & MSG_TRUNC) {
            return -EMSGSIZE;
        }
        if (mh.msg_namelen == sizeof from && !from.nl_pid) {
            return n;
        }
    }
}

/* Remembers what the kernel says in an NLMSG_ERROR or NLMSG_DONE. Returns its
 * error, 0 or negative. */
static int
read_ack(struct nlsock *s, const struct nlmsghdr *nlh)
{
    const struct nlmsgerr *e = nlmsg_data(nlh);
    struct nlattr *tb[NLMSGERR_ATTR_MAX + 1];
    size_t offset;

    s->message[0] = '\0';
    if (nlmsg_datalen(nlh) < (int) sizeof e->error) {
        return -EPROTO;
    }
    if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS)) {
        return e->error;
    }
    if (nlh->nlmsg_type == NLMSG_DONE) {
        offset = sizeof e->error;
    } else if (nlmsg_datalen(nlh) < (int) sizeof *e) {
        return e->error;
    } else {
        offset = sizeof *e;
        if (!(nlh->nlmsg_flags & NLM_F_CAPPED)) {
            offset += NLMSG_ALIGN(e->msg.nlmsg_len) - NLMSG_HDRLEN;
        }
    }
    if ((size_t) nlmsg_datalen(nlh) > offset
        && !nla_parse(tb, NLMSGERR_ATTR_MAX,
                      (struct nlattr *) ((char *) nlmsg_data(nlh) + offset),
                      nlmsg_datalen(nlh) - offset, NULL)
        && tb[NLMSGERR_ATTR_MSG]) {
        snprintf(s->message, sizeof s->message, "%.*s",
                 nla_len(tb[NLMSGERR_ATTR_MSG]),
                 (const char *) nla_data(tb[NLMSGERR_ATTR_MSG]));
    }
    return e->error;
}

/* Reads the answer to request 'seq'. */
static int
read_answer(struct nlsock *s, uint32_t seq, nlsock_cb *cb, void *aux)
{
    bool torn = false;
    int result = 0;

    for (;;) {
        struct nlmsghdr *nlh = (struct nlmsghdr *) s->receive;
        int n = receive(s, 0);

        if (n < 0) {
            return n;
        }
        for (; nlmsg_ok(nlh, n); nlh = nlmsg_next(nlh, &n)) {
            if (nlh->nlmsg_seq != seq) {
                continue;
            }
            torn |= (nlh->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
            if (nlh->nlmsg_type == NLMSG_ERROR
                || nlh->nlmsg_type == NLMSG_DONE) {
                int error = nlmsg_datalen(nlh) >= (int) sizeof(int)
                                ? read_ack(s, nlh)
                                : 0;

                return error ? error : result ? result : torn ? -EAGAIN : 0;
            } else if (nlh->nlmsg_type == NLMSG_OVERRUN) {
                return -ENOBUFS;
            } else if (!result && nlh->nlmsg_type >= NLMSG_MIN_TYPE) {
                result = cb(nlh, aux);
            }
        }
    }
}

static int
ask(struct nlsock *s, struct nl_msg *msg, nlsock_cb *cb, void *aux)
{
    struct nlmsghdr *nlh = nlmsg_hdr(msg);
    uint32_t seq;
    int error;

    nl_complete_msg(s->nl, msg);
    seq = nlh->nlmsg_seq;
    s->reads++;
    error = transmit(s, nlh, nlh->nlmsg_len);
    nlmsg_free(msg);
    return error ? error : read_answer(s, seq, cb, aux);
}

int
nlsock_dump(struct nlsock *s, struct nl_msg *msg, nlsock_cb *cb, void *aux)
{
    nlsock_flush(s);
    nlmsg_hdr(msg)->nlmsg_flags |= NLM_F_DUMP;
    return ask(s, msg, cb, aux);
}

int
nlsock_get(struct nlsock *s, struct nl_msg *msg, nlsock_cb *cb, void *aux)
{
    nlsock_flush(s);
    return ask(s, msg, cb, aux);
}

void
nlsock_set_failed(struct nlsock *s, nlsock_failed_cb *failed, void *aux)
{
    nlsock_flush(s);
    s->failed = failed;
    s->aux = aux;
}

static void
report(struct nlsock *s, uint32_t tag, int error)
{
    char *text;

    if (!s->failed || tag == NLSOCK_IGNORE) {
        return;
    }
    text = s->message[0]
               ? xasprintf("%s: %s", ovs_strerror(-error), s->message)
               : xstrdup(ovs_strerror(-error));
    s->failed(tag, error, text, s->aux);
    free(text);
}

void
nlsock_queue(struct nlsock *s, struct nl_msg *msg, uint32_t tag)
{
    struct nlmsghdr *nlh = nlmsg_hdr(msg);
    size_t size;

    nl_complete_msg(s->nl, msg);
    size = NLMSG_ALIGN(nlh->nlmsg_len);
    ovs_assert(size <= BATCH_BYTES);
    if (s->n_tags == BATCH_MAX || s->n_bytes + size > BATCH_BYTES) {
        nlsock_flush(s);
    }
    if (!s->n_tags) {
        s->first_seq = nlh->nlmsg_seq;
    }
    memset(s->batch + s->n_bytes, 0, size);
    memcpy(s->batch + s->n_bytes, nlh, nlh->nlmsg_len);
    s->n_bytes += size;
    s->tags[s->n_tags++] = tag;
    s->writes++;
    nlmsg_free(msg);
}

void
nlsock_flush(struct nlsock *s)
{
    size_t n = s->n_tags, n_answers = 0;
    int error;

    if (!n) {
        return;
    }
    error = transmit(s, s->batch, s->n_bytes);
    s->n_tags = s->n_bytes = 0;
    while (!error && n_answers < n) {
        struct nlmsghdr *nlh = (struct nlmsghdr *) s->receive;
        int size = receive(s, 0);

        if (size < 0) {
            error = size;
            break;
        }
        for (; nlmsg_ok(nlh, size); nlh = nlmsg_next(nlh, &size)) {
            uint32_t i = nlh->nlmsg_seq - s->first_seq;
            int result;

            if (nlh->nlmsg_type != NLMSG_ERROR || i >= n) {
                continue;
            }
            n_answers++;
            result = read_ack(s, nlh);
            if (result) {
                report(s, s->tags[i], result);
            }
        }
    }
    if (error) {
        /* Nobody knows which were made: all may have failed. */
        s->message[0] = '\0';
        for (size_t i = 0; i < n; i++) {
            report(s, s->tags[i], error);
        }
    }
}

static int
ignore_message(const struct nlmsghdr *nlh OVS_UNUSED, void *aux OVS_UNUSED)
{
    return 0;
}

int
nlsock_write(struct nlsock *s, struct nl_msg *msg)
{
    int error;

    nlsock_flush(s);
    s->writes++;
    error = ask(s, msg, ignore_message, NULL);
    s->reads--;
    return error;
}

bool
nlsock_drain(struct nlsock *s, nlsock_cb *cb, void *aux)
{
    bool any = false;

    for (;;) {
        struct nlmsghdr *nlh = (struct nlmsghdr *) s->receive;
        int n = receive(s, MSG_DONTWAIT);

        if (n == -EAGAIN) {
            return any;
        }
        if (n < 0) {
            /* Lost, or not understood: that is a change. */
            any = true;
            if (n != -ENOBUFS && n != -EMSGSIZE) {
                return any;
            }
            continue;
        }
        for (; nlmsg_ok(nlh, n); nlh = nlmsg_next(nlh, &n)) {
            any |= !cb || cb(nlh, aux);
        }
    }
}

int
nlsock_parse(const struct nlmsghdr *nlh, size_t size, struct nlattr **tb,
             int max, const struct nla_policy *policy)
{
    int error = nlmsg_parse(CONST_CAST(struct nlmsghdr *, nlh), size, tb, max,
                            CONST_CAST(struct nla_policy *, policy));

    return error < 0 ? -EPROTO : 0;
}
