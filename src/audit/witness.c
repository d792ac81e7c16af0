/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Judges and counts frames, those of a file among them. cordon witness calls
 * this. */

#include <cordon-config.h>
#include "audit/witness.h"

#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#include "audit/portsec_private.h"
#include "packets.h"
#include "util.h"

struct witness_file {
    pcap_t *pcap;
};

bool
witness_is_violation(enum watched_way way)
{
    return way != WATCHED_FROM_GUEST;
}

void
witness_frame(struct witness *w, size_t place, enum watched_way way,
              struct timeval when, const uint8_t *frame, size_t captured,
              size_t n)
{
    struct witness_count *count = &w->counts[place].way[way];
    struct witness_finding f = {
        .place = &w->places[place],
        .way = way,
        .when = when,
        .frame = frame,
        .n = captured,
    };

    count->frames++;
    if (captured < n) {
        count->cut++;
        return;
    }
    f.reason = watched_judge(w->watched, f.place->port, way,
                             when.tv_sec + when.tv_usec / 1e6, frame, n);
    if (f.reason) {
        count->forbidden[f.reason]++;
        w->found(&f, w->aux);
    }
}

/* Files. */

char *
witness_file_open(const char *path, struct witness_file **ret_file)
{
    char error[PCAP_ERRBUF_SIZE];
    pcap_t *pcap = pcap_open_offline(path, error);

    if (!pcap) {
        return xasprintf("%s: %s", path, error);
    } else if (pcap_datalink(pcap) != DLT_EN10MB) {
        const char *name = pcap_datalink_val_to_name(pcap_datalink(pcap));
        char *why = xasprintf("%s: frames of type %s, which have lost their "
                              "Ethernet header; capture on one device",
                              path, name ? name : "unknown");

        pcap_close(pcap);
        return why;
    }
    *ret_file = xmalloc(sizeof **ret_file);
    (*ret_file)->pcap = pcap;
    return NULL;
}

static enum watched_way
guess_way(const struct portsec_port *port, const uint8_t *frame, size_t n)
{
    struct eth_addr dst, src;

    if (!port || n < ETH_HEADER_LEN) {
        return port ? WATCHED_FROM_GUEST : WATCHED_FROM_UPLINK;
    }
    memcpy(&dst, frame, sizeof dst);
    memcpy(&src, frame + ETH_ADDR_LEN, sizeof src);
    return !portsec_has_mac(port->macs, port->n_macs, src)
                   && (eth_addr_is_multicast(dst)
                       || portsec_has_mac(port->macs, port->n_macs, dst))
               ? WATCHED_TO_GUEST
               : WATCHED_FROM_GUEST;
}

char *
witness_file_run(struct witness_file *file, struct witness *w, size_t place,
                 enum watched_way way)
{
    const struct portsec_port *port = w->places[place].port;
    struct pcap_pkthdr *header;
    const u_char *frame;
    int status;

    while ((status = pcap_next_ex(file->pcap, &header, &frame)) == 1) {
        witness_frame(w, place,
                      way == WATCHED_N_WAYS
                          ? guess_way(port, frame, header->caplen)
                          : way,
                      header->ts, frame, header->caplen, header->len);
    }
    return status == PCAP_ERROR_BREAK ? NULL
                                      : xstrdup(pcap_geterr(file->pcap));
}

void
witness_file_close(struct witness_file *file)
{
    if (file) {
        pcap_close(file->pcap);
        free(file);
    }
}
