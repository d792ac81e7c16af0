/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A xenstored for tests, in a process of its own. */

#include <cordon-config.h>
#include "xenstored_fake.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/shash.h"
#include "socket-util.h"
#include "util.h"

#define CLIENTS_MAX 8
#define WATCHES_MAX 64

struct node {
    size_t length;
    char *value;
    struct ds permissions; /* As the wire has them: "n0\0r5\0". */
};

struct watch {
    int fd;
    char *path, *token;
};

static struct shash nodes = SHASH_INITIALIZER(&nodes);
static struct watch watches[WATCHES_MAX];
static size_t n_watches;

static struct node *
node_get(const char *path)
{
    struct node *node = shash_find_data(&nodes, path);

    if (!node) {
        node = xzalloc(sizeof *node);
        node->value = xstrdup("");
        ds_init(&node->permissions);
        ds_put_buffer(&node->permissions, "n0", 3);
        shash_add(&nodes, path, node);
    }
    return node;
}

/* 'path' and the directories above it. */
static struct node *
node_make(const char *path)
{
    char *up = xstrdup(path);

    for (char *p = strrchr(up, '/'); p && p != up; p = strrchr(up, '/')) {
        *p = '\0';
        node_get(up);
    }
    free(up);
    return node_get(path);
}

static void
put(int fd, uint32_t type, uint32_t req_id, const void *data, size_t n)
{
    struct xsd_sockmsg msg = { .type = type, .req_id = req_id, .len = n };

    ignore(write(fd, &msg, sizeof msg));
    ignore(write(fd, data, n));
}

static void
fire(const struct watch *w, const char *path)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_buffer(&ds, path, strlen(path) + 1);
    ds_put_buffer(&ds, w->token, strlen(w->token) + 1);
    put(w->fd, XS_WATCH_EVENT, 0, ds.string, ds.length);
    ds_destroy(&ds);
}

static bool
is_below(const char *path, const char *top)
{
    size_t n = strlen(top);

    return !strncmp(path, top, n) && (!path[n] || path[n] == '/');
}

static void
changed(const char *path)
{
    for (size_t i = 0; i < n_watches; i++) {
        if (is_below(path, watches[i].path)) {
            fire(&watches[i], path);
        }
    }
}

static void
list(const char *path, struct ds *ds)
{
    struct shash_node *sn;
    size_t n = strlen(path);

    SHASH_FOR_EACH (sn, &nodes) {
        if (!strncmp(sn->name, path, n) && sn->name[n] == '/'
            && !strchr(sn->name + n + 1, '/')) {
            ds_put_buffer(ds, sn->name + n + 1, strlen(sn->name + n + 1) + 1);
        }
    }
}

static void
rm(const char *path)
{
    struct shash_node *sn;

    SHASH_FOR_EACH_SAFE (sn, &nodes) {
        if (is_below(sn->name, path)) {
            shash_delete(&nodes, sn);
        }
    }
}

/* Serves one request, whose body ends with a NUL that is not counted. */
static void
serve(int fd, const struct xsd_sockmsg *msg, char *body)
{
    struct node *node = shash_find_data(&nodes, body);
    size_t at = strlen(body) + 1;
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_buffer(&ds, "OK", 3);
    switch (msg->type) {
    case XS_READ:
    case XS_DIRECTORY:
    case XS_GET_PERMS:
        if (!node) {
            put(fd, XS_ERROR, msg->req_id, "ENOENT", 7);
            goto out;
        }
        ds_clear(&ds);
        if (msg->type == XS_READ) {
            ds_put_buffer(&ds, node->value, node->length);
        } else if (msg->type == XS_DIRECTORY) {
            list(body, &ds);
        } else {
            ds_put_buffer(&ds, node->permissions.string,
                          node->permissions.length);
        }
        break;
    case XS_WRITE:
        node = node_make(body);
        node->length = msg->len - at;
        node->value = xmemdup(body + at, node->length + 1);
        break;
    case XS_RM:
        rm(body);
        break;
    case XS_SET_PERMS:
        ds_clear(&node->permissions);
        ds_put_buffer(&node->permissions, body + at, msg->len - at);
        break;
    case XS_WATCH:
        watches[n_watches++] =
            (struct watch){ fd, xstrdup(body), xstrdup(body + at) };
        break;
    default:
        put(fd, XS_ERROR, msg->req_id, "EINVAL", 7);
        goto out;
    }
    put(fd, msg->type, msg->req_id, ds.string, ds.length);
    if (msg->type == XS_WATCH) {
        fire(&watches[n_watches - 1], body);
    } else if (msg->type == XS_WRITE || msg->type == XS_RM) {
        changed(body);
    }

out:
    ds_destroy(&ds);
}

static bool
receive(int fd, void *data, size_t n)
{
    return !n || recv(fd, data, n, MSG_WAITALL) == (ssize_t) n;
}

void
xenstored_fake(const char *path)
{
    struct pollfd fds[1 + CLIENTS_MAX];
    int n = 1;

    node_get("/local/domain");
    fds[0].fd = make_unix_socket(SOCK_STREAM, false, path, NULL);
    fds[0].events = POLLIN;
    if (fds[0].fd < 0 || listen(fds[0].fd, 8)) {
        _exit(1);
    }
    while (poll(fds, n, -1) > 0) {
        for (int i = 1; i < n; i++) {
            struct xsd_sockmsg msg;
            char *body;

            if (!fds[i].revents) {
                continue;
            }
            if (!receive(fds[i].fd, &msg, sizeof msg)
                || msg.len > XENSTORE_PAYLOAD_MAX) {
                fds[i].fd = -1; /* poll() passes over it. */
                continue;
            }
            body = xzalloc(msg.len + 1);
            if (receive(fds[i].fd, body, msg.len)) {
                serve(fds[i].fd, &msg, body);
            }
            free(body);
        }
        if (fds[0].revents && n <= CLIENTS_MAX) {
            fds[n].fd = accept(fds[0].fd, NULL, NULL);
            fds[n].events = POLLIN;
            fds[n++].revents = 0;
        }
    }
    _exit(1);
}
