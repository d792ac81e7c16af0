/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a host is decoded to where a test machine cannot show it: vifs of
 * xenstore, backends elsewhere, PCI devices of guests, programs and tables that
 * cannot be seen through; and links of which the kernel said little, which
 * must count as letting the most pass. */

#include <cordon-config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libmnl/libmnl.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "audit/host.h"
#include "audit/snapshot_private.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

struct file {
    const char *path, *value;
};

static void
add_files(struct snapshot *s, const char *name, const struct file *files,
          size_t n)
{
    struct snapshot_files fs = { .files = NULL };

    for (size_t i = 0; i < n; i++) {
        snapshot_files_put(s, &fs, files[i].path, files[i].value);
    }
    assert_true(snapshot_add_files(s, name, &fs));
}

/* A link with what 'more' puts. */
static void
put_link(struct snapshot_buffer *b, uint32_t ifindex, const char *name,
         void (*more)(struct nlmsghdr *))
{
    char buf[1024] = { 0 };
    struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
    struct ifinfomsg *ifi;

    nlh->nlmsg_type = RTM_NEWLINK;
    ifi = mnl_nlmsg_put_extra_header(nlh, sizeof *ifi);
    ifi->ifi_index = ifindex;
    mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
    if (more) {
        more(nlh);
    }
    snapshot_buffer_put(b, buf, NLMSG_ALIGN(nlh->nlmsg_len));
}

static void
put_vif(struct nlmsghdr *nlh)
{
    mnl_attr_put_strz(nlh, IFLA_PARENT_DEV_NAME, "vif-3-0");
    mnl_attr_put_strz(nlh, IFLA_PARENT_DEV_BUS_NAME, "xen-backend");
}

/* A port of which nothing is said but that it is one. */
static void
put_bare_port(struct nlmsghdr *nlh)
{
    struct nlattr *info;

    mnl_attr_put_u32(nlh, IFLA_MASTER, 7);
    info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
    mnl_attr_put_strz(nlh, IFLA_INFO_SLAVE_KIND, "bridge");
    mnl_attr_nest_end(nlh, info);
}

/* IFLA_XDP without the attribute that says whether one is attached. */
static void
put_odd_xdp(struct nlmsghdr *nlh)
{
    struct nlattr *xdp = mnl_attr_nest_start(nlh, IFLA_XDP);

    mnl_attr_nest_end(nlh, xdp);
}

static void
put_veth_elsewhere(struct nlmsghdr *nlh)
{
    struct nlattr *info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);

    mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "veth");
    mnl_attr_nest_end(nlh, info);
    mnl_attr_put_u32(nlh, IFLA_LINK, 2);
    mnl_attr_put_u32(nlh, IFLA_LINK_NETNSID, 4);
}

static const struct host *
decode(const struct snapshot *s)
{
    struct ds problems = DS_EMPTY_INITIALIZER;
    const struct host *host = host_decode(s, &problems);

    ds_destroy(&problems);
    return host;
}

static bool
is_unknown(const struct host *host, uint32_t ifindex, const char *what)
{
    for (size_t i = 0; i < host->n_unknown; i++) {
        if (host->unknown[i].ifindex == ifindex
            && strstr(host->unknown[i].what, what)) {
            return true;
        }
    }
    return false;
}

static const struct file modules[] = { { "modules", "bridge 1 0 - Live" } };

static void
test_vifs(void **state OVS_UNUSED)
{
    static const struct file files[] = {
        { "local/domain/0/backend/vif/3/0/mac", "00:16:3e:00:00:01" },
        { "local/domain/0/backend/vif/3/0/state", "4" },
        { "local/domain/0/backend/vif/3/1/mac", "00:16:3e:00:00:02" },
        { "local/domain/3/name", "web1" },
        { "local/domain/3/vm", "/vm/6e1f4f08" },
        { "libxl/3/device/vif/0/backend", "/local/domain/0/backend/vif/3/0" },
        { "libxl/4/device/vif/0/backend", "/local/domain/2/backend/vif/4/0" },
        { "local/domain/0/backend/pci/5/0", "" },
        { "local/domain/x/backend/vif/3/0/mac", "no number" },
    };
    struct snapshot_buffer b = { .data = NULL };
    struct snapshot *s = snapshot_new();
    const struct host *host;

    put_link(&b, 9, "vif3.0", put_vif);
    snapshot_add_netlink(s, "link", &b);
    add_files(s, "xenstore", files, ARRAY_SIZE(files));
    add_files(s, "proc", modules, 1);
    host = decode(s);
    assert_int_equal(host->n_vifs, 3);
    assert_int_equal(host->vifs[0].domid, 3);
    assert_int_equal(host->vifs[0].handle, 0);
    assert_int_equal(host->vifs[0].ifindex, 9);
    assert_string_equal(host->vifs[0].mac, "00:16:3e:00:00:01");
    assert_string_equal(host->vifs[0].domain, "web1");
    assert_string_equal(host->vifs[0].uuid, "6e1f4f08");
    assert_string_equal(host->vifs[0].state, "4");
    assert_int_equal(host->vifs[1].handle, 1);
    assert_int_equal(host->vifs[1].ifindex, 0);
    assert_int_equal(host->vifs[2].domid, 4);
    assert_int_equal(host->vifs[2].backend_domid, 2);
    assert_true(host_link(host, 9)->xen_backend);
    assert_int_equal(host->n_unknown, 2);
    assert_true(is_unknown(host, 0, "backend in domain 2"));
    assert_true(is_unknown(host, 0, "pci device"));
    host_free(host);
    snapshot_free(s);
}

