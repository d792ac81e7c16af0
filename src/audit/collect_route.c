/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Addresses, routes, rules, neighbours and numbers of other namespaces: each a
 * dump of its own, read again if the kernel says that it was torn. */

#include <cordon-config.h>
#include "audit/collect.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/net_namespace.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "util.h"

/* A dump. The family comes first in each of these headers. */
struct table {
    const char *name;
    uint16_t type;
    uint8_t family;
    size_t header_size;
};

static const struct table tables[] = {
    { "addr", RTM_GETADDR, AF_UNSPEC, sizeof(struct ifaddrmsg) },
    { "route4", RTM_GETROUTE, AF_INET, sizeof(struct rtmsg) },
    { "route6", RTM_GETROUTE, AF_INET6, sizeof(struct rtmsg) },
    { "nexthop", RTM_GETNEXTHOP, AF_UNSPEC, sizeof(struct nhmsg) },
    { "rule4", RTM_GETRULE, AF_INET, sizeof(struct fib_rule_hdr) },
    { "rule6", RTM_GETRULE, AF_INET6, sizeof(struct fib_rule_hdr) },
    { "neigh", RTM_GETNEIGH, AF_UNSPEC, sizeof(struct ndmsg) },
    { "neigh.proxy", RTM_GETNEIGH, AF_UNSPEC, sizeof(struct ndmsg) },
    { "nsid", RTM_GETNSID, AF_UNSPEC, sizeof(struct rtgenmsg) },
};

static int
dump(struct collector *c, const struct table *t, struct snapshot_buffer *out)
{
    char buf[COLLECT_REQUEST];
    struct nlmsghdr *nlh = collect_request(buf, t->type, NLM_F_DUMP);
    uint8_t *header = mnl_nlmsg_put_extra_header(nlh, t->header_size);

    header[0] = t->family;
    if (!strcmp(t->name, "neigh.proxy")) {
        struct ndmsg *ndm = mnl_nlmsg_get_payload(nlh);

        ndm->ndm_flags = NTF_PROXY;
    }
    return collect_dump(c, c->route, nlh, out);
}

void
collect_routes(struct collector *c)
{
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        struct snapshot_buffer buffer = { .data = NULL };
        struct snapshot_part *part;
        unsigned int tries = 0;
        int error;

        do {
            if (tries) {
                collect_pause(tries);
            }
            error = dump(c, &tables[i], &buffer);
        } while (++tries < c->tries && error == -EAGAIN);
        part = collect_add(c, tables[i].name, error, &buffer);
        part->tries = tries;
    }
}
