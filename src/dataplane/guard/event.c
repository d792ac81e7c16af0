/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Events of the kernel module (include/uapi/cordon.h, CORDON_CMD_EVENT). It
 * limits how many there are itself. dataplane.c calls this. */

#include <cordon-config.h>
#include "dataplane/guard/event.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>
#include <sys/socket.h>

#include "dataplane/guard/message.h"
#include "dataplane/guard/module.h"
#include "lib/nlattr.h"
#include "lib/nlsock.h"
#include "uapi/cordon.h"
#include "util.h"

static struct nlsock *sock;
static uint16_t family; /* Of the events; 0: nobody sends any. */
static bool known;      /* 'family' is right. */

struct found {
    uint32_t group;
    uint16_t family;
};

static void
find_group(struct nlattr *groups, struct found *f)
{
    struct nlattr *group, *a;
    int rem, rem2;

    nla_for_each_nested (group, groups, rem) {
        const char *name = "";
        uint32_t id = 0;

        nla_for_each_nested (a, group, rem2) {
            if (nla_type(a) == CTRL_ATTR_MCAST_GRP_NAME && nla_len(a)
                && !((const char *) nla_data(a))[nla_len(a) - 1]) {
                name = nla_data(a);
            } else if (nla_type(a) == CTRL_ATTR_MCAST_GRP_ID) {
                id = attr_u32(a, 0);
            }
        }
        if (!strcmp(name, CORDON_GENL_MCGRP)) {
            f->group = id;
        }
    }
}

static int
read_family(const struct nlmsghdr *nlh, void *found_)
{
    struct nlattr *tb[CTRL_ATTR_MAX + 1];
    struct found *f = found_;
    int error =
        nlsock_parse(nlh, sizeof(struct genlmsghdr), tb, CTRL_ATTR_MAX, NULL);

    if (!error) {
        f->family = attr_u16(tb[CTRL_ATTR_FAMILY_ID], 0);
        if (tb[CTRL_ATTR_MCAST_GROUPS]) {
            find_group(tb[CTRL_ATTR_MCAST_GROUPS], f);
        }
    }
    return error;
}

static int
join(void)
{
    struct genlmsghdr genl = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 };
    struct found f = { .family = 0 };
    struct nl_msg *msg;
    int error;

    msg = nlsock_msg(GENL_ID_CTRL, NLM_F_REQUEST | NLM_F_ACK, &genl,
                     sizeof genl);
    put_string(msg, CTRL_ATTR_FAMILY_NAME, CORDON_GENL_NAME);
    error = nlsock_get(module_sock(), msg, read_family, &f);
    if (error && error != -ENOENT) {
        return error;
    }
    if (f.group
        && setsockopt(nlsock_fd(sock), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
                      &f.group, sizeof f.group)) {
        return -errno;
    }
    family = f.family;
    known = true;
    return 0;
}

int
event_open(void)
{
    int error = 0;

    if (!sock) {
        error = nlsock_open(NETLINK_GENERIC, &sock);
    }
    if (!error && !known) {
        error = join();
    }
    return error;
}

void
event_close(void)
{
    nlsock_close(sock);
    sock = NULL;
    known = false;
}

int
event_fd(void)
{
    return sock ? nlsock_fd(sock) : -1;
}

void
event_forget(void)
{
    known = false;
}

struct receiver {
    dropped_cb *cb;
    void *aux;
};

/* Passes an event on. Those that tell of no frame are none of ours. */
static int
take(const struct nlmsghdr *nlh, void *receiver_)
{
    const struct genlmsghdr *genl = nlmsg_data(nlh);
    const struct receiver *r = receiver_;
    struct nlattr *tb[CORDON_A_MAX + 1];
    struct dropped_frame f = { .n = 0 };

    if (!family || nlh->nlmsg_type != family
        || nlmsg_datalen(nlh) < (int) sizeof *genl
        || genl->cmd != CORDON_CMD_EVENT || module_attributes(nlh, tb)
        || !tb[CORDON_A_FRAME]) {
        return 0;
    }
    f.ifindex = attr_u32(tb[CORDON_A_PORT_IFINDEX], 0);
    f.reason = attr_u32(tb[CORDON_A_REASON], 0);
    f.from = tb[CORDON_A_INGRESS];
    f.n = MIN((size_t) nla_len(tb[CORDON_A_FRAME]), sizeof f.bytes);
    memcpy(f.bytes, nla_data(tb[CORDON_A_FRAME]), f.n);
    r->cb(&f, r->aux);
    return 0;
}

int
event_receive(dropped_cb *cb, void *aux, int result)
{
    struct receiver r = { cb, aux };

    return nlsock_drain(sock, take, &r) ? -ENOBUFS : result;
}
