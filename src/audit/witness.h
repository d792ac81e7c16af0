/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_WITNESS_H
#define CORDON_AUDIT_WITNESS_H 1

/* Frames as they are seen on devices, against a policy (cordon-witness(8)).
 * Captures see what comes in before any guard has: what is forbidden there is
 * an attempt. What goes out has passed the guards: what is forbidden there,
 * and on the uplink either way, is a violation. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/time.h>

#include "audit/watched.h"

/* A device that is watched. */
struct witness_place {
    const char *device;
    const struct portsec_port *port; /* NULL: the uplink. */
};

struct host;
struct policy;

/* All devices of 'host' that are the policy's: vifs of its guests, those that
 * it names, the uplink. The caller frees the array; what it points to is the
 * host's and 'watched's. */
struct witness_place *witness_places(const struct policy *,
                                     const struct host *,
                                     const struct watched *, size_t *ret_n);

/* What was seen at a place, one way. Numbers alone, for memory that is shared
 * with who does not trust the one that counts. */
struct witness_count {
    uint64_t frames;
    uint64_t cut; /* Not captured whole, so not judged. */
    uint64_t forbidden[REASON_MAX + 1];
};

/* Counts of a place, and what its captures lost. */
struct witness_counts {
    struct witness_count way[WATCHED_N_WAYS];
    uint64_t lost;
};

struct witness_finding {
    const struct witness_place *place;
    enum watched_way way;
    unsigned int reason;
    struct timeval when;
    const uint8_t *frame;
    size_t n;
};

struct witness {
    struct watched *watched;
    const struct witness_place *places;
    size_t n_places;
    struct witness_counts *counts; /* One each. */
    void (*found)(const struct witness_finding *, void *aux);
    void *aux;
};

/* True if what is forbidden there has been delivered. */
bool witness_is_violation(enum watched_way);

/* Counts a frame of 'n' bytes, of which 'captured' are there, and reports it
 * if it is forbidden. */
void witness_frame(struct witness *, size_t place, enum watched_way,
                   struct timeval when, const uint8_t *frame, size_t captured,
                   size_t n);

/* Frames from a file of tcpdump's, as seen at 'place', of which there is no
 * telling any more which way they went: those from its MACs and those to
 * nobody it knows are taken as sent, all else as received. 'way' is
 * WATCHED_N_WAYS for that. */
struct witness_file;
/* Returns an error in words, which the caller frees, or NULL. */
char *witness_file_open(const char *path, struct witness_file **);
char *witness_file_run(struct witness_file *, struct witness *, size_t place,
                       enum watched_way);
void witness_file_close(struct witness_file *); /* NULL is fine. */

/* Captures on all places. */
struct witness_live;
char *witness_live_open(const struct witness_place *, size_t n,
                        struct witness_live **);
/* Until 'seconds' have passed (0: for ever) or '*stop' is true. */
char *witness_live_run(struct witness_live *, struct witness *,
                       unsigned int seconds, const volatile bool *stop);
void witness_live_close(struct witness_live *); /* NULL is fine. */

/* Gives up all privileges, and all system calls but those that go on reading
 * what is open and writing to it. Returns 0 or -errno. */
int witness_confine(void);

#endif /* src/audit/witness.h */
