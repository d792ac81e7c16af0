/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Makes veths by rtnetlink, each with its other end in a namespace of its own,
 * and packet sockets (packet(7)). The thread is in another namespace for a
 * moment, and always comes back; if it could not, the process ends. Called by
 * `cordon probe`. */

#include <cordon-config.h>
#include "audit/probe_port.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

#include "lib/nlsock.h"
#include "packets.h"
#include "util.h"

#define NAMESPACE "/proc/thread-self/ns/net"
#define GUEST_END "eth0"
#define BUFFER_BYTES (8 * 1024 * 1024)

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

static int
open_namespace(void)
{
    return open(NAMESPACE, O_RDONLY | O_CLOEXEC);
}

/* Nothing can be done in a namespace that is not the one that it was meant
 * for. */
static void
enter(int ns)
{
    if (setns(ns, CLONE_NEWNET)) {
        ovs_fatal(errno, "cannot return to a network namespace");
    }
}

static void
write_sysctl(const char *path)
{
    FILE *file = fopen(path, "we");

    if (file) {
        fputs("1", file);
        fclose(file);
    }
}

/* A namespace whose links never get an address of their own. */
static int
make_namespace(int self)
{
    int ns;

    if (unshare(CLONE_NEWNET)) {
        return -errno;
    }
    write_sysctl("/proc/sys/net/ipv6/conf/all/disable_ipv6");
    write_sysctl("/proc/sys/net/ipv6/conf/default/disable_ipv6");
    ns = open_namespace();
    ns = ns < 0 ? -errno : ns;
    enter(self);
    return ns;
}

static struct nlattr *
nest(struct nl_msg *msg, int type)
{
    struct nlattr *a = nla_nest_start(msg, type);

    ovs_assert(a);
    return a;
}

static int
make_veth(struct nlsock *s, const char *device, struct eth_addr mac, int ns)
{
    const struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
    struct nl_msg *msg =
        nlsock_msg(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &ifi, sizeof ifi);
    struct nlattr *info, *data, *peer;
    int error = 0;

    error |= nla_put_string(msg, IFLA_IFNAME, device);
    info = nest(msg, IFLA_LINKINFO);
    error |= nla_put_string(msg, IFLA_INFO_KIND, "veth");
    data = nest(msg, IFLA_INFO_DATA);
    peer = nest(msg, VETH_INFO_PEER);
    error |=
        nlmsg_append(msg, CONST_CAST(void *, &ifi), sizeof ifi, NLMSG_ALIGNTO);
    error |= nla_put_string(msg, IFLA_IFNAME, GUEST_END);
    error |= nla_put(msg, IFLA_ADDRESS, sizeof mac, &mac);
    error |= nla_put_u32(msg, IFLA_NET_NS_FD, ns);
    nla_nest_end(msg, peer);
    nla_nest_end(msg, data);
    nla_nest_end(msg, info);
    ovs_assert(!error);
    return nlsock_write(s, msg);
}

static int
delete_link(struct nlsock *s, uint32_t ifindex)
{
    const struct ifinfomsg ifi = { .ifi_index = ifindex };

    return nlsock_write(s, nlsock_msg(RTM_DELLINK, 0, &ifi, sizeof ifi));
}

/* Brings the link 'ifr' names up, without ARP of the kernel's. */
static int
set_up(int fd, struct ifreq *ifr)
{
    if (ioctl(fd, SIOCGIFFLAGS, ifr)) {
        return -errno;
    }
    ifr->ifr_flags |= IFF_UP | IFF_NOARP | IFF_PROMISC;
    return ioctl(fd, SIOCSIFFLAGS, ifr) ? -errno : 0;
}

