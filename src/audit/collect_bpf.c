/* SPDX-License-Identifier: GPL-3.0-or-later */

/* BPF programs that are attached to devices where rtnetlink does not show
 * them: at tcx (Linux 6.6), which runs next to clsact, and in netkit devices.
 * XDP and cls_bpf are in the dumps of links and filters. */

#include <cordon-config.h>
#include "audit/collect.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

#define MAX_PROGRAMS 64
#define NETKIT 54 /* From here on: hooks that only some devices have. */

/* enum bpf_attach_type; older headers do not have these. */
static const struct hook {
    uint32_t type;
    const char *name;
} hooks[] = {
    { 46, "tcx/ingress" },
    { 47, "tcx/egress" },
    { 54, "netkit/primary" },
    { 55, "netkit/peer" },
};

/* Adds the programs at 'hook' of a device, if there are any. 0 or -errno. */
static int
query(struct collector *c, const struct hook *hook, uint32_t ifindex,
      struct snapshot_files *files)
{
    uint32_t programs[MAX_PROGRAMS];
    union bpf_attr attr;
    struct ds value = DS_EMPTY_INITIALIZER;
    char path[64];

    memset(&attr, 0, sizeof attr);
    attr.query.target_fd = ifindex;
    attr.query.attach_type = hook->type;
    attr.query.prog_ids = (uintptr_t) programs;
    attr.query.prog_cnt = MAX_PROGRAMS;
    if (syscall(SYS_bpf, BPF_PROG_QUERY, &attr, sizeof attr) < 0) {
        return -errno;
    }
    for (size_t i = 0; i < attr.query.prog_cnt; i++) {
        ds_put_format(&value, "%s%" PRIu32, i ? " " : "", programs[i]);
    }
    if (value.length) {
        snprintf(path, sizeof path, "%" PRIu32 "/%s", ifindex, hook->name);
        snapshot_files_put(c->snapshot, files, path, ds_cstr(&value));
    }
    ds_destroy(&value);
    return 0;
}

void
collect_bpf(struct collector *c)
{
    struct snapshot_files files = { .files = NULL };
    struct if_nameindex *devices = if_nameindex();
    int error = devices ? 0 : -errno;

    for (size_t h = 0; devices && h < ARRAY_SIZE(hooks); h++) {
        for (size_t i = 0; devices[i].if_index; i++) {
            int e = query(c, &hooks[h], devices[i].if_index, &files);

            if (e == -EINVAL) {
                break; /* The kernel has no such hook. */
            } else if (e && e != -ENODEV && e != -ENXIO && e != -ENOSYS
                       && !(e == -EACCES && hooks[h].type >= NETKIT)
                       && !error) {
                error = e;
            }
        }
    }
    if (devices) {
        if_freenameindex(devices);
    }
    if (error) {
        free(files.files);
        snapshot_add_unread(c->snapshot, "bpf", true, "%s",
                            ovs_strerror(-error));
    } else {
        snapshot_add_files(c->snapshot, "bpf", &files);
    }
}
