/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Open vSwitch's database, as its server gives it: what bridges, ports and
 * tunnels its daemon is to make. Ports and flows of its kernel datapath are
 * collect_generic.c's. */

#include <cordon-config.h>
#include "audit/collect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jsonrpc.h"
#include "openvswitch/json.h"
#include "openvswitch/poll-loop.h"
#include "stream.h"
#include "timeval.h"
#include "util.h"

#define SOCKET "/run/openvswitch/db.sock"
#define TIMEOUT 5000 /* In milliseconds. */

static const char *const tables[] = { "Open_vSwitch", "Bridge", "Port",
                                      "Interface", "Mirror" };

/* Sends 'request' and waits for what comes, but not for ever. 0 or a positive
 * errno. */
static int
transact(struct jsonrpc *rpc, struct jsonrpc_msg *request,
         struct jsonrpc_msg **ret_reply)
{
    long long int deadline = time_msec() + TIMEOUT;
    int error = jsonrpc_send(rpc, request);

    while (!error) {
        jsonrpc_run(rpc);
        error = jsonrpc_recv(rpc, ret_reply);
        if (error != EAGAIN) {
            return error;
        }
        error = time_msec() < deadline ? 0 : ETIMEDOUT;
        jsonrpc_wait(rpc);
        jsonrpc_recv_wait(rpc);
        poll_timer_wait_until(deadline);
        poll_block();
    }
    return error;
}

/* Asks for all tables in one transaction. 0 or a positive errno. */
static int
query(struct jsonrpc *rpc, struct jsonrpc_msg **ret_reply)
{
    struct json *params = json_array_create_empty();
    struct jsonrpc_msg *request;

    json_array_add(params, json_string_create("Open_vSwitch"));
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        struct json *op = json_object_create();

        json_object_put_string(op, "op", "select");
        json_object_put_string(op, "table", tables[i]);
        json_object_put(op, "where", json_array_create_empty());
        json_array_add(params, op);
    }
    request = jsonrpc_create_request("transact", params, NULL);
    return transact(rpc, request, ret_reply);
}

/* False if a table is missing. */
static bool
add_reply(struct collector *c, const struct json *result)
{
    struct snapshot_files files = { .files = NULL };

    if (!result || result->type != JSON_ARRAY
        || json_array(result)->n < ARRAY_SIZE(tables)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        char *text = json_to_string(json_array(result)->elems[i], JSSF_SORT);

        snapshot_files_put(c->snapshot, &files, tables[i], text);
        free(text);
    }
    return snapshot_add_files(c->snapshot, "ovs.db", &files);
}

void
collect_ovs(struct collector *c)
{
    struct jsonrpc_msg *reply = NULL;
    struct jsonrpc *rpc;
    struct stream *stream;
    int error;

    if (access(SOCKET, F_OK)) {
        /* Its kernel datapath may be there all the same. */
        snapshot_add(c->snapshot, "ovs.db", SNAPSHOT_ABSENT);
        return;
    }
    error = stream_open("unix:" SOCKET, &stream, 0);
    error = stream_open_block(error, TIMEOUT, &stream);
    if (error) {
        snapshot_add_unread(c->snapshot, "ovs.db", true, "%s: %s", SOCKET,
                            ovs_strerror(error));
        return;
    }
    rpc = jsonrpc_open(stream);
    error = query(rpc, &reply);
    if (error || reply->type != JSONRPC_REPLY
        || !add_reply(c, reply->result)) {
        snapshot_add_unread(c->snapshot, "ovs.db", true, "%s: %s", SOCKET,
                            error ? ovs_strerror(error) : "refused");
    }
    jsonrpc_msg_destroy(reply);
    jsonrpc_close(rpc);
}
