/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_LIB_DIRECTORY_H
#define CORDON_LIB_DIRECTORY_H 1

/* Makes directory 'path', for nobody but its owner, unless it is there.
 * Returns 0, -EPERM if others may put their own files there (which is logged)
 * or another -errno. */
int directory_make(const char *path);

#endif /* src/lib/directory.h */
