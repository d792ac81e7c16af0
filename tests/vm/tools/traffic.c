/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Sends frames without end, and counts what arrives, faster than the tests'
 * own language can on an emulated processor.
 *
 *     traffic send LINK [USEC]     frames to a link
 *     traffic tap NAME [USEC]      frames from the guest's side of a tap that
 *                                  it makes, from its first instant
 *     traffic watch LINK [host]    what arrives; "host": not promiscuous
 *
 * Frames to send are read from standard input, one a line in hex, and are
 * sent in turn, USEC microseconds apart [0]. A frame that has the mark "CDN!"
 * belongs to the stream that the byte after it names; three bytes later there
 * is room for 32 bits, which number the frames of a stream that the kernel
 * has taken. SIGUSR1 prints what happened so far as a line of JSON; SIGTERM
 * does so too and ends the program. When it has begun it prints "ready".
 *
 * One process a link, started by lab.py. A sender goes on when its link is
 * down or away, and finds it again by its name. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FRAME_MAX 10000
#define FRAMES_MAX 1024
#define STREAMS_MAX 64
#define GAPS_MAX 16
#define OTHERS_MAX 16
#define OTHER_SHOWN 96
#define MARK "CDN!"
#define MARK_LEN 12 /* With stream and number. */

static volatile sig_atomic_t report_due, ended;

struct frame {
    uint8_t *data;
    size_t length;
    size_t number; /* Where it is numbered, 0: it is not. */
    uint8_t stream;
};

struct stream {
    uint8_t name;
    uint16_t vlan;
    uint64_t got, missing, again;
    uint32_t next; /* The number expected. */
    uint32_t gaps[GAPS_MAX][2];
    unsigned int n_gaps;
};

static void
die(const char *what)
{
    fprintf(stderr, "traffic: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void
ready(void)
{
    printf("ready\n");
    fflush(stdout);
}

static void
on_signal(int number)
{
    report_due = 1;
    if (number != SIGUSR1) {
        ended = 1;
    }
}

/* Where the number of a marked frame is, 0 if it is not marked. */
static size_t
find_mark(const uint8_t *data, size_t length)
{
    const uint8_t *mark;

    mark = length < MARK_LEN ? NULL
                             : memmem(data, length - MARK_LEN + 4, MARK, 4);
    return mark ? mark - data + 8 : 0;
}

static struct frame *
read_frames(size_t *ret_n)
{
    struct frame *frames = calloc(FRAMES_MAX, sizeof *frames);
    char line[2 * FRAME_MAX + 2];
    size_t n = 0;

    while (n < FRAMES_MAX && fgets(line, sizeof line, stdin)) {
        struct frame *f = &frames[n];

        f->length = strspn(line, "0123456789abcdef") / 2;
        if (!f->length) {
            continue;
        }
        f->data = malloc(f->length);
        for (size_t i = 0; i < f->length; i++) {
            unsigned int byte;

            sscanf(line + 2 * i, "%2x", &byte);
            f->data[i] = byte;
        }
        f->number = find_mark(f->data, f->length);
        f->stream = f->number ? f->data[f->number - 4] : 0;
        n++;
    }
    if (!n) {
        fprintf(stderr, "traffic: no frames\n");
        exit(1);
    }
    *ret_n = n;
    return frames;
}

static int
open_tap(const char *name)
{
    struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI };
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request)) {
        die(name);
    }
    return fd;
}

static void
pause_for(long microseconds)
{
    struct timespec t = { microseconds / 1000000,
                          microseconds % 1000000 * 1000 };

    if (microseconds) {
        nanosleep(&t, NULL);
    }
}

