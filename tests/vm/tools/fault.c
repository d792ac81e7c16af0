/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Makes a chosen netlink message of a program fail, or stops or kills the
 * program at it. Preloaded (LD_PRELOAD) into the agent by the tests; the
 * product has no code for it.
 *
 * The test and this library share the file that FAULT names: struct fault.
 * While it is armed, messages are counted from 1: all of them, those alone
 * that write, or those alone that are about connections; the action is taken
 * at number 'at', or from there on. */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum action {
    ACT_NONE,
    ACT_ERROR,  /* Sending fails with 'error'. */
    ACT_REFUSE, /* The kernel refuses a message of no type. */
    ACT_STOP,   /* SIGSTOP after it was sent. */
    ACT_KILL,   /* SIGKILL instead of sending it. */
};

/* Also in lab.py. */
struct fault {
    uint32_t armed;
    uint32_t writes; /* 1: only those that write are counted; 2: only those
                      * of connection tracking. */
    uint32_t at;
    uint32_t sticky; /* And all that follow. */
    uint32_t action;
    uint32_t error;
    uint32_t seen; /* Counted since it was armed. */
    uint32_t done; /* How often the action was taken. */
};

#define NFNL_BATCH_BEGIN 0x10
#define NFNL_SUBSYS_CTNETLINK 1
#define NO_TYPE 0xff /* Neither rtnetlink's nor nf_tables'. */

static volatile struct fault *fault;

__attribute__((constructor)) static void
attach(void)
{
    const char *path = getenv("FAULT");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

    if (fd >= 0) {
        void *map = mmap(NULL, sizeof *fault, PROT_READ | PROT_WRITE,
                         MAP_SHARED, fd, 0);

        fault = map == MAP_FAILED ? NULL : map;
        close(fd);
    }
}

static int
protocol_of(int fd)
{
    int domain, protocol;
    socklen_t size = sizeof domain;

    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size)
        || domain != AF_NETLINK) {
        return -1;
    }
    size = sizeof protocol;
    return getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size)
               ? -1
               : protocol;
}

static bool
writes(int protocol, const struct nlmsghdr *h)
{
    switch (protocol) {
    case NETLINK_ROUTE:
        return (h->nlmsg_type & 3) != 2; /* RTM_GET... */
    case NETLINK_NETFILTER:
        return h->nlmsg_type == NFNL_BATCH_BEGIN;
    default:
        return false;
    }
}

static bool
is_conntrack(int protocol, const struct nlmsghdr *h)
{
    return protocol == NETLINK_NETFILTER
           && h->nlmsg_type >> 8 == NFNL_SUBSYS_CTNETLINK;
}

/* What to do at a message that is about to be sent. */
static enum action
decide(int fd, const void *data, size_t length)
{
    const struct nlmsghdr *h = data;
    int saved = errno;
    int protocol;
    uint32_t number;

    if (!fault || !fault->armed || length < sizeof *h) {
        return ACT_NONE;
    }
    protocol = protocol_of(fd);
    errno = saved;
    if (protocol < 0 || (fault->writes == 1 && !writes(protocol, h))
        || (fault->writes == 2 && !is_conntrack(protocol, h))) {
        return ACT_NONE;
    }
    number = __atomic_add_fetch(&fault->seen, 1, __ATOMIC_SEQ_CST);
    if (number != fault->at && !(fault->sticky && number > fault->at)) {
        return ACT_NONE;
    }
    __atomic_add_fetch(&fault->done, 1, __ATOMIC_SEQ_CST);
    return fault->action;
}

/* Gives the first message, or the first in a batch, a type that does not
 * exist. */
static void
spoil(void *data, size_t length)
{
    struct nlmsghdr *h = data;

    if (h->nlmsg_type == NFNL_BATCH_BEGIN) {
        size_t next = NLMSG_ALIGN(h->nlmsg_len);

        if (next + sizeof *h > length) {
            return;
        }
        h = (struct nlmsghdr *) ((char *) data + next);
        h->nlmsg_type = (h->nlmsg_type & 0xff00) | NO_TYPE;
    } else {
        h->nlmsg_type = (h->nlmsg_type & 0xff00) | NO_TYPE;
    }
}

static ssize_t
send_with(int fd, const struct msghdr *m, int flags)
{
    static ssize_t (*real)(int, const struct msghdr *, int);
    enum action action = ACT_NONE;
    ssize_t n;

    if (!real) {
        real = (ssize_t(*)(int, const struct msghdr *, int)) dlsym(RTLD_NEXT,
                                                                   "sendmsg");
    }
    if (m->msg_iovlen > 0) {
        action = decide(fd, m->msg_iov[0].iov_base, m->msg_iov[0].iov_len);
    }
    switch (action) {
    case ACT_ERROR:
        errno = fault->error;
        return -1;
    case ACT_KILL:
        raise(SIGKILL);
        return -1;
    case ACT_REFUSE: {
        struct msghdr copy = *m;
        struct iovec iov = { NULL, 0 };
        char *data;

        for (size_t i = 0; i < m->msg_iovlen; i++) {
            iov.iov_len += m->msg_iov[i].iov_len;
        }
        data = iov.iov_base = malloc(iov.iov_len);
        for (size_t i = 0; i < m->msg_iovlen; i++) {
            memcpy(data, m->msg_iov[i].iov_base, m->msg_iov[i].iov_len);
            data += m->msg_iov[i].iov_len;
        }
        spoil(iov.iov_base, iov.iov_len);
        copy.msg_iov = &iov;
        copy.msg_iovlen = 1;
        n = real(fd, &copy, flags);
        free(iov.iov_base);
        return n;
    }
    case ACT_STOP:
        n = real(fd, m, flags);
        raise(SIGSTOP);
        return n;
    case ACT_NONE:
        break;
    }
    return real(fd, m, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags);

ssize_t
sendmsg(int fd, const struct msghdr *m, int flags)
{
    return send_with(fd, m, flags);
}

ssize_t
sendto(int fd, const void *data, size_t length, int flags,
       const struct sockaddr *to, socklen_t to_length)
{
    struct iovec iov = { (void *) data, length };
    struct msghdr m = { .msg_name = (void *) to,
                        .msg_namelen = to_length,
                        .msg_iov = &iov,
                        .msg_iovlen = 1 };

    return send_with(fd, &m, flags);
}

ssize_t
send(int fd, const void *data, size_t length, int flags)
{
    return sendto(fd, data, length, flags, NULL, 0);
}
