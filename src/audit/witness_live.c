/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Captures by libpcap: two on each device, since a frame alone does not tell
 * which way it went. cordon witness calls this. */

#include <cordon-config.h>
#include "audit/witness.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

#include <pcap/pcap.h>

#include "util.h"

/* Frames that the kernel is yet to cut are up to 64 KiB. */
#define SNAPLEN 65549

/* Bytes for what waits to be read: for each capture, if they are few, and for
 * all of them. */
#define BUFFER_MAX (16 * 1024 * 1024)
#define BUFFERS (256 * 1024 * 1024)
#define BUFFER_MIN (512 * 1024)

#define TICK 100 /* Milliseconds. */

struct capture {
    pcap_t *pcap;
    size_t place;
    enum watched_way way;
};

struct witness_live {
    struct capture *captures;
    size_t n;
};

/* Opens 'device' one way. */
static char *
open_capture(const char *device, pcap_direction_t direction, int buffer,
             pcap_t **ret_pcap)
{
    char error[PCAP_ERRBUF_SIZE];
    pcap_t *pcap = pcap_create(device, error);
    char *why;
    int status;

    if (!pcap) {
        return xasprintf("%s: %s", device, error);
    }
    pcap_set_snaplen(pcap, SNAPLEN);
    pcap_set_promisc(pcap, 0);
    pcap_set_timeout(pcap, TICK);
    pcap_set_buffer_size(pcap, buffer);
    status = pcap_activate(pcap);
    if (status < 0) {
        why = xasprintf("%s: %s", device,
                        status == PCAP_ERROR ? pcap_geterr(pcap)
                                             : pcap_statustostr(status));
    } else if (pcap_datalink(pcap) != DLT_EN10MB) {
        why = xasprintf("%s: is no Ethernet device", device);
    } else if (pcap_setdirection(pcap, direction)) {
        why = xasprintf("%s: %s", device, pcap_geterr(pcap));
    } else if (pcap_setnonblock(pcap, 1, error)) {
        why = xasprintf("%s: %s", device, error);
    } else {
        *ret_pcap = pcap;
        return NULL;
    }
    pcap_close(pcap);
    return why;
}

char *
witness_live_open(const struct witness_place *places, size_t n,
                  struct witness_live **ret_live)
{
    struct witness_live *live = xzalloc(sizeof *live);
    int buffer = MAX(BUFFER_MIN, MIN(BUFFER_MAX, BUFFERS / (2 * MAX(n, 1))));
    char *why = NULL;

    live->captures = xcalloc(2 * n + 1, sizeof *live->captures);
    for (size_t i = 0; i < 2 * n && !why; i++) {
        const struct witness_place *place = &places[i / 2];
        struct capture *c = &live->captures[live->n];
        bool in = i % 2;

        c->place = i / 2;
        c->way = place->port ? (in ? WATCHED_FROM_GUEST : WATCHED_TO_GUEST)
                             : (in ? WATCHED_FROM_UPLINK : WATCHED_TO_UPLINK);
        why = open_capture(place->device, in ? PCAP_D_IN : PCAP_D_OUT, buffer,
                           &c->pcap);
        live->n += !why;
    }
    if (why) {
        witness_live_close(live);
    } else {
        *ret_live = live;
    }
    return why;
}

struct reading {
    struct witness *witness;
    const struct capture *capture;
};

static void
take_frame(u_char *reading_, const struct pcap_pkthdr *header,
           const u_char *frame)
{
    const struct reading *r = (const struct reading *) reading_;

    witness_frame(r->witness, r->capture->place, r->capture->way, header->ts,
                  frame, header->caplen, header->len);
}

/* Reads what is there. */
static char *
read_capture(struct witness *w, const struct capture *c)
{
    struct reading r = { w, c };

    /* A device may go: then its capture says so, once. */
    return pcap_dispatch(c->pcap, -1, take_frame, (u_char *) &r) == PCAP_ERROR
               ? xasprintf("%s: %s", w->places[c->place].device,
                           pcap_geterr(c->pcap))
               : NULL;
}

static time_t
uptime(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

static char *
wait_and_read(struct witness_live *live, struct witness *w, struct pollfd *fds,
              int timeout)
{
    char *why = NULL;

    if (poll(fds, live->n, timeout) < 0 && errno != EINTR) {
        return xasprintf("poll: %s", ovs_strerror(errno));
    }
    for (size_t i = 0; i < live->n && !why; i++) {
        if (fds[i].revents) {
            why = read_capture(w, &live->captures[i]);
        }
    }
    return why;
}

char *
witness_live_run(struct witness_live *live, struct witness *w,
                 unsigned int seconds, const volatile bool *stop)
{
    struct pollfd *fds = xcalloc(live->n + 1, sizeof *fds);
    time_t until = uptime() + seconds;
    char *why = NULL;

    for (size_t i = 0; i < live->n; i++) {
        fds[i].fd = pcap_get_selectable_fd(live->captures[i].pcap);
        fds[i].events = POLLIN;
    }
    while (!*stop && (!seconds || uptime() < until) && !why) {
        why = wait_and_read(live, w, fds, TICK);
    }
    /* What waits in the kernel's blocks until they are given out. */
    for (int i = 0; i < 3 && !why; i++) {
        why = wait_and_read(live, w, fds, 2 * TICK);
    }
    for (size_t i = 0; i < live->n; i++) {
        struct pcap_stat stat = { .ps_drop = 0 };

        pcap_stats(live->captures[i].pcap, &stat);
        w->counts[live->captures[i].place].lost += stat.ps_drop;
    }
    free(fds);
    return why;
}

void
witness_live_close(struct witness_live *live)
{
    if (live) {
        for (size_t i = 0; i < live->n; i++) {
            pcap_close(live->captures[i].pcap);
        }
        free(live->captures);
        free(live);
    }
}