static void
report_sent(const uint64_t *sent, uint64_t taken, uint64_t refused)
{
    const char *comma = "";

    printf("{\"sent\": %llu, \"refused\": %llu, \"streams\": {",
           (unsigned long long int) taken, (unsigned long long int) refused);
    for (int i = 1; i < 256; i++) {
        if (sent[i]) {
            printf("%s\"%c\": %llu", comma, i,
                   (unsigned long long int) sent[i]);
            comma = ", ";
        }
    }
    printf("}}\n");
    fflush(stdout);
}

static void
send_all(const char *link, bool tap, long microseconds)
{
    struct sockaddr_ll to = { .sll_family = AF_PACKET };
    uint64_t sent[256] = { 0 };
    uint64_t taken = 0, refused = 0;
    struct frame *frames;
    size_t n;
    int fd;

    frames = read_frames(&n);
    fd = tap ? open_tap(link) : socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        die("socket");
    }
    to.sll_ifindex = if_nametoindex(link);
    ready();
    for (size_t i = 0; !ended; i = (i + 1) % n) {
        struct frame *f = &frames[i];
        ssize_t done;

        if (f->number) {
            uint32_t number = htonl(sent[f->stream]);

            memcpy(f->data + f->number, &number, sizeof number);
        }
        if (tap) {
            done = write(fd, f->data, f->length);
        } else {
            done = sendto(fd, f->data, f->length, MSG_DONTWAIT,
                          (struct sockaddr *) &to, sizeof to);
        }
        if (done >= 0) {
            taken++;
            sent[f->stream]++;
        } else {
            refused++;
            if (!tap && errno != ENOBUFS && errno != EAGAIN) {
                to.sll_ifindex = if_nametoindex(link);
            }
        }
        if (report_due) {
            report_due = 0;
            report_sent(sent, taken, refused);
        }
        pause_for(microseconds);
    }
    report_sent(sent, taken, refused);
    exit(0);
}

static struct stream streams[STREAMS_MAX];
static size_t n_streams;
static char others[OTHERS_MAX][2 * OTHER_SHOWN + 8];
static uint64_t n_others;

static struct stream *
stream_of(uint8_t name, uint16_t vlan)
{
    for (size_t i = 0; i < n_streams; i++) {
        if (streams[i].name == name && streams[i].vlan == vlan) {
            return &streams[i];
        }
    }
    if (n_streams == STREAMS_MAX) {
        fprintf(stderr, "traffic: too many streams\n");
        exit(1);
    }
    streams[n_streams] = (struct stream){ .name = name, .vlan = vlan };
    return &streams[n_streams++];
}

static void
count(const uint8_t *data, size_t length, uint16_t vlan)
{
    size_t at = find_mark(data, length);
    struct stream *s;
    uint32_t number;

    if (!at) {
        if (n_others < OTHERS_MAX) {
            char *line = others[n_others];
            size_t shown = length < OTHER_SHOWN ? length : OTHER_SHOWN;

            line += sprintf(line, vlan ? "%u:" : "", vlan);
            for (size_t i = 0; i < shown; i++) {
                line += sprintf(line, "%02x", data[i]);
            }
        }
        n_others++;
        return;
    }
    s = stream_of(data[at - 4], vlan);
    memcpy(&number, data + at, sizeof number);
    number = ntohl(number);
    if (number > s->next) {
        if (s->n_gaps < GAPS_MAX) {
            s->gaps[s->n_gaps][0] = s->next;
            s->gaps[s->n_gaps++][1] = number;
        }
        s->missing += number - s->next;
        s->next = number;
    }
    if (number < s->next) {
        s->again++; /* Twice, late, or of another sender. */
    } else {
        s->next = number + 1;
    }
    s->got++;
}

