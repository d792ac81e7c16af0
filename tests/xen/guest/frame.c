/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Sends and records exact frames in a test guest.
 *
 *     frame send INTERFACE HEX...      send frames, one by one
 *     frame capture INTERFACE          print a line of hex per frame received
 *
 * "send" exits 0 if the kernel took all frames; it prints the error for each
 * one that it did not.  "capture" prints "ready" once nothing is missed any
 * more and runs until it is killed.  The kernel takes a received frame's
 * outer VLAN tag out; it is put back here.  Linked statically, for an
 * initramfs without libraries. */

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FRAME_MAX = 65536 + 64 };

static int
packet_socket(const char *interface, int protocol)
{
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET,
        .sll_protocol = htons(protocol),
    };
    int fd;

    address.sll_ifindex = if_nametoindex(interface);
    if (!address.sll_ifindex) {
        fprintf(stderr, "frame: %s: %s\n", interface, strerror(errno));
        exit(2);
    }
    fd = socket(AF_PACKET, SOCK_RAW, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof address)) {
        perror("frame: socket");
        exit(2);
    }
    return fd;
}

/* Turns 'hex' into bytes.  Returns their number, or -1 if it is not hex or
 * longer than FRAME_MAX. */
static ssize_t
parse_hex(const char *hex, uint8_t *data)
{
    size_t n = 0;

    for (; *hex; hex += 2) {
        char pair[3] = { hex[0], hex[1], '\0' };

        if (!isxdigit((unsigned char) pair[0])
            || !isxdigit((unsigned char) pair[1]) || n >= FRAME_MAX) {
            return -1;
        }
        data[n++] = strtoul(pair, NULL, 16);
    }
    return n;
}

static int
send_frames(const char *interface, char *frames[], int n_frames)
{
    static uint8_t data[FRAME_MAX];
    int fd = packet_socket(interface, 0);
    int error = 0;
    int i;

    for (i = 0; i < n_frames; i++) {
        ssize_t n = parse_hex(frames[i], data);

        if (n < 0) {
            fprintf(stderr, "frame: %d: not hex\n", i);
            return 2;
        }
        if (send(fd, data, n, 0) < 0) {
            fprintf(stderr, "frame: %d: %s\n", i, strerror(errno));
            error = 1;
        }
    }
    return error;
}

static void
print_hex(const uint8_t *data, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        printf("%02x", data[i]);
    }
}

/* Prints one received frame, with the tag that 'msg' carries aside. */
static void
print_frame(struct msghdr *msg, const uint8_t *data, size_t n)
{
    struct cmsghdr *cmsg;

    for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
        struct tpacket_auxdata aux;

        if (cmsg->cmsg_level != SOL_PACKET
            || cmsg->cmsg_type != PACKET_AUXDATA) {
            continue;
        }
        memcpy(&aux, CMSG_DATA(cmsg), sizeof aux);
        if (aux.tp_status & TP_STATUS_VLAN_VALID && n >= 12) {
            uint16_t tpid =
                (aux.tp_status & TP_STATUS_VLAN_TPID_VALID ? aux.tp_vlan_tpid
                                                           : ETHERTYPE_VLAN);

            print_hex(data, 12);
            printf("%04x%04x", tpid, aux.tp_vlan_tci);
            print_hex(data + 12, n - 12);
            putchar('\n');
            return;
        }
    }
    print_hex(data, n);
    putchar('\n');
}

static int
capture(const char *interface)
{
    static uint8_t data[FRAME_MAX];
    int fd = packet_socket(interface, ETH_P_ALL);
    struct packet_mreq promiscuous = {
        .mr_ifindex = if_nametoindex(interface),
        .mr_type = PACKET_MR_PROMISC,
    };
    int one = 1;
    int size = 8 << 20;

    if (setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof one)
        || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size)
        || setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous,
                      sizeof promiscuous)) {
        perror("frame: setsockopt");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    puts("ready");
    for (;;) {
        char aside[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
        struct sockaddr_ll from;
        struct iovec iov = { .iov_base = data, .iov_len = sizeof data };
        struct msghdr msg = {
            .msg_name = &from,
            .msg_namelen = sizeof from,
            .msg_iov = &iov,
            .msg_iovlen = 1,
            .msg_control = aside,
            .msg_controllen = sizeof aside,
        };
        ssize_t n = recvmsg(fd, &msg, 0);

        if (n < 0) {
            if (errno == EINTR || errno == ENETDOWN) {
                continue;
            }
            perror("frame: recvmsg");
            return 2;
        }
        if (from.sll_pkttype != PACKET_OUTGOING) {
            print_frame(&msg, data, n);
        }
    }
}

int
main(int argc, char *argv[])
{
    if (argc >= 4 && !strcmp(argv[1], "send")) {
        return send_frames(argv[2], argv + 3, argc - 3);
    }
    if (argc == 3 && !strcmp(argv[1], "capture")) {
        return capture(argv[2]);
    }
    fprintf(stderr, "usage: frame send INTERFACE HEX... | "
                    "frame capture INTERFACE\n");
    return 2;
}
