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
struct plan_port;

/* Frames dropped, by port and reason. 'ifindex' 0: on the host. */
struct drop_count {
    uint32_t ifindex;
    unsigned int reason; /* enum reason. */
    uint64_t packets, bytes;
};

/* A frame that was dropped. */
#define DROPPED_BYTES 96
struct dropped_frame {
    uint32_t ifindex;    /* Of the port that dropped it... */
    bool from;           /* ...on its way from the guest, not to it. */
    unsigned int reason; /* enum reason. */
    size_t n;
    uint8_t bytes[DROPPED_BYTES]; /* The first, from the Ethernet header. */
};

typedef void dropped_cb(const struct dropped_frame *, void *aux);

/* Connections that are tracked for a port. */
struct connection_count {
    uint64_t n;
    uint64_t n_blocked; /* Of these, no longer allowed. */
};

/* Why a change was not made. */
struct apply_error {
    uint32_t ifindex;    /* The port's device; 0: of the host... */
    uint32_t segment;    /* ...or, if not 0, of this segment alone. */
    int error;           /* -errno. */
    const char *message; /* With the kernel's own words; in the arena
                                 * given to apply(). */
};

struct dataplane {
    const char *name;

    /* Opens the sockets. The one instance lives until close(). */
    int (*open)(void);
    void (*close)(void);

    /* What the kernel should hold for 'plan', as the next step from what it
     * holds: while one guard takes over from another, both. Pure. Sorted. */
    void (*want)(const struct plan *, const struct objects *have,
                 struct arena *, struct objects *);

    /* What it holds, of what is ours or in our way. Sorted. -errno: unknown,
     * nothing may be concluded. What cannot have changed since it was read
     * last need not be read again. */
    int (*observe)(const struct plan *, struct arena *, struct objects *);

    /* Makes the next observe() read everything. */
    void (*forget)(void);

    /* Makes the changes of the stages that have been reached; those of a
     * later stage of a port are left for the next turn, after an observe().
     * Every prefix leaves ports closed. Appends what failed to 'ret_errors'
     * (malloc()ed) and goes on with other ports. Returns how many messages
     * were written, or -errno if nothing could be done at all. */
    int (*apply)(const struct plan *, const struct objects *want,
                 const struct changes *, struct arena *,
                 struct apply_error **ret_errors, size_t *ret_n_errors);

    /* Has running connections follow the rules of 'plan', which are in the
     * kernel: cuts what they no longer allow, lets pass again what they do.
     * Does nothing while no port is stateful. 0 or -errno: to be called
     * again. */
    int (*judge)(const struct plan *);

    /* Counts a port's connections. */
    int (*connections)(const struct plan *, const struct plan_port *,
                       struct connection_count *ret_count);

    /* Counters, malloc()ed. */
    int (*drops)(struct drop_count **ret_drops, size_t *ret_n);

    /* Gives 'cb' the frames that ports have dropped whose tenants log, some of
     * other tenants' too: 'max' at most, and of a flood only some. The first
     * call starts that; unlisten() ends it. 0; -EAGAIN: there may be more;
     * -ENOBUFS: some were lost; another -errno. */
    int (*dropped)(size_t max, dropped_cb *cb, void *aux);
    void (*unlisten)(void);

    /* True if something in the kernel changed since the last call, or if
     * notifications of it were lost. Asks about what the kernel does not tell
     * of, every half a second. wait() is for poll_block(). */
    bool (*changed)(void);
    void (*wait)(void);

    /* The guard that 'want' asks for, in a word or two: "nftables". */
    const char *(*guard)(const struct objects *want);

    /* Port security that this guard cannot express, one line each,
     * NULL-ended. */
    const char *const *(*limits)(const struct objects *want);
};

extern const struct dataplane dataplane_linux;

#endif /* src/dataplane/dataplane.h */
