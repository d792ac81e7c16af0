/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Domains and vif backends as xenstored tells them, by libxenstore.
 *
 * Only nodes are read that the toolstack owns: /local/domain/DOMID/vm and
 * name, and mac, script and vifname of a backend directory. What a guest can
 * write is never looked at, and a node that it could write is not believed.
 * Watches mark the last reading as stale; the agent's loop calls. */

#include <cordon-config.h>
#include "inventory/xenstore.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <xenstore.h>

#include "inventory/inventory.h"
#include "inventory/xenvalue.h"
#include "lib/arena.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "timeval.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(xenstore);

#define BACKEND "/local/domain/0/backend/vif"
#define DOMAINS "/local/domain"
#define RETRY_MS 1000
#define HANDLE_MAX 65535
#define PATH_SIZE 128
#define SCRIPT_MAX 64
#define NAME_MAX_ 255

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(5, 20);

struct xenstore {
    struct xs_handle *h; /* NULL: not connected. */
    long long int retry_at;
    bool known;
    bool stale;            /* 'last' is not what xenstored has. */
    struct inventory last; /* Domains and vifs only. */
};

struct xenstore *
xenstore_new(void)
{
    struct xenstore *xs = xzalloc(sizeof *xs);

    xs->last.arena = arena_new();
    xs->retry_at = LLONG_MIN;
    return xs;
}

void
xenstore_free(struct xenstore *xs)
{
    if (xs) {
        xs_close(xs->h);
        arena_free(xs->last.arena);
        free(xs);
    }
}

static void
disconnect(struct xenstore *xs, const char *what, int error)
{
    VLOG_WARN("xenstored: %s: %s; trying again", what, ovs_strerror(error));
    xs_close(xs->h);
    xs->h = NULL;
    xs->retry_at = time_msec() + RETRY_MS;
}

static bool
reconnect(struct xenstore *xs)
{
    static const char *const watches[] = {
        BACKEND,
        "@introduceDomain",
        "@releaseDomain",
    };

    xs->retry_at = time_msec() + RETRY_MS;
    xs->h = xs_open(XS_OPEN_SOCKETONLY);
    if (!xs->h) {
        VLOG_WARN_RL(&rl, "xenstored does not answer: %s",
                     ovs_strerror(errno));
        return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(watches); i++) {
        if (!xs_watch(xs->h, watches[i], "cordon")) {
            disconnect(xs, "cannot watch", errno);
            return false;
        }
    }
    VLOG_INFO("connected to xenstored");
    xs->stale = true;
    return true;
}

/* Does a change of 'path' matter? Backends write their state and features
 * below their directory all the time. */
static bool
path_matters(const char *path)
{
    static const char *const leaves[] = { "mac", "script", "vifname" };
    const char *p;

    if (strncmp(path, BACKEND "/", sizeof BACKEND)) {
        return true;
    }
    p = strchr(path + sizeof BACKEND, '/'); /* Behind the domain. */
    p = p ? strchr(p + 1, '/') : NULL;      /* Behind the handle. */
    if (!p) {
        return true;
    }
    for (size_t i = 0; i < ARRAY_SIZE(leaves); i++) {
        if (!strcmp(p + 1, leaves[i])) {
            return true;
        }
    }
    return false;
}

bool
xenstore_run(struct xenstore *xs)
{
    bool was_stale = xs->stale;

    if (!xs->h) {
        return time_msec() >= xs->retry_at && reconnect(xs);
    }
    for (;;) {
        char **event;

        errno = 0;
        event = xs_check_watch(xs->h);
        if (!event) {
            break;
        }
        if (path_matters(event[XS_WATCH_PATH])) {
            xs->stale = true;
        }
        free(event);
    }
    if (errno && errno != EAGAIN && errno != EINTR) {
        disconnect(xs, "connection lost", errno);
        return true;
    }
    return xs->stale && !was_stale;
}

void
xenstore_wait(struct xenstore *xs)
{
    if (xs->h) {
        poll_fd_wait(xs_fileno(xs->h), POLLIN);
    } else {
        poll_timer_wait_until(xs->retry_at);
    }
}

void
xenstore_refresh(struct xenstore *xs)
{
    xs->stale = true;
}

bool
xenstore_known(const struct xenstore *xs)
{
    return xs->known;
}

