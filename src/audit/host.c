/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Decodes a snapshot into a host: what the decoders of its parts share, and
 * what is asked of the result. */

#include <cordon-config.h>
#include "audit/host.h"

#include <errno.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "audit/host_private.h"
#include "lib/arena.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

void *
host_list_add(struct host_list *l, size_t size)
{
    if (l->n == l->allocated) {
        l->items = x2nrealloc(l->items, &l->allocated, size);
    }
    return memset(l->items + size * l->n++, 0, size);
}

void *
host_list_take(struct host_build *b, struct host_list *l, size_t size,
               size_t *ret_n)
{
    void *items = NULL;

    *ret_n = l->n;
    if (l->n) {
        items = arena_alloc(b->arena, size * l->n);
        memcpy(items, l->items, size * l->n);
    }
    free(l->items);
    *l = (struct host_list){ .items = NULL };
    return items;
}

void
host_unknown(struct host_build *b, uint32_t ifindex, const char *format, ...)
{
    struct host_unknown *u = host_list_add(&b->unknown, sizeof *u);
    va_list args;
    char *what;

    va_start(args, format);
    what = xvasprintf(format, args);
    va_end(args);
    u->ifindex = ifindex;
    u->what = arena_strdup(b->arena, what);
    ds_put_format(b->problems, "%s\n", what);
    free(what);
}

void
host_each_message(struct host_build *b, const char *name, size_t header_size,
                  host_message_cb *cb, void *aux)
{
    const struct snapshot_part *part = snapshot_part(b->host->snapshot, name);
    const struct nlmsghdr *nlh = NULL;
    bool said = false;

    if (part->kind == SNAPSHOT_UNREAD && part->matters) {
        host_unknown(b, 0, "%s could not be read: %s", name, part->why);
    }
    while ((nlh = snapshot_next(part, nlh))) {
        size_t size = NLMSG_HDRLEN + NLMSG_ALIGN(header_size);

        if (nlh->nlmsg_len < NLMSG_HDRLEN + header_size) {
            if (!said) {
                host_unknown(b, 0, "%s: a message is too short", name);
                said = true;
            }
        } else {
            const char *data = (const char *) nlh;
            struct host_message m = {
                .nlh = nlh,
                .header = data + NLMSG_HDRLEN,
                .attrs = ALIGNED_CAST(struct nlattr *,
                                      CONST_CAST(char *, data + size)),
                .n_attrs = nlh->nlmsg_len > size ? nlh->nlmsg_len - size : 0,
            };

            cb(b, &m, aux);
        }
    }
}

void
host_attrs(const struct host_message *m, struct nlattr **tb, int max)
{
    nla_parse(tb, max, m->attrs, m->n_attrs, NULL);
}

void
host_nested(const struct nlattr *nest, struct nlattr **tb, int max)
{
    if (nest) {
        nla_parse(tb, max, nla_data(nest), nla_len(nest), NULL);
    } else {
        memset(tb, 0, (max + 1) * sizeof *tb);
    }
}

const char *
host_text(struct host_build *b, const struct nlattr *attr)
{
    size_t n = attr ? strnlen(nla_data(attr), nla_len(attr)) : 0;
    char *text = arena_alloc(b->arena, n + 1);

    for (size_t i = 0; i < n; i++) {
        char c = ((const char *) nla_data(attr))[i];

        /* For reports: nothing that a terminal or JSON would choke on. */
        text[i] = c >= ' ' && c < 0x7f ? c : '?';
    }
    return text;
}

bool
host_bytes(const struct nlattr *attr, void *ret, size_t size)
{
    if (!attr || (size_t) nla_len(attr) != size) {
        return false;
    }
    memcpy(ret, nla_data(attr), size);
    return true;
}

struct addr
host_addr(const struct nlattr *attr)
{
    struct addr a = { .family = 0 };

    if (host_bytes(attr, a.b, 4)) {
        a.family = AF_INET;
    } else if (host_bytes(attr, a.b, 16)) {
        a.family = AF_INET6;
    }
    return a;
}

