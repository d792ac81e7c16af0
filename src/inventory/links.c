/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Network devices of the host: a dump of links and one of addresses over
 * rtnetlink, by libnl. The bus of a device (IFLA_PARENT_DEV_BUS_NAME, Linux
 * 5.14) says whether it is a vif, and libnl's link objects do not have it, so
 * attributes are parsed here. A dump that the kernel marks as torn is made
 * again. */

#include <cordon-config.h>
#include "inventory/links.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "inventory/inventory.h"
#include "lib/arena.h"
#include "openvswitch/vlog.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(links);

#define TRIES 5 /* Of a dump that is torn. */

/* What a dump has brought so far. */
struct reading {
    struct inventory_link *links;
    size_t n, allocated;
    int error;
};

static const struct nla_policy link_policy[IFLA_MAX + 1] = {
    [IFLA_IFNAME] = { .type = NLA_STRING, .maxlen = IFNAMSIZ },
    [IFLA_MTU] = { .type = NLA_U32 },
    [IFLA_LINK] = { .type = NLA_U32 },
    [IFLA_MASTER] = { .type = NLA_U32 },
    [IFLA_LINKINFO] = { .type = NLA_NESTED },
    [IFLA_XDP] = { .type = NLA_NESTED },
};

/* Copies a string attribute; one that does not fit is left out, so that it
 * equals nothing. */
static void
get_string(const struct nlattr *nla, char *dst, size_t size)
{
    size_t len;

    if (!nla) {
        return;
    }
    len = strnlen(nla_data(nla), nla_len(nla));
    if (len < size) {
        memcpy(dst, nla_data(nla), len);
        dst[len] = '\0';
    }
}

static uint32_t
get_u32(struct nlattr *nla)
{
    return nla ? nla_get_u32(nla) : 0;
}

static bool
has_xdp(struct nlattr *nla)
{
    struct nlattr *xdp[IFLA_XDP_MAX + 1];

    /* What cannot be read may be a program. */
    return nla
           && (nla_parse_nested(xdp, IFLA_XDP_MAX, nla, NULL) < 0
               || (xdp[IFLA_XDP_ATTACHED]
                   && nla_get_u8(xdp[IFLA_XDP_ATTACHED])
                          != XDP_ATTACHED_NONE));
}

static int
link_cb(struct nl_msg *msg, void *reading_)
{
    struct nlmsghdr *nlh = nlmsg_hdr(msg);
    struct reading *r = reading_;
    struct nlattr *tb[IFLA_MAX + 1];
    const struct ifinfomsg *ifi;
    struct inventory_link *link;

    if (nlh->nlmsg_type != RTM_NEWLINK) {
        return NL_OK;
    }
    if (nlmsg_parse(nlh, sizeof *ifi, tb, IFLA_MAX, link_policy) < 0
        || !tb[IFLA_IFNAME]) {
        r->error = -EPROTO;
        return NL_OK;
    }
    ifi = nlmsg_data(nlh);
    if (r->n == r->allocated) {
        r->links = x2nrealloc(r->links, &r->allocated, sizeof *r->links);
    }
    link = &r->links[r->n++];
    *link = (struct inventory_link){
        .ifindex = ifi->ifi_index,
        .flags = ifi->ifi_flags,
        .mtu = get_u32(tb[IFLA_MTU]),
        .master = get_u32(tb[IFLA_MASTER]),
        .lower = get_u32(tb[IFLA_LINK]),
        .xdp = has_xdp(tb[IFLA_XDP]),
    };
    get_string(tb[IFLA_IFNAME], link->name, sizeof link->name);
    get_string(tb[IFLA_IFALIAS], link->alias, sizeof link->alias);
    get_string(tb[IFLA_PARENT_DEV_NAME], link->parent, sizeof link->parent);
    get_string(tb[IFLA_PARENT_DEV_BUS_NAME], link->bus, sizeof link->bus);
    if (tb[IFLA_ADDRESS] && nla_len(tb[IFLA_ADDRESS]) == ETH_ALEN) {
        memcpy(&link->mac, nla_data(tb[IFLA_ADDRESS]), ETH_ALEN);
    }
    if (tb[IFLA_LINKINFO]) {
        struct nlattr *info[IFLA_INFO_MAX + 1];

        if (!nla_parse_nested(info, IFLA_INFO_MAX, tb[IFLA_LINKINFO], NULL)) {
            get_string(info[IFLA_INFO_KIND], link->kind, sizeof link->kind);
        }
    }
    return NL_OK;
}

static int
compare_links(const void *a_, const void *b_)
{
    const struct inventory_link *a = a_, *b = b_;

    return a->ifindex < b->ifindex ? -1 : a->ifindex > b->ifindex;
}

static int
address_cb(struct nl_msg *msg, void *reading_)
{
    struct nlmsghdr *nlh = nlmsg_hdr(msg);
    struct reading *r = reading_;
    const struct ifaddrmsg *ifa;
    struct inventory_link *link, key;

    if (nlh->nlmsg_type != RTM_NEWADDR) {
        return NL_OK;
    }
    if (!nlmsg_valid_hdr(nlh, sizeof *ifa)) {
        r->error = -EPROTO;
        return NL_OK;
    }
    ifa = nlmsg_data(nlh);
    key.ifindex = ifa->ifa_index;
    link =
        r->n ? bsearch(&key, r->links, r->n, sizeof key, compare_links) : NULL;
    if (link
        && (ifa->ifa_family != AF_INET6 || ifa->ifa_scope != RT_SCOPE_LINK)) {
        link->has_address = true;
    }
    return NL_OK;
}

/* Returns 0, -EAGAIN if the dump was torn, or another -errno. */
static int
dump(struct nl_sock *sock, int type, nl_recvmsg_msg_cb_t cb, struct reading *r)
{
    struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
    int error;

    /* The kernel takes an ifinfomsg for RTM_GETADDR too. */
    nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, cb, r);
    error = nl_send_simple(sock, type, NLM_F_DUMP, &ifi, sizeof ifi);
    if (error >= 0) {
        error = nl_recvmsgs_default(sock);
    }
    if (error == -NLE_DUMP_INTR) {
        return -EAGAIN;
    } else if (error < 0) {
        VLOG_WARN("rtnetlink dump: %s", nl_geterror(error));
        return -EIO;
    }
    return r->error;
}

static int
read_once(struct reading *r)
{
    struct nl_sock *sock = nl_socket_alloc();
    int error;

    if (!sock) {
        out_of_memory();
    }
    if (nl_connect(sock, NETLINK_ROUTE) < 0) {
        error = -EIO;
        goto out;
    }
    nl_socket_set_msg_buf_size(sock, 65536);
    nl_socket_set_buffer_size(sock, 1024 * 1024, 0);
    error = dump(sock, RTM_GETLINK, link_cb, r);
    if (error) {
        goto out;
    }
    if (r->n) {
        qsort(r->links, r->n, sizeof *r->links, compare_links);
    }
    error = dump(sock, RTM_GETADDR, address_cb, r);

out:
    nl_socket_free(sock);
    return error;
}

int
links_read(struct inventory *inv)
{
    struct reading r = { .links = NULL };
    int error = -EAGAIN;

    for (int i = 0; i < TRIES && error == -EAGAIN; i++) {
        r.n = 0;
        r.error = 0;
        error = read_once(&r);
    }
    if (!error) {
        inv->links = ARENA_ARRAY(inv->arena, struct inventory_link, r.n);
        inv->n_links = r.n;
        if (r.n) {
            memcpy(inv->links, r.links, r.n * sizeof *r.links);
        }
    }
    free(r.links);
    return error;
}