static void
report_seen(int fd)
{
    struct tpacket_stats stats = { 0 };
    static uint64_t overrun;
    socklen_t size = sizeof stats;

    getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size);
    overrun += stats.tp_drops;
    printf("{\"overrun\": %llu, \"streams\": [",
           (unsigned long long int) overrun);
    for (size_t i = 0; i < n_streams; i++) {
        const struct stream *s = &streams[i];

        printf("%s{\"stream\": \"%c\", \"vlan\": %u, \"got\": %llu, "
               "\"missing\": %llu, \"again\": %llu, \"next\": %u, "
               "\"gaps\": [",
               i ? ", " : "", s->name, s->vlan,
               (unsigned long long int) s->got,
               (unsigned long long int) s->missing,
               (unsigned long long int) s->again, s->next);
        for (size_t j = 0; j < s->n_gaps; j++) {
            printf("%s[%u, %u]", j ? ", " : "", s->gaps[j][0], s->gaps[j][1]);
        }
        printf("]}");
    }
    printf("], \"others\": %llu, \"other\": [",
           (unsigned long long int) n_others);
    for (size_t i = 0; i < n_others && i < OTHERS_MAX; i++) {
        printf("%s\"%s\"", i ? ", " : "", others[i]);
    }
    printf("]}\n");
    fflush(stdout);
}

static int
open_ear(const char *link, bool promiscuous)
{
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    unsigned int index = if_nametoindex(link);
    struct packet_mreq promisc = { .mr_ifindex = index,
                                   .mr_type = PACKET_MR_PROMISC };
    struct sockaddr_ll from = { .sll_family = AF_PACKET,
                                .sll_protocol = htons(ETH_P_ALL),
                                .sll_ifindex = index };
    int on = 1, room = 64 << 20;

    if (fd < 0 || !index) {
        die(link);
    }
    if (setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on)
        || setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on)
        || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room)
        || (promiscuous
            && setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promisc,
                          sizeof promisc))
        || bind(fd, (struct sockaddr *) &from, sizeof from)) {
        die(link);
    }
    return fd;
}

/* The VLAN that the kernel took out of a frame, 0 if it had none. */
static uint16_t
vlan_of(struct msghdr *m)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA) {
            struct tpacket_auxdata aux;

            memcpy(&aux, CMSG_DATA(c), sizeof aux);
            if (aux.tp_status & TP_STATUS_VLAN_VALID) {
                return aux.tp_vlan_tci & 0xfff;
            }
        }
    }
    return 0;
}

static void
receive_all(int fd)
{
    for (;;) {
        static uint8_t data[FRAME_MAX];
        char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
        struct iovec iov = { data, sizeof data };
        struct msghdr m = { .msg_iov = &iov,
                            .msg_iovlen = 1,
                            .msg_control = control,
                            .msg_controllen = sizeof control };
        ssize_t n = recvmsg(fd, &m, MSG_DONTWAIT);

        if (n >= 0) {
            count(data, n, vlan_of(&m));
        } else if (errno == EAGAIN) {
            return;
        } else if (errno != EINTR && errno != ENETDOWN) {
            die("recvmsg");
        }
    }
}

static void
watch(const char *link, bool promiscuous)
{
    int fd = open_ear(link, promiscuous);
    sigset_t blocked, waiting;

    /* Signals come only while it waits, so that none is missed. */
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, &waiting);
    ready();
    while (!ended) {
        struct pollfd p = { .fd = fd, .events = POLLIN };

        ppoll(&p, 1, NULL, &waiting);
        receive_all(fd);
        if (report_due) {
            report_due = 0;
            report_seen(fd);
        }
    }
    exit(0);
}

int
main(int argc, char *argv[])
{
    struct sigaction action = { .sa_handler = on_signal };

    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (argc >= 3 && !strcmp(argv[1], "watch")) {
        watch(argv[2], argc < 4 || strcmp(argv[3], "host"));
    } else if (argc >= 3
               && (!strcmp(argv[1], "send") || !strcmp(argv[1], "tap"))) {
        send_all(argv[2], argv[1][0] == 't', argc > 3 ? atol(argv[3]) : 0);
    }
    fprintf(stderr, "usage: traffic send|tap|watch LINK [USEC|host]\n");
    return 2;
}
