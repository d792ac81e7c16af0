/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Connections to the control socket. libopenvswitch's own server does not
 * tell who the peer is, so accepting is done here and the rest by its
 * jsonrpc. A request may be answered long after others of the same or other
 * connections; a connection that closes marks its calls as gone. */

#include <cordon-config.h>
#include "agent/control.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/call.h"
#include "agent/method.h"
#include "fatal-signal.h"
#include "jsonrpc.h"
#include "lib/directory.h"
#include "openvswitch/json.h"
#include "openvswitch/list.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "socket-util.h"
#include "stream-fd.h"
#include "timeval.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(control);

#define CONNECTIONS_MAX 512       /* Below the usual limit of descriptors. */
#define CALLS_MAX 64              /* Unanswered calls of a connection. */
#define RECEIVED_MAX (256 * 1024) /* Bytes of a connection. */
#define BACKLOG_MAX 8             /* Answers not sent before reading stops. */

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(5, 20);

struct control {
    int fd; /* -1: none. */
    char *path;
    struct ovs_list connections;
    size_t n_connections;
};

struct connection {
    struct ovs_list node; /* In control->connections. */
    struct jsonrpc *rpc;
    struct ovs_list calls; /* Unanswered. */
    size_t n_calls;
};

struct control_call {
    struct call up;
    struct ovs_list node;          /* In connection->calls. */
    struct connection *connection; /* NULL: gone. */
    struct json *id;
};

struct control *
control_new(void)
{
    struct control *c = xzalloc(sizeof *c);

    c->fd = -1;
    ovs_list_init(&c->connections);
    return c;
}

int
control_open(const char *path, struct control **ret_control)
{
    char *dir = dir_name(path);
    struct control *c;
    int fd, error;

    error = directory_make(dir);
    free(dir);
    if (error) {
        return error;
    }
    /* If somebody answers there, it is theirs. */
    fd = make_unix_socket(SOCK_STREAM, false, NULL, path);
    if (fd >= 0) {
        close(fd);
        return -EADDRINUSE;
    }
    fd = make_unix_socket(SOCK_STREAM, true, path, NULL);
    if (fd < 0) {
        return fd;
    }
    if (chmod(path, 0600) || listen(fd, 64)) {
        error = -errno;
        close(fd);
        return error;
    }
    c = control_new();
    c->fd = fd;
    c->path = xstrdup(path);
    *ret_control = c;
    return 0;
}

static void
connection_free(struct control *c, struct connection *conn)
{
    struct control_call *call;

    LIST_FOR_EACH_SAFE (call, node, &conn->calls) {
        ovs_list_remove(&call->node);
        call->connection = NULL;
        call->up.gone = true;
    }
    ovs_list_remove(&conn->node);
    c->n_connections--;
    jsonrpc_close(conn->rpc);
    free(conn);
}

void
control_close(struct control *c)
{
    struct connection *conn;

    if (!c) {
        return;
    }
    LIST_FOR_EACH_SAFE (conn, node, &c->connections) {
        connection_free(c, conn);
    }
    if (c->fd >= 0) {
        close(c->fd);
    }
    if (c->path) {
        fatal_signal_unlink_file_now(c->path);
        free(c->path);
    }
    free(c);
}

static void
answer(struct call *call_, int status, char *output)
{
    struct control_call *call = CONTAINER_OF(call_, struct control_call, up);

    if (call->connection) {
        struct json *result = json_object_create();

        json_object_put(result, "status", json_integer_create(status));
        json_object_put(result, "output", json_string_create_nocopy(output));
        jsonrpc_send(call->connection->rpc,
                     jsonrpc_create_reply(result, call->id));
        call->connection->n_calls--;
        ovs_list_remove(&call->node);
    } else {
        free(output);
    }
    json_destroy(call->id);
    free(call);
}

