/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The agent's own directories, where its socket and its state are. What is in
 * them is believed, so nobody else may write there. */

#include <cordon-config.h>
#include "lib/directory.h"

#include <errno.h>
#include <sys/stat.h>

#include "openvswitch/vlog.h"

VLOG_DEFINE_THIS_MODULE(directory);

int
directory_make(const char *path)
{
    struct stat s;

    if ((mkdir(path, 0700) && errno != EEXIST) || stat(path, &s)) {
        return -errno;
    }
    if ((s.st_mode & (S_IWGRP | S_IWOTH)) && !(s.st_mode & S_ISVTX)) {
        VLOG_ERR("%s: others may write to this directory", path);
        return -EPERM;
    }
    return 0;
}
