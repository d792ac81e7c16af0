/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Objects of the kernel as plain data: sorting, comparing, printing. Nothing
 * here knows a dataplane; `diff.c` merges arrays of these. */

#include <cordon-config.h>
#include "plan/object.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

static const char *const kind_names[] = {
    [OBJECT_BRIDGE] = "bridge",
    [OBJECT_SYSCTL] = "sysctl",
    [OBJECT_NFT_TABLE] = "table",
    [OBJECT_NFT_SET] = "set",
    [OBJECT_NFT_CHAIN] = "chain",
    [OBJECT_NFT_RULES] = "rules",
    [OBJECT_NFT_ELEMENT] = "element",
    [OBJECT_QDISC] = "qdisc",
    [OBJECT_FILTER] = "filter",
    [OBJECT_MASTER] = "master",
    [OBJECT_BRPORT] = "brport",
    [OBJECT_VLAN] = "vlan",
    [OBJECT_FDB] = "fdb",
    [OBJECT_UP] = "link",
};

const char *
object_kind_name(enum object_kind kind)
{
    return kind_names[kind];
}

struct object *
objects_add(struct objects *os, const struct object *o)
{
    if (os->n == os->allocated) {
        os->v = x2nrealloc(os->v, &os->allocated, sizeof *os->v);
    }
    os->v[os->n] = *o;
    return &os->v[os->n++];
}

static int
compare(const void *a, const void *b)
{
    return object_cmp(a, b);
}

void
objects_sort(struct objects *os)
{
    if (os->n) {
        qsort(os->v, os->n, sizeof *os->v, compare);
    }
}

void
objects_done(struct objects *os)
{
    free(os->v);
    memset(os, 0, sizeof *os);
}

static const char *
or_empty(const char *s)
{
    return s ? s : "";
}

/* strcmp() that takes NULL for "" and knows equal pointers. */
static int
compare_strings(const char *a, const char *b)
{
    return a == b ? 0 : strcmp(or_empty(a), or_empty(b));
}

int
object_cmp(const struct object *a, const struct object *b)
{
    int c;

    if (a->kind != b->kind) {
        return a->kind < b->kind ? -1 : 1;
    }
    if (a->ifindex != b->ifindex) {
        return a->ifindex < b->ifindex ? -1 : 1;
    }
    c = compare_strings(a->name, b->name);
    if (c) {
        return c;
    }
    c = memcmp(a->key, b->key, MIN(a->key_len, b->key_len));
    return c ? c : (a->key_len > b->key_len) - (a->key_len < b->key_len);
}

bool
object_same(const struct object *a, const struct object *b)
{
    return !memcmp(a->value, b->value, sizeof a->value)
           && !compare_strings(a->text, b->text);
}

enum object_stage
object_stage(const struct object *o)
{
    switch (o->kind) {
    case OBJECT_BRIDGE:
    case OBJECT_SYSCTL:
        return STAGE_HOST;

    case OBJECT_NFT_TABLE:
    case OBJECT_NFT_SET:
    case OBJECT_NFT_CHAIN:
    case OBJECT_NFT_RULES:
    case OBJECT_NFT_ELEMENT:
    case OBJECT_QDISC:
    case OBJECT_FILTER:
        return STAGE_GUARD;

    case OBJECT_MASTER:
    case OBJECT_BRPORT:
    case OBJECT_VLAN:
    case OBJECT_FDB:
        return STAGE_SEGMENT;

    case OBJECT_UP:
        return STAGE_OPEN;
    }
    OVS_NOT_REACHED();
}

bool
object_concerns(const struct object *o, uint32_t ifindex, uint32_t segment)
{
    return o->ifindex ? o->ifindex == ifindex
                      : !o->segment || o->segment == segment;
}

static uint32_t
get_be(const uint8_t *p, size_t n)
{
    uint32_t x = 0;

    while (n--) {
        x = x << 8 | *p++;
    }
    return x;
}

static void
format_key(const struct object *o, struct ds *ds)
{
    const uint8_t *k = o->key;

    switch (o->kind) {
    case OBJECT_VLAN:
        ds_put_format(ds, " %u", get_be(k, 2));
        return;

    case OBJECT_FDB:
        ds_put_format(ds, " %02x:%02x:%02x:%02x:%02x:%02x vlan %u", k[2], k[3],
                      k[4], k[5], k[6], k[7], get_be(k, 2));
        return;

    case OBJECT_FILTER:
        ds_put_format(ds, " block %#x prio %u handle %#x", get_be(k, 4),
                      get_be(k + 4, 2), get_be(k + 6, 4));
        return;

    case OBJECT_BRIDGE:
    case OBJECT_SYSCTL:
    case OBJECT_NFT_TABLE:
    case OBJECT_NFT_SET:
    case OBJECT_NFT_CHAIN:
    case OBJECT_NFT_RULES:
    case OBJECT_NFT_ELEMENT:
    case OBJECT_QDISC:
    case OBJECT_MASTER:
    case OBJECT_BRPORT:
    case OBJECT_UP:
        if (o->key_len) {
            ds_put_char(ds, ' ');
            for (size_t i = 0; i < o->key_len; i++) {
                ds_put_format(ds, "%02x", k[i]);
            }
        }
        return;
    }
}

static void
format_value(const struct object *o, struct ds *ds)
{
    if (o->text && o->text[0]) {
        ds_put_cstr(ds, o->text);
    } else {
        int last = ARRAY_SIZE(o->value) - 1;

        while (last > 0 && !o->value[last]) {
            last--;
        }
        for (int i = 0; i <= last; i++) {
            ds_put_format(ds, "%s%#x", i ? " " : "", o->value[i]);
        }
    }
}

static void
format_name(const struct object *o, struct ds *ds)
{
    ds_put_cstr(ds, kind_names[o->kind]);
    if (o->name && o->name[0]) {
        ds_put_format(ds, " %s", o->name);
    }
    if (o->device && o->device[0]) {
        ds_put_format(ds, " %s", o->device);
    } else if (o->ifindex) {
        ds_put_format(ds, " #%" PRIu32, o->ifindex);
    }
    format_key(o, ds);
}

void
object_format(const struct object *o, struct ds *ds)
{
    format_name(o, ds);
    ds_put_cstr(ds, " = ");
    format_value(o, ds);
}

const struct object *
change_object(const struct change *c)
{
    return c->want ? c->want : c->have;
}

void
change_format(const struct change *c, struct ds *ds)
{
    switch (c->op) {
    case CHANGE_ADD:
        ds_put_cstr(ds, "+ ");
        break;

    case CHANGE_MOD:
        ds_put_cstr(ds, "~ ");
        break;

    case CHANGE_DEL:
        ds_put_cstr(ds, "- ");
        break;
    }
    object_format(change_object(c), ds);
    if (c->op == CHANGE_MOD) {
        ds_put_cstr(ds, " (was ");
        format_value(c->have, ds);
        ds_put_char(ds, ')');
    }
}
