/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The module's counters. */

#include <cordon-config.h>
#include "dataplane/guard/module.h"

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/dataplane.h"
#include "dataplane/guard/message.h"
#include "dataplane/guard/private.h"
#include "lib/nlattr.h"
#include "lib/nlsock.h"
#include "uapi/cordon.h"
#include "util.h"

struct counters {
    struct drop_count *v;
    size_t n, allocated;
};

static void
count(struct counters *cs, uint32_t ifindex, const struct cordon_stat *s)
{
    /* Both directions of a port are one number. */
    for (size_t i = cs->n; i-- > 0 && cs->v[i].ifindex == ifindex;) {
        if (cs->v[i].reason == s->reason) {
            cs->v[i].packets += s->packets;
            cs->v[i].bytes += s->bytes;
            return;
        }
    }
    if (cs->n == cs->allocated) {
        cs->v = x2nrealloc(cs->v, &cs->allocated, sizeof *cs->v);
    }
    cs->v[cs->n++] =
        (struct drop_count){ ifindex, s->reason, s->packets, s->bytes };
}

static int
read_stats(const struct nlmsghdr *nlh, void *counters)
{
    struct nlattr *tb[CORDON_A_MAX + 1], *a;
    struct cordon_stat s;
    int rem, error = module_attributes(nlh, tb);

    if (error || !tb[CORDON_A_STATS]) {
        return error;
    }
    nla_for_each_nested (a, tb[CORDON_A_STATS], rem) {
        if (nla_type(a) == CORDON_A_STAT && nla_len(a) == sizeof s) {
            memcpy(&s, nla_data(a), sizeof s);
            if (s.reason != CORDON_PASS && s.packets) {
                count(counters, attr_u32(tb[CORDON_A_PORT_IFINDEX], 0), &s);
            }
        }
    }
    return 0;
}

int
module_drops(struct drop_count **drops, size_t *n)
{
    struct counters cs = { *drops, *n, *n };
    uint16_t family;
    int error = module_find_family(&family);

    if (!error && family) {
        error = nlsock_dump(module_sock(),
                            module_message(family, CORDON_CMD_STATS_GET),
                            read_stats, &cs);
    }
    *drops = cs.v;
    *n = cs.n;
    return error;
}