int
control_serve(struct control *c, int fd)
{
    struct connection *conn;
    struct stream *stream;
    int error;

    error = new_fd_stream(xstrdup("control"), fd, 0, AF_UNIX, &stream);
    if (error) {
        return -error;
    }
    conn = xzalloc(sizeof *conn);
    conn->rpc = jsonrpc_open(stream);
    ovs_list_init(&conn->calls);
    ovs_list_push_back(&c->connections, &conn->node);
    c->n_connections++;
    return 0;
}

/* May the peer of 'fd' give orders? */
static bool
peer_is_allowed(int fd)
{
    struct ucred cred;
    socklen_t len = sizeof cred;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len)) {
        return false;
    }
    if (cred.uid != 0 && cred.uid != geteuid()) {
        VLOG_WARN_RL(&rl, "refused a connection of uid %u, pid %d",
                     (unsigned int) cred.uid, (int) cred.pid);
        return false;
    }
    return true;
}

static void
accept_connections(struct control *c)
{
    while (c->fd >= 0 && c->n_connections < CONNECTIONS_MAX) {
        int fd = accept4(c->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0) {
            if (errno != EAGAIN) {
                VLOG_WARN_RL(&rl, "accept: %s", ovs_strerror(errno));
            }
            return;
        }
        if (!peer_is_allowed(fd)) {
            close(fd);
        } else if (control_serve(c, fd)) {
            close(fd);
        }
    }
}

static void
handle(struct connection *conn, struct jsonrpc_msg *msg, struct agent *agent)
{
    struct control_call *call;

    call = xzalloc(sizeof *call);
    call->up.answer = answer;
    call->connection = conn;
    call->id = json_clone(msg->id);
    ovs_list_push_back(&conn->calls, &call->node);
    conn->n_calls++;
    method_call(agent, msg->method, msg->params, &call->up);
}

static bool
may_receive(const struct connection *conn)
{
    return jsonrpc_get_backlog(conn->rpc) < BACKLOG_MAX;
}

/* False if the connection is over. */
static bool
connection_run(struct connection *conn, struct agent *agent)
{
    jsonrpc_run(conn->rpc);
    for (int i = 0; i < 8 && may_receive(conn); i++) {
        struct jsonrpc_msg *msg;
        bool good;

        if (jsonrpc_recv(conn->rpc, &msg)) {
            break;
        }
        good = msg->type == JSONRPC_REQUEST && conn->n_calls < CALLS_MAX;
        if (good) {
            handle(conn, msg, agent);
        }
        jsonrpc_msg_destroy(msg);
        if (!good) {
            VLOG_WARN_RL(&rl, "not a request, or too many at once: "
                              "connection closed");
            return false;
        }
    }
    return !jsonrpc_get_status(conn->rpc)
           && jsonrpc_get_received_bytes(conn->rpc) <= RECEIVED_MAX;
}

void
control_run(struct control *c, struct agent *agent)
{
    struct connection *conn;

    accept_connections(c);
    LIST_FOR_EACH_SAFE (conn, node, &c->connections) {
        if (!connection_run(conn, agent)) {
            connection_free(c, conn);
        }
    }
}

void
control_wait(struct control *c)
{
    struct connection *conn;

    if (c->fd >= 0 && c->n_connections < CONNECTIONS_MAX) {
        poll_fd_wait(c->fd, POLLIN);
    }
    LIST_FOR_EACH (conn, node, &c->connections) {
        jsonrpc_wait(conn->rpc);
        if (may_receive(conn)) {
            jsonrpc_recv_wait(conn->rpc);
        }
    }
}

void
control_flush(struct control *c)
{
    long long int deadline = time_msec() + 1000;

    for (;;) {
        struct connection *conn;
        bool left = false;

        LIST_FOR_EACH (conn, node, &c->connections) {
            jsonrpc_run(conn->rpc);
            if (!jsonrpc_get_status(conn->rpc)
                && jsonrpc_get_backlog(conn->rpc)) {
                jsonrpc_wait(conn->rpc);
                left = true;
            }
        }
        if (!left || time_msec() >= deadline) {
            return;
        }
        poll_timer_wait_until(deadline);
        poll_block();
    }
}