static void
test_unknown(void **state OVS_UNUSED)
{
    static const struct file sysfs[] = {
        { "bus/pci/drivers/pciback/0000:03:00.0/class", "0x020000" },
        { "hypervisor/type", "xen" },
    };
    static const struct file bpf[] = { { "9/tcx/ingress", "12 13" } };
    static const struct file proc[] = {
        { "modules", "ebtable_nat 1 0 - Live\nbridge 1 0 - Live" },
        { "net/ip_tables_names", "filter\nnat" },
        { "net/ip6_tables_names", "" },
    };
    struct snapshot *s = snapshot_new();
    const struct host *host;

    add_files(s, "sysfs", sysfs, ARRAY_SIZE(sysfs));
    add_files(s, "bpf", bpf, ARRAY_SIZE(bpf));
    add_files(s, "proc", proc, ARRAY_SIZE(proc));
    snapshot_add_unread(s, "route4", true, "refused");
    snapshot_add_unread(s, "tc.filter", true, "torn");
    snapshot_add_unread(s, "neigh", false, "does not matter");
    host = decode(s);
    assert_true(is_unknown(host, 0, "PCI device 0000:03:00.0"));
    assert_true(is_unknown(host, 9, "BPF program 12 13 at tcx/ingress"));
    assert_true(is_unknown(host, 0, "table filter of iptables"));
    assert_true(is_unknown(host, 0, "table nat of iptables"));
    assert_true(is_unknown(host, 0, "ebtable_nat"));
    assert_true(is_unknown(host, 0, "route4 could not be read: refused"));
    assert_true(is_unknown(host, 0, "tc.filter could not be read: torn"));
    assert_int_equal(host->n_unknown, 7);
    assert_true(host_has_module(host, "bridge"));
    assert_false(host_has_module(host, "brid"));
    host_free(host);
    snapshot_free(s);
}

static void
test_links(void **state OVS_UNUSED)
{
    struct snapshot_buffer b = { .data = NULL };
    struct snapshot *s = snapshot_new();
    const struct host_link *link;
    const struct host *host;

    put_link(&b, 8, "port", put_bare_port);
    put_link(&b, 3, "odd", put_odd_xdp);
    put_link(&b, 5, "v", put_veth_elsewhere);
    put_link(&b, 5, "again", NULL);
    snapshot_add_netlink(s, "link", &b);
    add_files(s, "proc", modules, 1);
    host = decode(s);
    assert_int_equal(host->n_links, 3);
    assert_true(is_unknown(host, 5, "there twice"));

    link = host_link_by_name(host, "port");
    assert_non_null(link->port);
    assert_int_equal(link->port->bridge, 7);
    assert_int_equal(link->port->state, BR_STATE_FORWARDING);
    assert_true(link->port->learning && link->port->unicast_flood
                && link->port->mcast_flood && link->port->bcast_flood
                && link->port->hairpin);
    assert_false(link->port->isolated || link->port->locked);
    assert_false(link->xdp);
    assert_true(host_forwards(host, link, 2) && host_forwards(host, link, 10));

    assert_true(host_link_by_name(host, "odd")->xdp);
    link = host_link(host, 5);
    assert_true(link->elsewhere);
    assert_int_equal(link->netnsid, 4);
    assert_int_equal(link->other, 2);
    assert_int_equal(link->peer, 0);
    assert_null(host_link(host, 4));
    assert_null(host_link_by_name(host, "none"));
    host_free(host);
    snapshot_free(s);
}

/* Messages cut short, in each place: the rest of the host is there. */
static void
test_short(void **state OVS_UNUSED)
{
    struct snapshot_buffer whole = { .data = NULL };
    struct nlmsghdr *nlh;

    put_link(&whole, 9, "vif3.0", put_vif);
    for (size_t n = sizeof *nlh; n < whole.n; n++) {
        struct snapshot_buffer b = { .data = NULL };
        struct snapshot *s = snapshot_new();
        const struct host *host;

        snapshot_buffer_put(&b, whole.data, NLMSG_ALIGN(n));
        nlh = ALIGNED_CAST(struct nlmsghdr *, b.data);
        nlh->nlmsg_len = n;
        put_link(&b, 10, "other", NULL);
        assert_true(snapshot_messages_ok(b.data, b.n));
        snapshot_add_netlink(s, "link", &b);
        host = decode(s);
        assert_non_null(host_link(host, 10));
        assert_true(n >= NLMSG_LENGTH(sizeof(struct ifinfomsg))
                    || is_unknown(host, 0, "too short"));
        host_free(host);
        snapshot_free(s);
    }
    snapshot_buffer_done(&whole);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vifs),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
