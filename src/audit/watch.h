/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_WATCH_H
#define CORDON_AUDIT_WATCH_H 1

/* Waits until what a snapshot holds may have changed: by what the kernel tells
 * of devices, bridges, FDBs, tc, addresses, routes and nftables. What it does
 * not tell of (most sysctls, BPF maps, the kernel module's tables, xenstore)
 * is for a timer. Nothing is concluded from a notification but that. */

struct watch;

enum watch_event {
    WATCH_CHANGED, /* And nothing more came for a moment. */
    WATCH_LOST,    /* Notifications were lost: anything may have changed. */
    WATCH_TIMER,   /* Nothing came for long. */
    WATCH_FAILED,  /* It cannot be told any more; errno says why. */
};

/* What changes from now on will be told. Returns 0 or -errno. */
int watch_open(struct watch **ret_watch);
void watch_close(struct watch *); /* NULL is fine. */

/* Forgets what was told up to now: a snapshot is about to be taken. */
void watch_forget(struct watch *);

/* Waits. */
enum watch_event watch_wait(struct watch *);

#endif /* src/audit/watch.h */
