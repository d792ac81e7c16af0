/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Replaces files whole. */

#include <cordon-config.h>
#include "lib/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util.h"

/* Writes all, and closes 'fd' unless it is standard output. 'sync': to the
 * disk. 0 or -errno. */
static int
write_all(int fd, const char *data, size_t n, bool sync)
{
    int error = 0;

    while (n && !error) {
        ssize_t done = write(fd, data, n);

        if (done >= 0) {
            data += done;
            n -= done;
        } else if (errno != EINTR) {
            error = -errno;
        }
    }
    if (!error && sync && fsync(fd)) {
        error = -errno;
    }
    if (fd != STDOUT_FILENO && close(fd) && !error) {
        error = -errno;
    }
    return error;
}

static char *
failed(const char *path, int error)
{
    return error ? xasprintf("%s: %s", path, ovs_strerror(-error)) : NULL;
}

static char *
write_in_place(const char *path, const char *data, size_t n)
{
    int fd = STDOUT_FILENO;

    if (strcmp(path, "-")) {
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0) {
            return failed(path, -errno);
        }
    } else if (fflush(stdout)) {
        return failed("standard output", -errno);
    }
    return failed(path, write_all(fd, data, n, false));
}

char *
file_replace(const char *path, const char *data, size_t n)
{
    struct stat st;
    char *temporary;
    int error, fd;

    if (!strcmp(path, "-") || (!stat(path, &st) && !S_ISREG(st.st_mode))) {
        return write_in_place(path, data, n);
    }
    temporary = xasprintf("%s.%ld.tmp", path, (long int) getpid());
    fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    error = fd < 0 ? -errno : write_all(fd, data, n, true);
    if (!error && rename(temporary, path)) {
        error = -errno;
    }
    if (error && fd >= 0) {
        unlink(temporary);
    }
    free(temporary);
    return failed(path, error);
}
