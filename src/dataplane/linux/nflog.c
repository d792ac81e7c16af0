/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The agent's end of nflog (net/netfilter/nfnetlink_log.c), by libmnl. The
 * kernel hands over each packet at once, which the rules' limits keep few; if
 * nobody is there to listen, it forgets them. dataplane.c calls this. */

#include <cordon-config.h>
#include "dataplane/linux/nflog.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>

#include "dataplane/linux/logged.h"
#include "packets.h"
#include "util.h"

/* The kernel takes a page and more for each packet that waits. */
#define RECEIVE_BUFFER (4 * 1024 * 1024)

/* Words of the largest message, by far. */
#define RECEIVE_MAX 1024

/* At egress of a device a packet begins with its Ethernet header; in all
 * other places it is behind it. */
#define HOOK_EGRESS NF_NETDEV_EGRESS

static struct mnl_socket *sock;

/* Parsing. */

static int
take_attr(const struct nlattr *a, void *tb_)
{
    const struct nlattr **tb = tb_;
    uint16_t type = mnl_attr_get_type(a);

    if (type <= NFULA_MAX) {
        tb[type] = a;
    }
    return MNL_CB_OK;
}

/* The payload of an attribute, if it is there and has 'len' bytes. */
static const void *
get(const struct nlattr *a, size_t len)
{
    return a && mnl_attr_get_payload_len(a) >= len ? mnl_attr_get_payload(a)
                                                   : NULL;
}

static uint32_t
get_u32(const struct nlattr *a)
{
    const void *p = get(a, sizeof(uint32_t));
    uint32_t x = 0;

    if (p) {
        memcpy(&x, p, sizeof x);
    }
    return ntohl(x);
}

static void
append(struct dropped_frame *f, const void *p, size_t n)
{
    n = MIN(n, sizeof f->bytes - f->n);
    memcpy(f->bytes + f->n, p, n);
    f->n += n;
}

/* The frame as it was on the wire, with the tag that the kernel took out. */
static void
put_frame(const struct nlattr **tb, bool behind, struct dropped_frame *f)
{
    const struct nlattr *payload = tb[NFULA_PAYLOAD];
    const struct nlattr *header = tb[NFULA_L2HDR];
    const struct nlattr *vlan[NFULA_VLAN_MAX + 1] = { NULL }, *a;
    const uint8_t *p = NULL;
    size_t n = 0;

    if (tb[NFULA_VLAN]) {
        mnl_attr_for_each_nested (a, tb[NFULA_VLAN]) {
            if (mnl_attr_get_type(a) <= NFULA_VLAN_MAX) {
                vlan[mnl_attr_get_type(a)] = a;
            }
        }
    }
    if (!behind) {
        header = payload;
        payload = NULL;
    } else if (!header) {
        header = tb[NFULA_HWHEADER];
    }
    if (header) {
        p = mnl_attr_get_payload(header);
        n = mnl_attr_get_payload_len(header);
    }
    if (n < ETH_HEADER_LEN) {
        return;
    }
    append(f, p, 2 * ETH_ADDR_LEN);
    if (get(vlan[NFULA_VLAN_PROTO], 2) && get(vlan[NFULA_VLAN_TCI], 2)) {
        append(f, mnl_attr_get_payload(vlan[NFULA_VLAN_PROTO]), 2);
        append(f, mnl_attr_get_payload(vlan[NFULA_VLAN_TCI]), 2);
    }
    append(f, p + 2 * ETH_ADDR_LEN, n - 2 * ETH_ADDR_LEN);
    if (payload) {
        append(f, mnl_attr_get_payload(payload),
               mnl_attr_get_payload_len(payload));
    }
}

bool
nflog_parse(const struct nlmsghdr *nlh, struct dropped_frame *ret_frame)
{
    const struct nlattr *tb[NFULA_MAX + 1] = { NULL };
    const struct nfulnl_msg_packet_hdr *hdr;
    const struct nfgenmsg *nfg;
    struct dropped_frame f = { .n = 0 };
    bool behind = true;

    if (nlh->nlmsg_type != (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET)
        || mnl_nlmsg_get_payload_len(nlh) < sizeof *nfg) {
        return false;
    }
    nfg = mnl_nlmsg_get_payload(nlh);
    /* Not mnl_attr_parse(), which rounds the message's length up. */
    mnl_attr_parse_payload(
        nfg + 1, mnl_nlmsg_get_payload_len(nlh) - sizeof *nfg, take_attr, tb);
    if (!tb[NFULA_PREFIX]
        || mnl_attr_validate(tb[NFULA_PREFIX], MNL_TYPE_NUL_STRING) < 0
        || !logged_prefix(mnl_attr_get_str(tb[NFULA_PREFIX]), &f.reason,
                          &f.from)) {
        return false;
    }
    /* Of a bridge, these are its ports; the others, the bridge itself. */
    f.ifindex = get_u32(
        tb[f.from ? NFULA_IFINDEX_PHYSINDEV : NFULA_IFINDEX_PHYSOUTDEV]);
    if (!f.ifindex) {
        f.ifindex =
            get_u32(tb[f.from ? NFULA_IFINDEX_INDEV : NFULA_IFINDEX_OUTDEV]);
    }
    hdr = get(tb[NFULA_PACKET_HDR], sizeof *hdr);
    if (!f.ifindex || !hdr) {
        return false;
    }
    if (nfg->nfgen_family == NFPROTO_NETDEV && hdr->hook == HOOK_EGRESS) {
        behind = false;
    }
    put_frame(tb, behind, &f);
    *ret_frame = f;
    return true;
}

