/* SPDX-License-Identifier: GPL-3.0-or-later */

/* xenstore: the backends of each domain's devices and libxl's own records,
 * both written by the toolstack only, and the names of domains. What a guest
 * may write is not read. */

#include <cordon-config.h>
#include "audit/collect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xenstore.h>

#include "util.h"

#define MAX_NODES 200000 /* Then something is wrong. */

struct reading {
    struct collector *collector;
    struct xs_handle *xs;
    struct snapshot_files files;
    size_t n_nodes;
    int error;
};

/* Nodes of a vif that are read; and 'backend' of libxl's records, which says
 * in which domain a backend is. */
static bool
is_wanted(const char *name)
{
    static const char *const wanted[] = {
        "mac",    "ip",      "bridge", "script",         "vifname",
        "type",   "state",   "online", "hotplug-status", "frontend-id",
        "handle", "backend", "rate",
    };

    for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
        if (!strcmp(name, wanted[i])) {
            return true;
        }
    }
    return false;
}

static void
read_node(struct reading *r, const char *path)
{
    unsigned int n;
    char *value = xs_read(r->xs, XBT_NULL, path, &n);

    if (value) {
        snapshot_files_put(r->collector->snapshot, &r->files, path + 1, value);
        free(value);
    } else if (errno != ENOENT) {
        r->error = -errno;
    }
}

/* Calls 'cb' with the path of each entry of directory 'path'. */
static void
for_each(struct reading *r, const char *path,
         void (*cb)(struct reading *, const char *path, const char *name))
{
    unsigned int n;
    char **names = xs_directory(r->xs, XBT_NULL, path, &n);

    if (!names) {
        r->error = errno == ENOENT ? r->error : -errno;
        return;
    }
    for (unsigned int i = 0; i < n && !r->error; i++) {
        char *entry = xasprintf("%s/%s", path, names[i]);

        if (++r->n_nodes > MAX_NODES) {
            r->error = -E2BIG;
        } else {
            cb(r, entry, names[i]);
        }
        free(entry);
    }
    free(names);
}

static void
read_wanted(struct reading *r, const char *path, const char *name)
{
    if (is_wanted(name)) {
        read_node(r, path);
    }
}

/* A device: of vifs the wanted nodes, of others that it is there. */
static void
read_device(struct reading *r, const char *path, const char *name OVS_UNUSED)
{
    if (strstr(path, "/vif/")) {
        for_each(r, path, read_wanted);
    } else {
        snapshot_files_put(r->collector->snapshot, &r->files, path + 1, "");
    }
}

/* backend/KIND/DOMID */
static void
read_frontend(struct reading *r, const char *path, const char *name OVS_UNUSED)
{
    for_each(r, path, read_device);
}

/* backend/KIND; those that move no frames are left out. */
static void
read_backend(struct reading *r, const char *path, const char *name)
{
    static const char *const others[] = { "vbd",  "vbd3",    "qdisk", "vfb",
                                          "vkbd", "console", "9pfs" };

    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        if (!strcmp(name, others[i])) {
            return;
        }
    }
    for_each(r, path, read_frontend);
}

/* /local/domain/DOMID */
static void
read_domain(struct reading *r, const char *path, const char *name OVS_UNUSED)
{
    char *s;

    s = xasprintf("%s/name", path);
    read_node(r, s);
    free(s);
    s = xasprintf("%s/vm", path);
    read_node(r, s);
    free(s);
    s = xasprintf("%s/backend", path);
    for_each(r, s, read_backend);
    free(s);
}

/* /libxl/DOMID/device/vif/HANDLE: also of vifs whose backend is elsewhere. */
static void
read_libxl(struct reading *r, const char *path, const char *name OVS_UNUSED)
{
    char *s = xasprintf("%s/device/vif", path);

    for_each(r, s, read_device);
    free(s);
    s = xasprintf("%s/device/pci", path);
    for_each(r, s, read_device);
    free(s);
}

/* xs_open() would wait for a xenstored that a guest, or a host without Xen,
 * never has. */
static bool
has_xenstored(void)
{
    return !access("/run/xenstored/socket", F_OK)
           || !access("/var/run/xenstored/socket", F_OK);
}

void
collect_xen(struct collector *c)
{
    struct reading r = { .collector = c };

    if (!has_xenstored()) {
        char *type = collect_line("/sys/hypervisor/type");
        bool xen = type && !strcmp(type, "xen")
                   && !access("/proc/xen/capabilities", F_OK);

        if (xen) {
            snapshot_add_unread(c->snapshot, "xenstore", true,
                                "xenstored does not run");
        } else {
            snapshot_add(c->snapshot, "xenstore", SNAPSHOT_ABSENT);
        }
        free(type);
        return;
    }
    r.xs = xs_open(0);
    if (!r.xs) {
        snapshot_add_unread(c->snapshot, "xenstore", true, "%s",
                            ovs_strerror(errno));
        return;
    }
    for_each(&r, "/local/domain", read_domain);
    for_each(&r, "/libxl", read_libxl);
    xs_close(r.xs);
    if (r.error) {
        free(r.files.files);
        snapshot_add_unread(c->snapshot, "xenstore", true, "%s",
                            ovs_strerror(-r.error));
    } else if (!snapshot_add_files(c->snapshot, "xenstore", &r.files)) {
        snapshot_add_unread(c->snapshot, "xenstore", true,
                            "it lists a node twice");
    }
}
