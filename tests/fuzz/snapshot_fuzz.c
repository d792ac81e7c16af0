/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Fuzzes what a snapshot's file may hold. An input that starts with 'j' is the
 * text of a file. Any other is parts: a byte that says which, two for its
 * length, and that many bytes; what a chain of hashes would keep the fuzzer
 * from reaching. Whatever it is, decoding ends, and looks at nothing outside
 * of it. */

#include <cordon-config.h>

#include <stdlib.h>
#include <string.h>

#include "audit/host.h"
#include "audit/ruleset.h"
#include "audit/snapshot_private.h"
#include "fuzz/fuzz.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

/* The order is that of seeds: only ever add at the end. */
static const char *const names[] = {
    "link",        "bridge.vlan",    "bridge.fdb",    "bridge.mdb",
    "tc.qdisc",    "tc.class",       "tc.filter",     "addr",
    "route4",      "route6",         "nexthop",       "rule4",
    "rule6",       "neigh",          "neigh.proxy",   "nsid",
    "nft.table",   "nft.chain",      "nft.rule",      "nft.set",
    "nft.element", "nft.object",     "nft.flowtable", "nf.hooks",
    "cordon.host", "cordon.segment", "cordon.port",   "ovs.datapath",
    "xenstore",    "sysctl",         "bpf",           "sysfs",
    "proc",
};
#define FIRST_FILES 28 /* "xenstore". */

/* Lines "path=value". */
static void
add_files(struct snapshot *s, const char *name, const uint8_t *data, size_t n)
{
    struct snapshot_files files = { .files = NULL };
    char *text = xmemdup0((const char *) data, n), *save = NULL;

    for (char *line = strtok_r(text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        char *value = strchr(line, '=');

        if (value) {
            *value++ = '\0';
            snapshot_files_put(s, &files, line, value);
        }
    }
    snapshot_add_files(s, name, &files);
    free(text);
}

static struct snapshot *
make_parts(const uint8_t *data, size_t size)
{
    struct snapshot *s = snapshot_new();

    while (size >= 3) {
        uint8_t which = data[0] % ARRAY_SIZE(names);
        size_t n = MIN(size - 3, data[1] | (size_t) data[2] << 8);
        struct snapshot_buffer b = { .data = NULL };

        data += 3;
        size -= 3;
        if (which >= FIRST_FILES) {
            add_files(s, names[which], data, n);
        } else {
            snapshot_buffer_put(&b, data, n);
            if (snapshot_messages_ok(b.data, b.n)) {
                snapshot_add_netlink(s, names[which], &b);
            }
            snapshot_buffer_done(&b);
        }
        data += n;
        size -= n;
    }
    return s;
}

static void
decode(const struct snapshot *s)
{
    struct ds problems = DS_EMPTY_INITIALIZER;
    const struct ruleset *rules;
    const struct host *host;

    host = host_decode(s, &problems);
    for (size_t i = 0; i < host->n_links; i++) {
        const struct host_link *link = &host->links[i];
        size_t n;

        ovs_assert(host_link(host, link->ifindex) == link);
        for (size_t j = 0; j < link->n_vlans; j++) {
            ovs_assert(link->vlans[j].vid <= 4095);
        }
        host_filters(host, link->ifindex, HOST_FILTER_INGRESS, &n);
        ovs_assert(n <= host->n_filters);
    }
    host_free(host);
    rules = ruleset_decode(s, &problems);
    ruleset_free(rules);
    ds_destroy(&problems);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct snapshot *s = NULL;

    if (size && data[0] == 'j') {
        char *text = xmemdup0((const char *) data + 1, size - 1);
        char *error = snapshot_parse(text, size - 1, NULL, &s);

        ovs_assert(!error == !!s);
        free(error);
        free(text);
    } else {
        s = make_parts(data, size);
    }
    if (s) {
        decode(s);
    }
    snapshot_free(s);
    return 0;
}
