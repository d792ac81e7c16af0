/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Generic netlink: the kernel guard's host, segments and ports, and the kernel
 * datapaths of Open vSwitch with their ports and flows. */

#include <cordon-config.h>
#include "audit/collect.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <string.h>

#include "uapi/cordon.h"
#include "util.h"

/* Of <linux/openvswitch.h>, of which libopenvswitch has one of its own. */
struct datapath_header {
    int dp_ifindex;
};

#define OVS_GET 3 /* OVS_DP_CMD_GET, OVS_VPORT_CMD_GET, OVS_FLOW_CMD_GET. */

struct part {
    const char *name;
    const char *family;
    uint8_t version;
    uint8_t command;
    bool dump;
    bool is_per_datapath; /* Of each one that the part before has. */
};

static const struct part parts[] = {
    { "cordon.host", CORDON_GENL_NAME, CORDON_GENL_VERSION,
      CORDON_CMD_HOST_GET, false, false },
    { "cordon.segment", CORDON_GENL_NAME, CORDON_GENL_VERSION,
      CORDON_CMD_SEGMENT_GET, true, false },
    { "cordon.port", CORDON_GENL_NAME, CORDON_GENL_VERSION,
      CORDON_CMD_PORT_GET, true, false },
    { "ovs.datapath", "ovs_datapath", 2, OVS_GET, true, false },
    { "ovs.vport", "ovs_vport", 1, OVS_GET, true, true },
    { "ovs.flow", "ovs_flow", 1, OVS_GET, true, true },
};

/* The number of the family 'name' in 'list', what the controller has told of
 * all there are; -ENOENT if it is not among them. To ask for one by name would
 * have the kernel load its module. */
static int
find_family(const struct snapshot_buffer *list, const char *name)
{
    for (size_t at = 0; at < list->n;) {
        const struct nlmsghdr *nlh =
            ALIGNED_CAST(const struct nlmsghdr *, list->data + at);
        const struct nlattr *attr;
        bool found = false;
        int family = 0;

        mnl_attr_for_each (attr, nlh, sizeof(struct genlmsghdr)) {
            if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID
                && mnl_attr_validate(attr, MNL_TYPE_U16) >= 0) {
                family = mnl_attr_get_u16(attr);
            } else if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_NAME
                       && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0) {
                found = !strcmp(mnl_attr_get_str(attr), name);
            }
        }
        if (found && family) {
            return family;
        }
        at += NLMSG_ALIGN(nlh->nlmsg_len);
    }
    return -ENOENT;
}

static int
list_families(struct collector *c, struct snapshot_buffer *list)
{
    char buf[COLLECT_REQUEST];
    struct nlmsghdr *nlh = collect_request(buf, GENL_ID_CTRL, NLM_F_DUMP);
    struct genlmsghdr *genl = mnl_nlmsg_put_extra_header(nlh, sizeof *genl);

    genl->cmd = CTRL_CMD_GETFAMILY;
    genl->version = 1;
    return collect_dump(c, c->generic, nlh, list);
}

static int
dump(struct collector *c, const struct part *p, uint16_t family,
     uint32_t datapath, struct snapshot_buffer *out)
{
    char buf[COLLECT_REQUEST];
    struct nlmsghdr *nlh =
        collect_request(buf, family, p->dump ? NLM_F_DUMP : 0);
    struct genlmsghdr *genl = mnl_nlmsg_put_extra_header(nlh, sizeof *genl);

    genl->cmd = p->command;
    genl->version = p->version;
    if (strcmp(p->family, CORDON_GENL_NAME)) {
        struct datapath_header *ovs =
            mnl_nlmsg_put_extra_header(nlh, sizeof *ovs);

        ovs->dp_ifindex = datapath;
    }
    return collect_dump(c, c->generic, nlh, out);
}

/* Dumps for each datapath that 'list' has. */
static int
dump_datapaths(struct collector *c, const struct part *p, uint16_t family,
               const struct snapshot_part *list, struct snapshot_buffer *out)
{
    const struct nlmsghdr *nlh = NULL;
    int error = 0;

    while (!error && (nlh = snapshot_next(list, nlh))) {
        const struct datapath_header *ovs =
            mnl_nlmsg_get_payload_offset(nlh, sizeof(struct genlmsghdr));

        if (nlh->nlmsg_len
            >= NLMSG_LENGTH(sizeof(struct genlmsghdr) + sizeof *ovs)) {
            error = dump(c, p, family, ovs->dp_ifindex, out);
        }
    }
    return error;
}

void
collect_generic(struct collector *c)
{
    struct snapshot_buffer families = { .data = NULL };
    int listed = list_families(c, &families);

    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        const struct part *p = &parts[i];
        struct snapshot_buffer b = { .data = NULL };
        struct snapshot_part *part;
        unsigned int tries = 0;
        int error;

        do {
            int family = listed ? listed : find_family(&families, p->family);

            if (tries) {
                collect_pause(tries);
            }
            error = family < 0           ? family
                    : p->is_per_datapath ? dump_datapaths(
                          c, p, family,
                          snapshot_part(c->snapshot, "ovs.datapath"), &b)
                                         : dump(c, p, family, 0, &b);
        } while (++tries < c->tries && error == -EAGAIN);
        /* In another namespace than the first, the guard has no ports. */
        part = collect_add(c, p->name, error, &b);
        part->tries = tries;
    }
    snapshot_buffer_done(&families);
}
