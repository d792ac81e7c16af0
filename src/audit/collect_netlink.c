/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Dumps of netlink, by libmnl, as they come: the kernel writes into the buffer
 * that becomes the part. A dump that the kernel marks as interrupted is given
 * back as torn. */

#include <cordon-config.h>
#include "audit/collect.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "util.h"

/* A datagram of the kernel's: 32 KiB of a dump, or one message that needs
 * more (a device with hundreds of virtual functions). */
#define DATAGRAM (512 * 1024)

struct mnl_socket *
collect_open(int protocol)
{
    struct mnl_socket *s = mnl_socket_open2(protocol, SOCK_CLOEXEC);
    int on = 1;

    if (!s) {
        return NULL;
    }
    if (mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0) {
        int error = errno;

        mnl_socket_close(s);
        errno = error;
        return NULL;
    }
    mnl_socket_setsockopt(s, NETLINK_EXT_ACK, &on, sizeof on);
    mnl_socket_setsockopt(s, NETLINK_GET_STRICT_CHK, &on, sizeof on);
    return s;
}

struct nlmsghdr *
collect_request(char buf[COLLECT_REQUEST], uint16_t type, uint16_t flags)
{
    struct nlmsghdr *nlh;

    memset(buf, 0, COLLECT_REQUEST);
    nlh = mnl_nlmsg_put_header(buf);
    nlh->nlmsg_type = type;
    nlh->nlmsg_flags = NLM_F_REQUEST | flags;
    return nlh;
}

/* Keeps the text of an extended ACK, which lies 'offset' bytes into 'nlh'. */
static void
keep_message(struct collector *c, const struct nlmsghdr *nlh, size_t offset)
{
    const struct nlattr *attr;

    c->message[0] = '\0';
    if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) || nlh->nlmsg_len < offset) {
        return;
    }
    mnl_attr_for_each (attr, nlh, offset - sizeof *nlh) {
        if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG
            && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0) {
            ovs_strlcpy(c->message, mnl_attr_get_str(attr), sizeof c->message);
        }
    }
}

static int
error_of(struct collector *c, const struct nlmsghdr *nlh)
{
    const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);
    size_t offset = sizeof *nlh + sizeof *e;

    if (nlh->nlmsg_len < offset) {
        return -EPROTO;
    }
    if (!(nlh->nlmsg_flags & NLM_F_CAPPED)
        && e->msg.nlmsg_len > sizeof e->msg) {
        offset += NLMSG_ALIGN(e->msg.nlmsg_len - sizeof e->msg);
    }
    keep_message(c, nlh, offset);
    return e->error;
}

/* The end of a dump: a number, negative if it failed. */
static int
done_of(struct collector *c, const struct nlmsghdr *nlh)
{
    int32_t error;

    if (nlh->nlmsg_len < NLMSG_LENGTH(sizeof error)) {
        return 0;
    }
    memcpy(&error, mnl_nlmsg_get_payload(nlh), sizeof error);
    if (error < 0) {
        keep_message(c, nlh, NLMSG_LENGTH(sizeof error));
        return error;
    }
    return 0;
}

/* An answer that is being read. */
struct answer {
    uint32_t seq;
    bool dump;
    bool torn;
    bool done;
    int error;
};

/* Takes what was received at 'out->data + out->n', 'size' bytes of messages,
 * and counts those that are data into 'out'. */
static void
take_datagram(struct collector *c, struct answer *a,
              struct snapshot_buffer *out, size_t size)
{
    char *end = out->data + out->n + size, *p = out->data + out->n;

    while (!a->done && (size_t) (end - p) >= sizeof(struct nlmsghdr)) {
        struct nlmsghdr *nlh = ALIGNED_CAST(struct nlmsghdr *, p);
        size_t length = ROUND_UP((size_t) nlh->nlmsg_len, NLMSG_ALIGNTO);

        if (nlh->nlmsg_len < sizeof *nlh || length > (size_t) (end - p)) {
            a->error = -EPROTO;
            a->done = true;
            return;
        }
        p += length;
        if (nlh->nlmsg_seq != a->seq || nlh->nlmsg_type == NLMSG_NOOP) {
            continue;
        }
        a->torn = a->torn || nlh->nlmsg_flags & NLM_F_DUMP_INTR;
        if (nlh->nlmsg_type == NLMSG_DONE) {
            a->error = done_of(c, nlh);
            a->done = true;
        } else if (nlh->nlmsg_type == NLMSG_ERROR) {
            a->error = error_of(c, nlh);
            a->done = true;
        } else {
            if ((char *) nlh != out->data + out->n) {
                memmove(out->data + out->n, nlh, length);
            }
            out->n += length;
            /* An answer to what is no dump is one message; its ACK, if one
             * was asked for, is left to the next call, which skips it. */
            a->done = !a->dump;
        }
    }
}

int
collect_dump(struct collector *c, struct mnl_socket *socket,
             struct nlmsghdr *request, struct snapshot_buffer *out)
{
    struct answer a = {
        .seq = ++c->seq,
        .dump = (request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP,
    };
    size_t before = out->n;

    request->nlmsg_seq = a.seq;
    c->message[0] = '\0';
    if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0) {
        return -errno;
    }
    while (!a.done) {
        struct sockaddr_nl from;
        socklen_t from_size = sizeof from;
        ssize_t size;

        snapshot_buffer_reserve(out, DATAGRAM);
        size = recvfrom(mnl_socket_get_fd(socket), out->data + out->n,
                        out->allocated - out->n, MSG_TRUNC,
                        (struct sockaddr *) &from, &from_size);
        if (size < 0) {
            if (errno == EINTR) {
                continue;
            }
            a.error = -errno;
            break;
        } else if (from_size != sizeof from || from.nl_pid) {
            continue; /* Not the kernel. */
        } else if ((size_t) size > out->allocated - out->n) {
            a.error = -EMSGSIZE;
            break;
        }
        take_datagram(c, &a, out, size);
    }
    if (!a.error && a.torn) {
        a.error = -EAGAIN;
    }
    if (a.error) {
        out->n = before;
    }
    return a.error;
}

/* True for an error that says that the kernel has no such thing. */
static bool
is_absent(int error)
{
    return error == -EOPNOTSUPP || error == -EAFNOSUPPORT
           || error == -EPROTONOSUPPORT || error == -ENOENT;
}

struct snapshot_part *
collect_add(struct collector *c, const char *name, int error,
            struct snapshot_buffer *buffer)
{
    if (!error) {
        return snapshot_add_netlink(c->snapshot, name, buffer);
    }
    snapshot_buffer_done(buffer);
    if (is_absent(error)) {
        return snapshot_add(c->snapshot, name, SNAPSHOT_ABSENT);
    }
    if (error == -EAGAIN) {
        snapshot_add_unread(c->snapshot, name, true,
                            "changed each of %u times it was read", c->tries);
    } else {
        snapshot_add_unread(c->snapshot, name, true, "%s%s%s",
                            ovs_strerror(-error), c->message[0] ? ": " : "",
                            c->message);
    }
    return &c->snapshot->parts[c->snapshot->n_parts - 1];
}

void
collect_pause(unsigned int tries)
{
    struct timespec ts = { .tv_nsec = 1000 * 1000 * MIN(1 + 4 * tries, 100) };

    nanosleep(&ts, NULL);
}
