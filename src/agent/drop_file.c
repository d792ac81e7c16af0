/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Appends lines to the file, as fast as it takes them. drop_log.c is the only
 * user. */

#include <cordon-config.h>
#include "agent/drop_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/directory.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "timeval.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(drop_file);

#define RETRY_MS 5000     /* When to try again what failed. */
#define PENDING_MAX 65536 /* Bytes that wait for the file. */

struct drop_file {
    char *path;
    int fd;                 /* -1: not open. */
    struct ds pending;      /* Not written yet. */
    long long int write_at; /* When to write again, 0: now. */
};

struct drop_file *
drop_file_new(const char *path)
{
    struct drop_file *f = xzalloc(sizeof *f);

    f->path = xstrdup(path);
    f->fd = -1;
    ds_init(&f->pending);
    return f;
}

static void
close_file(struct drop_file *f)
{
    if (f->fd >= 0) {
        close(f->fd);
        f->fd = -1;
    }
}

void
drop_file_free(struct drop_file *f)
{
    if (f) {
        ds_destroy(&f->pending);
        close_file(f);
        free(f->path);
        free(f);
    }
}

void
drop_file_reopen(struct drop_file *f)
{
    close_file(f);
    f->write_at = 0;
}

long long int
drop_file_failed(const char *what, int error)
{
    static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);

    VLOG_ERR_RL(&rl, "%s: %s; dropped frames are not logged", what,
                ovs_strerror(error));
    return time_msec() + RETRY_MS;
}

/* Opens the file, and makes its directory if there is none. */
static int
open_file(struct drop_file *f)
{
    const int flags =
        O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

    f->fd = open(f->path, flags, 0640);
    if (f->fd < 0 && errno == ENOENT) {
        char *dir = dir_name(f->path);
        int error = directory_make(dir);

        free(dir);
        if (error) {
            return -error;
        }
        f->fd = open(f->path, flags, 0640);
    }
    return f->fd < 0 ? errno : 0;
}

void
drop_file_flush(struct drop_file *f)
{
    if (time_msec() < f->write_at) {
        return;
    }
    f->write_at = 0;
    while (f->pending.length) {
        ssize_t n;

        if (f->fd < 0) {
            int error = open_file(f);

            if (error) {
                f->write_at = drop_file_failed(f->path, error);
                return;
            }
        }
        n = write(f->fd, f->pending.string, f->pending.length);
        if (n < 0 && errno == EINTR) {
            continue;
        } else if (n < 0) {
            f->write_at = drop_file_failed(f->path, errno);
            return;
        }
        memmove(f->pending.string, f->pending.string + n,
                f->pending.length - n);
        ds_truncate(&f->pending, f->pending.length - n);
    }
}

bool
drop_file_put(struct drop_file *f, const char *line)
{
    if (f->pending.length + strlen(line) > PENDING_MAX) {
        return false;
    }
    ds_put_cstr(&f->pending, line);
    return true;
}

void
drop_file_rest(struct drop_file *f)
{
    drop_file_flush(f);
    ds_clear(&f->pending);
    drop_file_reopen(f);
}

void
drop_file_wait(const struct drop_file *f)
{
    if (f->write_at) {
        poll_timer_wait_until(f->write_at);
    }
}