/* Reads node 'path'. Returns NULL with errno ENOENT if there is none or its
 * value is too long, or another errno if xenstored did not answer. */
static char *
read_node(struct xenstore *xs, const char *path, size_t *ret_length)
{
    unsigned int length;
    char *value = xs_read(xs->h, XBT_NULL, path, &length);

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
is_ours(struct xenstore *xs, const char *path)
{
    struct xs_permissions *perms;
    unsigned int n;
    bool ours;

    perms = xs_get_permissions(xs->h, XBT_NULL, path, &n);
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
read_domain(struct xenstore *xs, uint32_t domid, struct arena *arena,
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
read_vif(struct xenstore *xs, uint32_t domid, uint32_t handle,
         struct arena *arena, struct inventory_vif *v)
{
    char path[PATH_SIZE], script[SCRIPT_MAX + 1] = "", vifname[IFNAMSIZ] = "";
    size_t length;
    char *value;

    *v = (struct inventory_vif){ .domid = domid, .handle = handle };

    snprintf(path, sizeof path, BACKEND "/%" PRIu32 "/%" PRIu32 "/mac", domid,
             handle);
    value = read_node(xs, path, &length);
    if (value) {
        v->has_mac = xenvalue_mac(value, length, &v->mac);
        free(value);
    } else if (errno != ENOENT) {
        return errno;
    }

    snprintf(path, sizeof path, BACKEND "/%" PRIu32 "/%" PRIu32 "/script",
             domid, handle);
    value = read_node(xs, path, &length);
    if (value) {
        if (!xenvalue_basename(value, length, SCRIPT_MAX, script)) {
            script[0] = '\0';
        }
        free(value);
    } else if (errno != ENOENT) {
        return errno;
    }

    snprintf(path, sizeof path, BACKEND "/%" PRIu32 "/%" PRIu32 "/vifname",
             domid, handle);
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
list_numbers(struct xenstore *xs, const char *path, uint32_t max,
             uint32_t **ret_numbers, size_t *ret_n)
{
    unsigned int n_entries;
    uint32_t *numbers;
    char **entries;
    size_t n = 0;

    entries = xs_directory(xs->h, XBT_NULL, path, &n_entries);
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
read_domains(struct xenstore *xs, struct inventory *inv)
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
read_vifs(struct xenstore *xs, struct inventory *inv)
{
    size_t n_domids, allocated = 0;
    uint32_t *domids;
    int error;

    error = list_numbers(xs, BACKEND, XENVALUE_DOMID_MAX, &domids, &n_domids);
    for (size_t i = 0; i < n_domids && !error; i++) {
        char path[PATH_SIZE];
        uint32_t *handles;
        size_t n;

        snprintf(path, sizeof path, BACKEND "/%" PRIu32, domids[i]);
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

/* Replaces 'xs->last' by what xenstored has now. */
static void
read_all(struct xenstore *xs)
{
    struct inventory inv = { .arena = arena_new() };
    int error;

    error = read_domains(xs, &inv);
    if (!error) {
        error = read_vifs(xs, &inv);
    }
    if (error) {
        arena_free(inv.arena);
        disconnect(xs, "cannot read", error);
        return;
    }
    arena_free(xs->last.arena);
    xs->last = inv;
    xs->known = true;
    xs->stale = false;
}

void
xenstore_read(struct xenstore *xs, struct inventory *inv)
{
    const struct inventory *last = &xs->last;

    if (xs->h && xs->stale) {
        read_all(xs);
    }
    inv->xen = xs->h != NULL;
    inv->n_domains = last->n_domains;
    inv->domains =
        ARENA_ARRAY(inv->arena, struct inventory_domain, last->n_domains);
    for (size_t i = 0; i < last->n_domains; i++) {
        inv->domains[i] = last->domains[i];
        inv->domains[i].name = arena_strdup(inv->arena, last->domains[i].name);
    }
    inv->n_vifs = last->n_vifs;
    inv->vifs = ARENA_ARRAY(inv->arena, struct inventory_vif, last->n_vifs);
    for (size_t i = 0; i < last->n_vifs; i++) {
        inv->vifs[i] = last->vifs[i];
        inv->vifs[i].script = arena_strdup(inv->arena, last->vifs[i].script);
        inv->vifs[i].vifname = arena_strdup(inv->arena, last->vifs[i].vifname);
    }
}
