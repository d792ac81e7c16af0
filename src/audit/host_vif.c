/* SPDX-License-Identifier: GPL-3.0-or-later */

/* vifs as xenstore has them, and what nobody can see through from this host:
 * backends elsewhere, PCI devices of guests, BPF programs, Open vSwitch. */

#include <cordon-config.h>
#include "audit/host_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "util.h"

static struct host_vif *
vif_of(struct host_list *list, uint32_t backend, uint32_t domid,
       uint32_t handle)
{
    struct host_vif *v = ALIGNED_CAST(struct host_vif *, list->items);

    for (size_t i = list->n; i-- > 0;) {
        if (v[i].domid == domid && v[i].handle == handle
            && v[i].backend_domid == backend) {
            return &v[i];
        }
    }
    v = host_list_add(list, sizeof *v);
    *v = (struct host_vif){
        .domid = domid,
        .handle = handle,
        .backend_domid = backend,
        .domain = "",
        .uuid = "",
        .mac = "",
        .ip = "",
        .bridge = "",
        .script = "",
        .vifname = "",
        .state = "",
        .status = "",
    };
    return v;
}

static void
set_node(struct host_vif *v, const char *node, const char *value)
{
    const struct {
        const char *node;
        const char **field;
    } fields[] = {
        { "mac", &v->mac },
        { "ip", &v->ip },
        { "bridge", &v->bridge },
        { "script", &v->script },
        { "vifname", &v->vifname },
        { "state", &v->state },
        { "hotplug-status", &v->status },
    };

    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        if (!strcmp(node, fields[i].node)) {
            *fields[i].field = value;
        }
    }
}

static void
decode_node(struct host_build *b, const struct snapshot_file *f,
            struct host_list *vifs)
{
    uint32_t backend, domid, handle;
    char kind[32];
    int n = 0;

    if (sscanf(f->path,
               "local/domain/%" SCNu32 "/backend/vif/%" SCNu32 "/%" SCNu32
               "/%n",
               &backend, &domid, &handle, &n)
            == 3
        && n) {
        set_node(vif_of(vifs, backend, domid, handle), f->path + n, f->value);
        return;
    }
    /* libxl's own record of a vif whose backend may be anywhere. */
    n = 0;
    if (sscanf(f->path, "libxl/%" SCNu32 "/device/vif/%" SCNu32 "/backend%n",
               &domid, &handle, &n)
            == 2
        && n && !f->path[n]
        && sscanf(f->value, "/local/domain/%" SCNu32 "/", &backend) == 1) {
        vif_of(vifs, backend, domid, handle);
        return;
    }
    n = 0;
    if (sscanf(f->path,
               "local/domain/%" SCNu32 "/backend/%31[^/]/%" SCNu32 "/%n",
               &backend, kind, &domid, &n)
            == 3
        && n && strcmp(kind, "vif")) {
        host_unknown(b, 0,
                     "domain %" PRIu32 " has a %s device from domain "
                     "%" PRIu32,
                     domid, kind, backend);
    }
}

/* Name and UUID of the domain, and the device on this host. */
static void
join(struct host_build *b, const struct snapshot_part *part,
     struct host_vif *v)
{
    char path[64], parent[32];
    const char *s;

    snprintf(path, sizeof path, "local/domain/%" PRIu32 "/name", v->domid);
    s = snapshot_file(part, path);
    v->domain = s ? s : "";
    snprintf(path, sizeof path, "local/domain/%" PRIu32 "/vm", v->domid);
    s = snapshot_file(part, path);
    v->uuid = s && !strncmp(s, "/vm/", 4) ? s + 4 : "";
    if (v->backend_domid) {
        host_unknown(b, 0,
                     "the vif %" PRIu32 "/%" PRIu32
                     " has its backend in domain %" PRIu32,
                     v->domid, v->handle, v->backend_domid);
        return;
    }
    snprintf(parent, sizeof parent, "vif-%" PRIu32 "-%" PRIu32, v->domid,
             v->handle);
    for (size_t i = 0; i < b->host->n_links; i++) {
        const struct host_link *link = &b->host->links[i];

        if (link->xen_backend && !strcmp(link->parent, parent)) {
            v->ifindex = link->ifindex;
        }
    }
}

static int
compare_vifs(const void *a_, const void *b_)
{
    const struct host_vif *a = a_, *b = b_;
    int c = a->domid < b->domid ? -1 : a->domid > b->domid;

    return c ? c : a->handle < b->handle ? -1 : a->handle > b->handle;
}

static const struct snapshot_part *
files_of(struct host_build *b, const char *name)
{
    const struct snapshot_part *part = snapshot_part(b->host->snapshot, name);

    if (part->kind == SNAPSHOT_UNREAD && part->matters) {
        host_unknown(b, 0, "%s could not be read: %s", name, part->why);
    }
    return part;
}

void
host_decode_vifs(struct host_build *b)
{
    const struct snapshot_part *part = files_of(b, "xenstore");
    struct host_list list = { .items = NULL };
    struct host_vif *vifs;

    for (size_t i = 0; i < part->n_files; i++) {
        decode_node(b, &part->files[i], &list);
    }
    vifs = host_list_take(b, &list, sizeof *vifs, &b->host->n_vifs);
    for (size_t i = 0; i < b->host->n_vifs; i++) {
        join(b, part, &vifs[i]);
    }
    if (vifs) {
        qsort(vifs, b->host->n_vifs, sizeof *vifs, compare_vifs);
    }
    b->host->vifs = vifs;
}

static void
decode_bpf(struct host_build *b)
{
    const struct snapshot_part *part = files_of(b, "bpf");

    for (size_t i = 0; i < part->n_files; i++) {
        const char *path = part->files[i].path;
        uint32_t ifindex;
        int n = 0;

        if (sscanf(path, "%" SCNu32 "/%n", &ifindex, &n) == 1 && n) {
            host_unknown(b, ifindex, "BPF program %s at %s",
                         part->files[i].value, path + n);
        }
    }
}

static void
decode_passthrough(struct host_build *b)
{
    const struct snapshot_part *part = files_of(b, "sysfs");

    for (size_t i = 0; i < part->n_files; i++) {
        char driver[32], device[32];

        if (sscanf(part->files[i].path,
                   "bus/pci/drivers/%31[^/]/%31[^/]/class", driver, device)
            == 2) {
            host_unknown(b, 0, "PCI device %s is kept for guests by %s",
                         device, driver);
        }
    }
}

/* A part of which anything at all is something that is not seen through. */
static void
decode_presence(struct host_build *b, const char *name, const char *what)
{
    const struct snapshot_part *part = files_of(b, name);

    if (part->n || part->n_files) {
        host_unknown(b, 0, "%s", what);
    }
}

void
host_decode_rest(struct host_build *b)
{
    decode_bpf(b);
    decode_passthrough(b);
    decode_presence(b, "ovs.datapath",
                    "Open vSwitch's kernel datapath forwards frames");
    decode_presence(b, "ovs.db", "Open vSwitch's daemon may forward frames");
    files_of(b, "sysctl");
}
