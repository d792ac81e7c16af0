/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Gives files to a fuzz target, one after the other: what libFuzzer's own
 * main() does with file names, without libFuzzer. Directories stand for the
 * files in them. Exits 0 if none crashed and there was at least one. */

#include <cordon-config.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "fuzz/fuzz.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

static unsigned int n_files;

static void
replay_file(const char *path)
{
    struct ds text = DS_EMPTY_INITIALIZER;
    FILE *f = fopen(path, "r");
    char buf[4096];
    uint8_t *copy;
    size_t n;

    if (!f) {
        perror(path);
        exit(1);
    }
    while ((n = fread(buf, 1, sizeof buf, f))) {
        ds_put_buffer(&text, buf, n);
    }
    fclose(f);
    /* No byte behind the end, for the sanitizers to see. */
    copy = xmemdup(ds_cstr(&text), text.length);
    LLVMFuzzerTestOneInput(copy, text.length);
    free(copy);
    ds_destroy(&text);
    n_files++;
}

static void
replay_directory(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *d;

    if (!dir) {
        perror(path);
        exit(1);
    }
    while ((d = readdir(dir))) {
        char *file = xasprintf("%s/%s", path, d->d_name);
        struct stat s;

        if (!stat(file, &s) && S_ISREG(s.st_mode)) {
            replay_file(file);
        }
        free(file);
    }
    closedir(dir);
}

int
main(int argc, char *argv[])
{
    for (int i = 1; i < argc; i++) {
        struct stat s;

        if (!stat(argv[i], &s) && S_ISDIR(s.st_mode)) {
            replay_directory(argv[i]);
        } else {
            replay_file(argv[i]);
        }
    }
    printf("%u inputs\n", n_files);
    return n_files ? 0 : 1;
}