/* The socket. */

/* Starts a request about our group. */
static struct nlmsghdr *
configure(void *buf)
{
    struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
    struct nfgenmsg *nfg;

    nlh->nlmsg_type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG;
    nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    nfg = mnl_nlmsg_put_extra_header(nlh, sizeof *nfg);
    nfg->nfgen_family = AF_UNSPEC;
    nfg->version = NFNETLINK_V0;
    nfg->res_id = htons(LOGGED_GROUP);
    return nlh;
}

/* Receives what the kernel sent, and nobody else. Returns how much, 0 if it is
 * nothing of use, or -errno. */
static ssize_t
receive(void *buf, size_t size)
{
    struct sockaddr_nl from;
    struct iovec iov = { buf, size };
    struct msghdr msg = {
        .msg_name = &from,
        .msg_namelen = sizeof from,
        .msg_iov = &iov,
        .msg_iovlen = 1,
    };
    ssize_t n = recvmsg(nflog_fd(), &msg, MSG_TRUNC);

    if (n < 0) {
        return errno == EINTR ? 0 : -errno;
    }
    return n > (ssize_t) size || msg.msg_namelen != sizeof from || from.nl_pid
               ? 0
               : n;
}

/* Sends a request. The kernel answers before sendmsg() returns, though packets
 * may be ahead of the answer. */
static int
request(const struct nlmsghdr *nlh)
{
    uint64_t buf[RECEIVE_MAX];
    const struct nlmsghdr *answer = (const struct nlmsghdr *) buf;

    if (mnl_socket_sendto(sock, nlh, nlh->nlmsg_len) < 0) {
        return -errno;
    }
    for (;;) {
        ssize_t n = receive(buf, sizeof buf);

        if (n < 0 && n != -ENOBUFS) {
            return n;
        } else if (n > 0 && mnl_nlmsg_ok(answer, n)
                   && answer->nlmsg_type == NLMSG_ERROR
                   && mnl_nlmsg_get_payload_len(answer)
                          >= sizeof(struct nlmsgerr)) {
            const struct nlmsgerr *e = mnl_nlmsg_get_payload(answer);

            return e->error;
        }
    }
}

static int
bind_group(void)
{
    const struct nfulnl_msg_config_cmd cmd = { NFULNL_CFG_CMD_BIND };
    uint64_t buf[MNL_NLMSG_HDRLEN * 8];
    struct nlmsghdr *nlh = configure(buf);

    mnl_attr_put(nlh, NFULA_CFG_CMD, sizeof cmd, &cmd);
    return request(nlh);
}

static int
set_mode(void)
{
    const struct nfulnl_msg_config_mode mode = {
        .copy_range = htonl(LOGGED_BYTES),
        .copy_mode = NFULNL_COPY_PACKET,
    };
    uint64_t buf[MNL_NLMSG_HDRLEN * 8];
    struct nlmsghdr *nlh = configure(buf);

    mnl_attr_put(nlh, NFULA_CFG_MODE, sizeof mode, &mode);
    mnl_attr_put_u32(nlh, NFULA_CFG_QTHRESH, htonl(1));
    return request(nlh);
}

int
nflog_open(void)
{
    const int size = RECEIVE_BUFFER;
    int error;

    if (sock) {
        return 0;
    }
    sock = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (!sock) {
        return -errno;
    }
    error = mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0 ? -errno : 0;
    if (!error) {
        /* Failure leaves a smaller buffer. */
        setsockopt(nflog_fd(), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
        error = bind_group();
    }
    error = error ? error : set_mode();
    if (error) {
        nflog_close();
    }
    return error;
}

void
nflog_close(void)
{
    if (sock) {
        mnl_socket_close(sock);
        sock = NULL;
    }
}

int
nflog_fd(void)
{
    return sock ? mnl_socket_get_fd(sock) : -1;
}

int
nflog_receive(size_t max, dropped_cb *cb, void *aux)
{
    uint64_t buf[RECEIVE_MAX];
    bool lost = false;

    for (size_t n = 0; n < max; n++) {
        const struct nlmsghdr *nlh = (const struct nlmsghdr *) buf;
        ssize_t size = receive(buf, sizeof buf);
        int rest = size;

        if (size == -ENOBUFS) {
            lost = true;
            continue;
        } else if (size < 0) {
            return size != -EAGAIN ? size : lost ? -ENOBUFS : 0;
        }
        for (; mnl_nlmsg_ok(nlh, rest); nlh = mnl_nlmsg_next(nlh, &rest)) {
            struct dropped_frame f;

            if (nflog_parse(nlh, &f)) {
                cb(&f, aux);
            }
        }
    }
    return lost ? -ENOBUFS : -EAGAIN;
}
