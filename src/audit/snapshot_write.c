/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Writes a snapshot's file. Dumps are written as they are encoded, with no
 * JSON tree in between: they are tens of megabytes. */

#include <cordon-config.h>
#include "audit/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/base64.h"
#include "audit/chain.h"
#include "audit/key.h"
#include "audit/snapshot_private.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "util.h"

#define STREAM_BUFFER (1024 * 1024)

static void
put_string(FILE *f, const char *s)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    json_string_escape(s, &ds);
    fwrite(ds.string, 1, ds.length, f);
    ds_destroy(&ds);
}

static void
put_member(FILE *f, const char *key, const char *value)
{
    fprintf(f, ",\"%s\":", key);
    put_string(f, value);
}

static void
put_header(FILE *f, const struct snapshot_header *h)
{
    fputs("{\"cordon_snapshot\":1", f);
    put_member(f, "host", h->host);
    put_member(f, "time", h->time);
    put_member(f, "kernel", h->kernel);
    put_member(f, "machine", h->machine);
    put_member(f, "endian", "little");
    put_member(f, "by", h->by);
}

static void
put_part(FILE *f, const struct snapshot_part *part)
{
    fputs("{\"name\":", f);
    put_string(f, part->name);
    fprintf(f, ",\"kind\":\"%s\",\"tries\":%u",
            part->kind == SNAPSHOT_NETLINK ? "netlink" : "files", part->tries);
    if (part->generation) {
        fprintf(f, ",\"generation\":%" PRIu32, part->generation);
    }
    if (part->kind == SNAPSHOT_NETLINK) {
        fputs(",\"data\":\"", f);
        base64_write(f, part->data, part->n);
        putc('"', f);
    } else {
        fputs(",\"files\":{", f);
        for (size_t i = 0; i < part->n_files; i++) {
            if (i) {
                fputs(",\n", f);
            }
            put_string(f, part->files[i].path);
            putc(':', f);
            put_string(f, part->files[i].value);
        }
        putc('}', f);
    }
    put_member(f, "sha256", part->link);
    putc('}', f);
}

/* Writes all up to the chain, and sets the links. */
static void
put_parts(FILE *f, struct snapshot *s)
{
    unsigned char link[CHAIN_SIZE];
    const char *separator = "\n";

    chain_header(s, link);
    fputs(",\n\"parts\":[", f);
    for (size_t i = 0; i < s->n_parts; i++) {
        struct snapshot_part *part = &s->parts[i];

        if (part->kind == SNAPSHOT_NETLINK || part->kind == SNAPSHOT_FILES) {
            chain_part(part, link);
            chain_hex(link, part->link);
            fputs(separator, f);
            separator = ",\n";
            put_part(f, part);
        }
    }
    fputs("],\n\"absent\":[", f);
    separator = "";
    for (size_t i = 0; i < s->n_parts; i++) {
        if (s->parts[i].kind == SNAPSHOT_ABSENT) {
            fputs(separator, f);
            separator = ",";
            put_string(f, s->parts[i].name);
        }
    }
    fputs("],\n\"unread\":[", f);
    separator = "";
    for (size_t i = 0; i < s->n_parts; i++) {
        const struct snapshot_part *part = &s->parts[i];

        if (part->kind == SNAPSHOT_UNREAD) {
            fprintf(f, "%s{\"part\":", separator);
            separator = ",\n";
            put_string(f, part->name);
            put_member(f, "why", part->why);
            fprintf(f, ",\"matters\":%s}", part->matters ? "true" : "false");
        }
    }
    fputs("]", f);
    chain_end(s, link);
    chain_hex(link, s->chain);
}

void
snapshot_seal(struct snapshot *s)
{
    unsigned char link[CHAIN_SIZE];

    chain_header(s, link);
    for (size_t i = 0; i < s->n_parts; i++) {
        struct snapshot_part *part = &s->parts[i];

        if (part->kind == SNAPSHOT_NETLINK || part->kind == SNAPSHOT_FILES) {
            chain_part(part, link);
            chain_hex(link, part->link);
        }
    }
    chain_end(s, link);
    chain_hex(link, s->chain);
}

static char *
put_snapshot(FILE *f, struct snapshot *s, const char *private_key)
{
    unsigned char signature[KEY_SIGNATURE_SIZE];
    char *error;

    put_header(f, &s->header);
    put_parts(f, s);
    fprintf(f, ",\n\"chain\":\"%s\"", s->chain);
    if (private_key) {
        error = key_sign(private_key, s->chain, strlen(s->chain), signature);
        if (error) {
            return error;
        }
        s->is_signed = true;
        fputs(",\"signature\":\"", f);
        base64_write(f, signature, sizeof signature);
        putc('"', f);
    }
    fputs("}\n", f);
    return NULL;
}

/* Ends 'f', and with it 'error' if there was none. */
static char *
finish(FILE *f, const char *path, char *error)
{
    int failed = fflush(f) || ferror(f) || (f != stdout && fsync(fileno(f)));

    if (failed && !error) {
        error = xasprintf("%s: %s", path, ovs_strerror(errno));
    }
    if (f != stdout) {
        fclose(f);
    }
    return error;
}

/* For who may read a host's whole state: the owner. A path that is there and
 * no file (a pipe, /dev/null) is written in place. */
static char *
write_in_place(struct snapshot *s, const char *path, const char *private_key)
{
    FILE *f = strcmp(path, "-") ? fopen(path, "we") : stdout;

    if (!f) {
        return xasprintf("%s: %s", path, ovs_strerror(errno));
    }
    return finish(f, path, put_snapshot(f, s, private_key));
}

char *
snapshot_write_file(struct snapshot *s, const char *path,
                    const char *private_key)
{
    struct stat st;
    char *temporary, *error;
    FILE *f;
    int fd;

    if (!strcmp(path, "-") || (!stat(path, &st) && !S_ISREG(st.st_mode))) {
        return write_in_place(s, path, private_key);
    }
    temporary = xasprintf("%s.XXXXXX", path);
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        error = xasprintf("%s: %s", path, ovs_strerror(errno));
        free(temporary);
        return error;
    }
    f = fdopen(fd, "w");
    if (!f) {
        out_of_memory();
    }
    setvbuf(f, NULL, _IOFBF, STREAM_BUFFER);
    error = finish(f, path, put_snapshot(f, s, private_key));
    if (!error && rename(temporary, path)) {
        error = xasprintf("%s: %s", path, ovs_strerror(errno));
    }
    if (error) {
        unlink(temporary);
    }
    free(temporary);
    return error;
}