static int
compare_links(const void *a_, const void *b_)
{
    const struct host_link *a = a_, *b = b_;

    return a->ifindex < b->ifindex ? -1 : a->ifindex > b->ifindex;
}

const struct host_link *
host_link(const struct host *host, uint32_t ifindex)
{
    struct host_link key = { .ifindex = ifindex };

    return host->n_links ? bsearch(&key, host->links, host->n_links,
                                   sizeof key, compare_links)
                         : NULL;
}

struct host_link *
host_build_link(struct host_build *b, uint32_t ifindex)
{
    return CONST_CAST(struct host_link *, host_link(b->host, ifindex));
}

const struct host_link *
host_link_by_name(const struct host *host, const char *name)
{
    for (size_t i = 0; i < host->n_links; i++) {
        if (!strcmp(host->links[i].name, name)) {
            return &host->links[i];
        }
    }
    return NULL;
}

const struct host_vlan *
host_link_vlan(const struct host_link *link, uint16_t vid)
{
    for (size_t i = 0; i < link->n_vlans; i++) {
        if (link->vlans[i].vid == vid) {
            return &link->vlans[i];
        }
    }
    return NULL;
}

uint16_t
host_link_pvid(const struct host_link *link)
{
    for (size_t i = 0; i < link->n_vlans; i++) {
        if (link->vlans[i].pvid) {
            return link->vlans[i].vid;
        }
    }
    return 0;
}

const char *
host_sysctl(const struct host *host, const char *path)
{
    return snapshot_file(snapshot_part(host->snapshot, "sysctl"), path);
}

long int
host_sysctl_int(const struct host *host, const char *path, long int otherwise)
{
    const char *s = host_sysctl(host, path);
    char *end;
    long int x;

    if (!s) {
        return otherwise;
    }
    errno = 0;
    x = strtol(s, &end, 10);
    return end == s || *end || errno ? otherwise : x;
}

bool
host_forwards(const struct host *host, const struct host_link *link,
              uint8_t family)
{
    if (family == AF_INET) {
        /* ip_route_input_slow() asks the device's own (IN_DEV_FORWARD). */
        return link->has_conf4
                   ? link->forwarding4
                   : host_sysctl_int(host, "net/ipv4/ip_forward", 1) != 0;
    }
    /* ip6_forward() asks the host's. */
    return host_sysctl_int(host, "net/ipv6/conf/all/forwarding", 1) != 0
           || link->forwarding6;
}

bool
host_has_module(const struct host *host, const char *name)
{
    const char *s =
        snapshot_file(snapshot_part(host->snapshot, "proc"), "modules");
    size_t n = strlen(name);

    while (s && *s) {
        if (!strncmp(s, name, n) && s[n] == ' ') {
            return true;
        }
        s = strchr(s, '\n');
        s = s ? s + 1 : NULL;
    }
    for (size_t i = 0; i < host->n_hooks; i++) {
        if (!strcmp(host->hooks[i].module, name)) {
            return true;
        }
    }
    return false;
}

const struct host *
host_decode(const struct snapshot *snapshot, struct ds *problems)
{
    struct arena *arena = arena_new();
    struct host *host = arena_alloc(arena, sizeof *host);
    const struct snapshot_header *header = snapshot_header(snapshot);
    struct host_build b = {
        .host = host,
        .arena = arena,
        .problems = problems,
    };

    host->arena = arena;
    host->snapshot = snapshot;
    host->name = arena_strdup(arena, header->host);
    host->time = arena_strdup(arena, header->time);
    host->kernel = arena_strdup(arena, header->kernel);

    host_decode_links(&b);
    host_decode_bridges(&b);
    host_decode_tc(&b);
    host_decode_routes(&b);
    host_decode_hooks(&b);
    host_decode_module(&b);
    host_decode_vifs(&b);
    host_decode_rest(&b);
    host->unknown = host_list_take(&b, &b.unknown, sizeof *host->unknown,
                                   &host->n_unknown);
    return host;
}

void
host_free(const struct host *host)
{
    if (host) {
        arena_free(host->arena);
    }
}
