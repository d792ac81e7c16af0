/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Small files: sysctls of the host as a whole (those of devices are in the
 * dump of links), which legacy tables and modules there are, which PCI devices
 * are kept for guests, and the names of other network namespaces. */

#include <cordon-config.h>
#include "audit/collect.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libmnl/libmnl.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util.h"

#define FILE_LIMIT 65536

static const char *const sysctls[] = {
    "net/core/devconf_inherit_init_net",
    "net/ipv4/ip_forward",
    "net/ipv4/ip_nonlocal_bind",
    "net/ipv4/fwmark_reflect",
    "net/ipv4/tcp_l3mdev_accept",
    "net/ipv4/udp_l3mdev_accept",
    "net/ipv4/raw_l3mdev_accept",
    "net/ipv6/fwmark_reflect",
    "net/ipv6/bindv6only",
    "net/ipv6/anycast_src_echo_reply",
    "net/mpls/platform_labels",
    "net/netfilter/nf_conntrack_count",
    "net/netfilter/nf_conntrack_max",
    "net/netfilter/nf_conntrack_tcp_be_liberal",
    "net/netfilter/nf_conntrack_tcp_loose",
    "net/netfilter/nf_hooks_lwtunnel",
};

/* Directories of which everything is read. */
static const char *const directories[] = {
    "net/ipv4/conf/all", "net/ipv4/conf/default",
    "net/ipv6/conf/all", "net/ipv6/conf/default",
    "net/bridge",
};

static const char *const proc_files[] = {
    "modules",
    "net/ip_tables_names",
    "net/ip6_tables_names",
    "net/arp_tables_names",
};

static const char *const namespaces[] = { "/run/netns", "/run/docker/netns" };

/* The text of file 'path' up to FILE_LIMIT, without final new-line, or NULL
 * with errno set. The caller frees. */
static char *
read_text(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    size_t n = 0;
    char *text;

    if (fd < 0) {
        return NULL;
    }
    text = xmalloc(FILE_LIMIT + 1);
    while (n < FILE_LIMIT) {
        ssize_t got = read(fd, text + n, FILE_LIMIT - n);

        if (got < 0) {
            int error = errno;

            close(fd);
            free(text);
            errno = error;
            return NULL;
        } else if (!got) {
            break;
        }
        n += got;
    }
    close(fd);
    text[n] = '\0';
    if (n && text[n - 1] == '\n') {
        text[n - 1] = '\0';
    }
    return text;
}

char *
collect_line(const char *path)
{
    char *text = read_text(path);

    if (text) {
        text[strcspn(text, "\n")] = '\0';
    }
    return text;
}

void
collect_file(struct collector *c, struct snapshot_files *files,
             const char *root, const char *path)
{
    char *full = xasprintf("%s/%s", root, path);
    char *text = read_text(full);

    if (text) {
        snapshot_files_put(c->snapshot, files, path, text);
    }
    free(text);
    free(full);
}

static void
read_directory(struct collector *c, struct snapshot_files *files,
               const char *root, const char *path)
{
    char *full = xasprintf("%s/%s", root, path);
    DIR *dir = opendir(full);
    struct dirent *d;

    while (dir && (d = readdir(dir))) {
        if (d->d_type == DT_REG) {
            char *name = xasprintf("%s/%s", path, d->d_name);

            collect_file(c, files, root, name);
            free(name);
        }
    }
    if (dir) {
        closedir(dir);
    }
    free(full);
}

static void
collect_sysctls(struct collector *c)
{
    struct snapshot_files files = { .files = NULL };

    for (size_t i = 0; i < ARRAY_SIZE(sysctls); i++) {
        collect_file(c, &files, "/proc/sys", sysctls[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
        read_directory(c, &files, "/proc/sys", directories[i]);
    }
    if (files.n) {
        snapshot_add_files(c->snapshot, "sysctl", &files);
    } else {
        snapshot_add_unread(c->snapshot, "sysctl", true,
                            "nothing could be read in /proc/sys");
    }
}

static void
collect_proc(struct collector *c)
{
    struct snapshot_files files = { .files = NULL };

    for (size_t i = 0; i < ARRAY_SIZE(proc_files); i++) {
        collect_file(c, &files, "/proc", proc_files[i]);
    }
    snapshot_add_files(c->snapshot, "proc", &files);
}

/* PCI devices that a driver has which hands them to guests. */
static void
collect_passthrough(struct collector *c, struct snapshot_files *files,
                    const char *driver)
{
    char *path = xasprintf("/sys/bus/pci/drivers/%s", driver);
    DIR *dir = opendir(path);
    struct dirent *d;

    while (dir && (d = readdir(dir))) {
        if (strchr(d->d_name, ':')) {
            char *file =
                xasprintf("bus/pci/drivers/%s/%s/class", driver, d->d_name);

            collect_file(c, files, "/sys", file);
            free(file);
        }
    }
    if (dir) {
        closedir(dir);
    }
    free(path);
}

static void
collect_sysfs(struct collector *c)
{
    struct snapshot_files files = { .files = NULL };

    collect_file(c, &files, "/sys", "hypervisor/type");
    collect_passthrough(c, &files, "pciback");
    collect_passthrough(c, &files, "vfio-pci");
    snapshot_add_files(c->snapshot, "sysfs", &files);
}

/* The number by which this namespace knows the one of file 'path', or -1. */
static int32_t
find_nsid(struct collector *c, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct snapshot_buffer b = { .data = NULL };
    char buf[COLLECT_REQUEST];
    const struct nlattr *attr;
    struct nlmsghdr *nlh;
    int32_t nsid = -1;

    if (fd < 0) {
        return -1;
    }
    nlh = collect_request(buf, RTM_GETNSID, 0);
    mnl_nlmsg_put_extra_header(nlh, sizeof(struct rtgenmsg));
    mnl_attr_put_u32(nlh, NETNSA_FD, fd);
    if (!collect_dump(c, c->route, nlh, &b)) {
        nlh = ALIGNED_CAST(struct nlmsghdr *, b.data);
        mnl_attr_for_each (attr, nlh, sizeof(struct rtgenmsg)) {
            if (mnl_attr_get_type(attr) == NETNSA_NSID
                && mnl_attr_validate(attr, MNL_TYPE_U32) >= 0) {
                nsid = (int32_t) mnl_attr_get_u32(attr);
            }
        }
    }
    snapshot_buffer_done(&b);
    close(fd);
    return nsid;
}

static void
collect_namespaces(struct collector *c)
{
    struct snapshot_files files = { .files = NULL };

    for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++) {
        DIR *dir = opendir(namespaces[i]);
        struct dirent *d;

        while (dir && (d = readdir(dir))) {
            char value[16], *path;

            if (d->d_name[0] == '.') {
                continue;
            }
            path = xasprintf("%s/%s", namespaces[i], d->d_name);
            snprintf(value, sizeof value, "%" PRId32, find_nsid(c, path));
            snapshot_files_put(c->snapshot, &files, path, value);
            free(path);
        }
        if (dir) {
            closedir(dir);
        }
    }
    snapshot_add_files(c->snapshot, "netns", &files);
}

void
collect_system(struct collector *c)
{
    collect_sysctls(c);
    collect_proc(c);
    collect_sysfs(c);
    collect_namespaces(c);
}
