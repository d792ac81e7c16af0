/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Sends and records exact frames in a test guest.
 *
 *     frame send INTERFACE HEX...      send frames, one by one
 *     frame rewrite INTERFACE MSEC HEX OTHER
 *                                      send a frame and write over it
 *     frame capture INTERFACE          print a line of hex per frame received
 *
 * "send" exits 0 if the kernel took all frames; it prints the error for each
 * one that it did not.  "rewrite" sends from a page that it keeps, which is
 * what the kernel grants to the backend, all but the Ethernet header; MSEC
 * milliseconds later it makes another frame of it, of the same length, and
 * leaves that there for as long.  It prints whether the first was still in use
 * then.  "capture" prints "ready" once nothing is missed any
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
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FRAME_MAX = 65536 + 64, PAGE = 4096 };

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

static int
rewrite(const char *interface, unsigned int msec, const char *hex,
        const char *other)
{
    static uint8_t data[FRAME_MAX], later[FRAME_MAX];
    ssize_t n = parse_hex(hex, data);
    int fd = packet_socket(interface, 0);
    int version = TPACKET_V2;
    struct tpacket_req ring = {
        .tp_block_size = PAGE,
        .tp_block_nr = 1,
        .tp_frame_size = PAGE,
        .tp_frame_nr = 1,
    };
    struct tpacket2_hdr *slot;
    uint32_t status;
    uint8_t *page;

    page = (uint8_t *) MAP_FAILED;
    if (n < 0 || parse_hex(other, later) != n
        || n > (ssize_t) (PAGE - TPACKET2_HDRLEN)) {
        fprintf(stderr, "frame: not hex, or of two lengths\n");
        return 2;
    }
    if (!setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version)
        && !setsockopt(fd, SOL_PACKET, PACKET_TX_RING, &ring, sizeof ring)) {
        page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    }
    if (page == MAP_FAILED) {
        perror("frame: ring");
        return 2;
    }
    slot = (struct tpacket2_hdr *) page;
    page += TPACKET2_HDRLEN - sizeof(struct sockaddr_ll);
    memcpy(page, data, n);
    slot->tp_len = n;
    __atomic_store_n(&slot->tp_status, TP_STATUS_SEND_REQUEST,
                     __ATOMIC_RELEASE);
    if (send(fd, NULL, 0, MSG_DONTWAIT) < 0) {
        perror("frame: send");
        return 2;
    }
    usleep(msec * 1000);
    status = __atomic_load_n(&slot->tp_status, __ATOMIC_ACQUIRE);
    puts(status == TP_STATUS_SENDING ? "in use" : "gone");
    memcpy(page, later, n);
    usleep(msec * 1000);
    return 0;
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
    if (argc == 6 && !strcmp(argv[1], "rewrite")) {
        return rewrite(argv[2], atoi(argv[3]), argv[4], argv[5]);
    }
    if (argc == 3 && !strcmp(argv[1], "capture")) {
        return capture(argv[2]);
    }
    fprintf(stderr, "usage: frame send INTERFACE HEX... | "
                    "frame rewrite INTERFACE MSEC HEX OTHER | "
                    "frame capture INTERFACE\n");
    return 2;
}
