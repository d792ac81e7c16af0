/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Fuzzes the decoder of nftables and what interprets rules. The input is a
 * frame, the length of which is in the first two bytes, and messages of
 * nftables behind it, as a snapshot holds them. All base chains judge the
 * frame. Whatever they are, they come to an end, and a verdict names the chain
 * that it is of. */

#include <cordon-config.h>

#include <netinet/in.h>
#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>

#include "audit/host.h"
#include "audit/ruleset.h"
#include "audit/run.h"
#include "fuzz/fuzz.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

#define FRAME_MAX 2048
#define ROOM 16 /* For tags. */

static void
judge(const struct ruleset *rs, const uint8_t *frame, size_t n)
{
    static const struct host_link link = { .ifindex = 2,
                                           .name = "vif1.0",
                                           .kind = "" };

    for (size_t i = 0; i < rs->n_chains; i++) {
        const struct ruleset_chain *c = &rs->chains[i];
        struct run_hook hook = { .family = c->table->family,
                                 .hook = c->hook,
                                 .in = &link };
        struct run_result result = { .end = RUN_ACCEPT };
        uint8_t *data;
        struct skb skb;

        if (!c->base) {
            continue;
        }
        data = xmalloc(n + ROOM);
        memcpy(data, frame, n);
        if (skb_receive(&skb, data, n, n, link.mac)) {
            run_chain(c, &hook, &skb, &result);
            ovs_assert(result.chain);
            ovs_assert(result.end != RUN_UNKNOWN || result.why);
        }
        run_result_done(&result);
        free(data);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ds problems = DS_EMPTY_INITIALIZER;
    const struct ruleset *rs;
    uint8_t *messages;
    size_t n;

    if (size < 2) {
        return 0;
    }
    n = data[0] << 8 | data[1];
    data += 2;
    size -= 2;
    n = MIN(MIN(n, size), FRAME_MAX);
    messages = xmalloc(size - n + 1);
    memcpy(messages, data + n, size - n);
    rs = ruleset_decode_messages(messages, size - n, &problems);
    judge(rs, data, n);
    ruleset_free(rs);
    free(messages);
    ds_destroy(&problems);
    return 0;
}
