/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Domains and vif backends as xenstored tells them.
 *
 * Only nodes are read that the toolstack owns: /local/domain/DOMID/vm and
 * name, and mac, script and vifname of a backend directory. What a guest can
 * write is never looked at, and a node that it could write is not believed. */

#include <cordon-config.h>
#include "inventory/xenread.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xenstore.h>

#include "inventory/inventory.h"
#include "inventory/xenvalue.h"
#include "lib/arena.h"
#include "openvswitch/vlog.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(xenread);

#define DOMAINS "/local/domain"
#define HANDLE_MAX 65535
#define PATH_SIZE 128
#define SCRIPT_MAX 64
#define NAME_MAX_ 255

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(5, 20);

/* Reads node 'path'. Returns NULL with errno ENOENT if there is none or its
 * value is too long, or another errno if xenstored did not answer. */
static char *
read_node(struct xs_handle *xs, const char *path, size_t *ret_length)
{
    unsigned int length;
    char *value = xs_read(xs, XBT_NULL, path, &length);

    if (!value) {
        if (errno == EACCES || errno == EINVAL) {
            errno = ENOENT;
        }
        return NULL;
    }
    if (length > XENVALUE_MAX) {
        free(value);
        errno = ENOENT;
        return NULL;
    }
    *ret_length = length;
    return value;
}

/* Is node 'path' one that only domain 0 writes? */
static bool
is_ours(struct xs_handle *xs, const char *path)
{
    struct xs_permissions *perms;
    unsigned int n;
    bool ours;

    perms = xs_get_permissions(xs, XBT_NULL, path, &n);
    if (!perms) {
        return false;
    }
    ours = n > 0 && perms[0].id == 0 && !(perms[0].perms & XS_PERM_WRITE);
    for (unsigned int i = 1; i < n; i++) {
        ours = ours && (perms[i].id == 0 || !(perms[i].perms & XS_PERM_WRITE));
    }
    free(perms);
    return ours;
}

/* Reads domain 'domid' into 'd'. Returns 0, ENOENT if it is not there or
 * cannot be believed, or another errno. */
static int
read_domain(struct xs_handle *xs, uint32_t domid, struct arena *arena,
            struct inventory_domain *d)
{
    char path[PATH_SIZE], name[NAME_MAX_ + 1] = "";
    size_t length;
    char *value;
    bool ok;

    *d = (struct inventory_domain){ .domid = domid };
    snprintf(path, sizeof path, DOMAINS "/%" PRIu32 "/vm", domid);
    value = read_node(xs, path, &length);
    if (!value) {
        return errno;
    }
    ok = xenvalue_vm(value, length, &d->uuid);
    free(value);
    if (!ok || !is_ours(xs, path)) {
        VLOG_WARN_RL(&rl,
                     "%s is not /vm/UUID, or not domain 0's: domain "
                     "left out",
                     path);
        return ENOENT;
    }

    snprintf(path, sizeof path, DOMAINS "/%" PRIu32 "/name", domid);
    value = read_node(xs, path, &length);
    if (!value && errno != ENOENT) {
        return errno;
    }
    if (!value || !xenvalue_name(value, length, NAME_MAX_, name)
        || !is_ours(xs, path)) {
        name[0] = '\0'; /* Still known by its UUID. */
    }
    free(value);
    d->name = arena_strdup(arena, name);
    return 0;
}

static int
read_vif(struct xs_handle *xs, uint32_t domid, uint32_t handle,
         struct arena *arena, struct inventory_vif *v)
{
    char path[PATH_SIZE], script[SCRIPT_MAX + 1] = "", vifname[IFNAMSIZ] = "";
    size_t length;
    char *value;

    *v = (struct inventory_vif){ .domid = domid, .handle = handle };

    snprintf(path, sizeof path, XENREAD_BACKEND "/%" PRIu32 "/%" PRIu32 "/mac",
             domid, handle);
    value = read_node(xs, path, &length);
    if (value) {
        v->has_mac = xenvalue_mac(value, length, &v->mac);
        free(value);
    } else if (errno != ENOENT) {
        return errno;
    }

