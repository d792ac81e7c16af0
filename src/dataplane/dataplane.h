/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_DATAPLANE_H
#define CORDON_DATAPLANE_DATAPLANE_H 1

/* A dataplane realises a plan. Everything that writes to the kernel is behind
 * this table. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct changes;
struct ds;
struct objects;
struct plan;

/* Frames dropped, by port and reason. 'ifindex' 0: on the host. */
struct drop_count {
    uint32_t ifindex;
    unsigned int reason; /* enum reason. */
    uint64_t packets, bytes;
};

/* Why a change was not made. */
struct apply_error {
    uint32_t ifindex;    /* The port's device; 0: of the host. */
    int error;           /* -errno. */
    const char *message; /* With the kernel's own words; in the arena
                                 * given to apply(). */
};

struct dataplane {
    const char *name;

    /* Opens the sockets. The one instance lives until close(). */
    int (*open)(void);
    void (*close)(void);

    /* What the kernel should hold for 'plan'. Pure. Sorted. */
    void (*want)(const struct plan *, struct arena *, struct objects *);

    /* What it holds, of what is ours or in our way. Sorted. -errno: unknown,
     * nothing may be concluded. */
    int (*observe)(const struct plan *, struct arena *, struct objects *);

    /* Makes the changes of the stages that have been reached; those of a
     * later stage of a port are left for the next turn, after an observe().
     * Every prefix leaves ports closed. Appends what failed to 'ret_errors'
     * (malloc()ed) and goes on with other ports. Returns how many messages
     * were written, or -errno if nothing could be done at all. */
    int (*apply)(const struct plan *, const struct changes *, struct arena *,
                 struct apply_error **ret_errors, size_t *ret_n_errors);

    /* Counters, malloc()ed. */
    int (*drops)(struct drop_count **ret_drops, size_t *ret_n);

    /* Notifications: true if something in the kernel changed since the last
     * call (or notifications were lost). wait() is for poll_block(). */
    bool (*changed)(void);
    void (*wait)(void);

    /* Port security that it cannot express, one line each, NULL-ended. */
    const char *const *limits;
};

extern const struct dataplane dataplane_linux;

#endif /* src/dataplane/dataplane.h */
