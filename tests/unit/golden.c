/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Compares what a test has made with a golden file, or writes it anew. */

#include <cordon-config.h>
#include "golden.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

void
golden_init(struct golden *g, const char *kind)
{
    const char *srcdir = getenv("srcdir");

    *g = (struct golden){
        .root = xasprintf("%s/tests/golden/%s", srcdir ? srcdir : ".", kind),
    };
}

void
golden_done(struct golden *g)
{
    free(g->root);
}

char *
golden_path(const struct golden *g, const char *name, const char *file)
{
    return xasprintf("%s/%s/%s", g->root, name, file);
}

bool
golden_compare(const struct golden *g, const char *name, const char *file,
               const struct ds *seen)
{
    struct ds golden = DS_EMPTY_INITIALIZER;
    char *path = golden_path(g, name, file);
    FILE *stream = fopen(path, g->update ? "w" : "r");
    bool same = g->update;
    int c;

    if (!stream) {
        ovs_fatal(errno, "%s", path);
    }
    if (g->update) {
        fputs(ds_cstr_ro(seen), stream);
    } else {
        while ((c = getc(stream)) != EOF) {
            ds_put_char(&golden, c);
        }
        same = !strcmp(ds_cstr(&golden), ds_cstr_ro(seen));
        if (!same) {
            printf("FAIL %s; expected:\n%sseen:\n%s", path, ds_cstr(&golden),
                   ds_cstr_ro(seen));
        }
    }
    fclose(stream);
    free(path);
    ds_destroy(&golden);
    return same;
}