    snprintf(path, sizeof path,
             XENREAD_BACKEND "/%" PRIu32 "/%" PRIu32 "/script", domid, handle);
    value = read_node(xs, path, &length);
    if (value) {
        if (!xenvalue_basename(value, length, SCRIPT_MAX, script)) {
            script[0] = '\0';
        }
        free(value);
    } else if (errno != ENOENT) {
        return errno;
    }

    snprintf(path, sizeof path,
             XENREAD_BACKEND "/%" PRIu32 "/%" PRIu32 "/vifname", domid,
             handle);
    value = read_node(xs, path, &length);
    if (value) {
        if (!xenvalue_name(value, length, IFNAMSIZ - 1, vifname)) {
            vifname[0] = '\0';
        }
        free(value);
    } else if (errno != ENOENT) {
        return errno;
    }

    v->script = arena_strdup(arena, script);
    v->vifname = arena_strdup(arena, vifname);
    return 0;
}

static int
compare_numbers(const void *a_, const void *b_)
{
    uint32_t a = *(const uint32_t *) a_, b = *(const uint32_t *) b_;

    return a < b ? -1 : a > b;
}

/* Lists the entries of directory 'path' that are numbers of at most 'max',
 * in order. Returns 0, also if there is no such directory, or an errno. */
static int
list_numbers(struct xs_handle *xs, const char *path, uint32_t max,
             uint32_t **ret_numbers, size_t *ret_n)
{
    unsigned int n_entries;
    uint32_t *numbers;
    char **entries;
    size_t n = 0;

    entries = xs_directory(xs, XBT_NULL, path, &n_entries);
    if (!entries) {
        *ret_numbers = NULL;
        *ret_n = 0;
        return errno == ENOENT ? 0 : errno;
    }
    numbers = xmalloc((n_entries + 1) * sizeof *numbers);
    for (unsigned int i = 0; i < n_entries; i++) {
        if (xenvalue_number(entries[i], strlen(entries[i]), max,
                            &numbers[n])) {
            n++;
        }
    }
    free(entries);
    qsort(numbers, n, sizeof *numbers, compare_numbers);
    *ret_numbers = numbers;
    *ret_n = n;
    return 0;
}

static int
read_domains(struct xs_handle *xs, struct inventory *inv)
{
    uint32_t *domids;
    size_t n;
    int error;

    error = list_numbers(xs, DOMAINS, XENVALUE_DOMID_MAX, &domids, &n);
    inv->domains = ARENA_ARRAY(inv->arena, struct inventory_domain, n);
    for (size_t i = 0; i < n && !error; i++) {
        if (!domids[i]) {
            continue; /* Domain 0 is no guest. */
        }
        error = read_domain(xs, domids[i], inv->arena,
                            &inv->domains[inv->n_domains]);
        if (!error) {
            inv->n_domains++;
        } else if (error == ENOENT) {
            error = 0;
        }
    }
    free(domids);
    return error;
}

static int
read_vifs(struct xs_handle *xs, struct inventory *inv)
{
    size_t n_domids, allocated = 0;
    uint32_t *domids;
    int error;

    error = list_numbers(xs, XENREAD_BACKEND, XENVALUE_DOMID_MAX, &domids,
                         &n_domids);
    for (size_t i = 0; i < n_domids && !error; i++) {
        char path[PATH_SIZE];
        uint32_t *handles;
        size_t n;

        snprintf(path, sizeof path, XENREAD_BACKEND "/%" PRIu32, domids[i]);
        error = list_numbers(xs, path, HANDLE_MAX, &handles, &n);
        for (size_t j = 0; j < n && !error; j++) {
            if (inv->n_vifs == allocated) {
                struct inventory_vif *v;

                allocated = allocated ? 2 * allocated : 16;
                v = ARENA_ARRAY(inv->arena, struct inventory_vif, allocated);
                if (inv->n_vifs) {
                    memcpy(v, inv->vifs, inv->n_vifs * sizeof *v);
                }
                inv->vifs = v;
            }
            error = read_vif(xs, domids[i], handles[j], inv->arena,
                             &inv->vifs[inv->n_vifs]);
            inv->n_vifs += !error;
        }
        free(handles);
    }
    free(domids);
    return error;
}

int
xenread(struct xs_handle *xs, struct inventory *inv)
{
    int error = read_domains(xs, inv);

    return error ? error : read_vifs(xs, inv);
}
