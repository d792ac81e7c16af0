/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What netfilter calls at each of its hooks (net/netfilter/nfnetlink_hook.c,
 * since Linux 5.14). The kernel's answer does not say which family, hook and
 * device was asked for, so that each answer follows its request. */

#include <cordon-config.h>
#include "audit/collect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_hook.h>
#include <linux/netfilter_arp.h>
#include <net/if.h>
#include <stdlib.h>

#include "util.h"

/* Since Linux 5.16; not in every libc's headers. */
#define NETDEV_EGRESS 1

static int
dump(struct collector *c, uint8_t family, uint32_t hooknum, const char *device,
     struct snapshot_buffer *out)
{
    char buf[COLLECT_REQUEST];
    struct nlmsghdr *nlh = collect_request(
        buf, NFNL_SUBSYS_HOOK << 8 | NFNL_MSG_HOOK_GET, NLM_F_DUMP);
    struct nfgenmsg *nfg = mnl_nlmsg_put_extra_header(nlh, sizeof *nfg);
    size_t before = out->n;
    int error;

    nfg->nfgen_family = family;
    nfg->version = NFNETLINK_V0;
    mnl_attr_put_u32(nlh, NFNLA_HOOK_HOOKNUM, htonl(hooknum));
    if (device) {
        mnl_attr_put_strz(nlh, NFNLA_HOOK_DEV, device);
    }
    snapshot_buffer_put(out, nlh, nlh->nlmsg_len);
    while (out->n % NLMSG_ALIGNTO) {
        snapshot_buffer_put(out, "", 1);
    }
    error = collect_dump(c, c->netfilter, nlh, out);
    if (error) {
        out->n = before;
    }
    return error;
}

/* A family that the kernel was built without has no hooks. */
static int
dump_family(struct collector *c, uint8_t family, uint32_t n_hooks,
            struct snapshot_buffer *out)
{
    for (uint32_t i = 0; i < n_hooks; i++) {
        int error = dump(c, family, i, NULL, out);

        if (error && error != -EOPNOTSUPP && error != -EPROTONOSUPPORT) {
            return error;
        }
    }
    return 0;
}

static int
dump_devices(struct collector *c, struct snapshot_buffer *out)
{
    struct if_nameindex *devices = if_nameindex();
    int error = 0;

    if (!devices) {
        return -errno;
    }
    for (size_t i = 0; devices[i].if_index && !error; i++) {
        for (uint32_t hook = 0; hook <= NETDEV_EGRESS && !error; hook++) {
            error = dump(c, NFPROTO_NETDEV, hook, devices[i].if_name, out);
            if (error == -EOPNOTSUPP) {
                error = 0;
            } else if (error == -ENODEV) {
                error = -EAGAIN; /* Gone, or renamed. */
            }
        }
    }
    if_freenameindex(devices);
    return error;
}

int
collect_hooks(struct collector *c, struct snapshot_buffer *out)
{
    int error;

    error = dump_family(c, NFPROTO_IPV4, NF_INET_NUMHOOKS, out);
    if (error == -EINVAL) {
        return -EOPNOTSUPP; /* The kernel cannot tell. */
    }
    error =
        error ? error : dump_family(c, NFPROTO_IPV6, NF_INET_NUMHOOKS, out);
    error = error ? error : dump_family(c, NFPROTO_ARP, NF_ARP_NUMHOOKS, out);
    error =
        error ? error : dump_family(c, NFPROTO_BRIDGE, NF_INET_NUMHOOKS, out);
    return error ? error : dump_devices(c, out);
}