/* Binds a socket to 'device' of this namespace. Returns it or -errno. */
static int
open_socket(const char *device, const struct sock_fprog *filter, bool up)
{
    struct sockaddr_ll sll = { .sll_family = AF_PACKET };
    struct ifreq ifr = { .ifr_ifindex = 0 };
    int size = BUFFER_BYTES, one = 1, error = 0;
    int fd;

    fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    ovs_strlcpy(ifr.ifr_name, device, sizeof ifr.ifr_name);
    error = up ? set_up(fd, &ifr) : 0;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    sll.sll_ifindex = if_nametoindex(device);
    sll.sll_protocol = htons(ETH_P_ALL);
    if (!error
        && ((up
             && setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one,
                           sizeof one))
            || (filter
                && setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, filter,
                              sizeof *filter))
            || !sll.sll_ifindex
            || bind(fd, (struct sockaddr *) &sll, sizeof sll))) {
        error = -errno;
    }
    if (error) {
        close(fd);
    }
    return error ? error : fd;
}

/* With the namespaces 'self' and 'ns', the guest's. */
static char *
open_between(struct nlsock *s, const char *device, struct eth_addr mac,
             int self, int ns, struct probe_port *port)
{
    int error;

    error = make_veth(s, device, mac, ns);
    if (error) {
        return xasprintf("cannot make %s: %s%s%s", device,
                         ovs_strerror(-error),
                         nlsock_message(s)[0] ? ": " : "", nlsock_message(s));
    }
    port->ifindex = if_nametoindex(device);
    enter(ns);
    port->fd = open_socket(GUEST_END, NULL, true);
    enter(self);
    if (port->fd < 0) {
        error = -port->fd;
        port->fd = -1;
        return xasprintf("cannot listen behind %s: %s", device,
                         ovs_strerror(error));
    }
    return NULL;
}

char *
probe_port_open(const char *device, struct eth_addr mac,
                struct probe_port *ret_port)
{
    struct probe_port port = { .fd = -1 };
    struct nlsock *s = NULL;
    int self, ns, error;
    char *why;

    self = open_namespace();
    if (self < 0) {
        return xasprintf(NAMESPACE ": %s", ovs_strerror(errno));
    }
    ns = make_namespace(self);
    error = ns < 0 ? ns : nlsock_open(NETLINK_ROUTE, &s);
    why = error ? xasprintf("cannot make a network namespace: %s",
                            ovs_strerror(-error))
                : open_between(s, device, mac, self, ns, &port);
    nlsock_close(s);
    close(self);
    if (ns >= 0) {
        close(ns);
    }
    if (why) {
        probe_port_close(&port);
    } else {
        *ret_port = port;
    }
    return why;
}

char *
probe_port_listen(const char *device, struct eth_addr mac, bool outgoing,
                  struct probe_port *ret_port)
{
    const uint32_t start = mac.ea[0] << 16 | mac.ea[1] << 8 | mac.ea[2];
    struct sock_filter code[] = {
        /* Loads 4 bytes of an address, of which 3 count. */
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, SKF_AD_OFF + SKF_AD_PKTTYPE),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, outgoing ? 0 : 8,
                 outgoing ? 8 : 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
        BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 8),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, start, 4, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 6),
        BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 8),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, start, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    const struct sock_fprog filter = { ARRAY_SIZE(code), code };
    int fd = open_socket(device, &filter, false);

    if (fd < 0) {
        return xasprintf("cannot listen on %s: %s", device, ovs_strerror(-fd));
    }
    *ret_port = (struct probe_port){ .fd = fd };
    return NULL;
}

void
probe_port_close(struct probe_port *port)
{
    struct nlsock *s;

    if (port->ifindex && !nlsock_open(NETLINK_ROUTE, &s)) {
        /* It may have gone by itself. */
        delete_link(s, port->ifindex);
        nlsock_close(s);
    }
    if (port->fd >= 0) {
        close(port->fd);
    }
    *port = (struct probe_port){ .fd = -1 };
}

int
probe_port_send(const struct probe_port *port, const void *frame, size_t n)
{
    ssize_t sent;

    do {
        sent = send(port->fd, frame, n, 0);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : 0;
}

ssize_t
probe_port_receive(const struct probe_port *port, void *buf, size_t size)
{
    ssize_t n;

    do {
        n = recv(port->fd, buf, size, 0);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

unsigned int
probe_port_lost(const struct probe_port *port)
{
    struct tpacket_stats stats = { .tp_drops = 0 };
    socklen_t len = sizeof stats;

    return getsockopt(port->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len)
               ? 0
               : stats.tp_drops;
}
