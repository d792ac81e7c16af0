/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Objects of the kernel as plain data: comparing, printing. Nothing here knows
 * a dataplane; arrays of these are in objects.c, and `diff.c` merges them. */

#include <cordon-config.h>
#include "plan/object.h"

#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "plan/keys.h"
#include "util.h"

static const char *const kind_names[] = {
    [OBJECT_BRIDGE] = "bridge",
    [OBJECT_SYSCTL] = "sysctl",
    [OBJECT_MODULE_HOST] = "guard host",
    [OBJECT_MODULE_SEGMENT] = "guard segment",
    [OBJECT_MODULE_PORT] = "guard port",
    [OBJECT_NFT_TABLE] = "table",
    [OBJECT_NFT_SET] = "set",
    [OBJECT_NFT_CHAIN] = "chain",
    [OBJECT_NFT_RULES] = "rules",
    [OBJECT_NFT_ELEMENT] = "element",
    [OBJECT_GROUP_TABLE] = "group table",
    [OBJECT_GROUP_SET] = "group set",
    [OBJECT_GROUP_CHAIN] = "group chain",
    [OBJECT_GROUP_RULES] = "group rules",
    [OBJECT_GROUP_ELEMENT] = "group element",
    [OBJECT_QDISC] = "qdisc",
    [OBJECT_FILTER] = "filter",
    [OBJECT_SHAPE] = "shape",
    [OBJECT_POLICE] = "police",
    [OBJECT_MASTER] = "master",
    [OBJECT_BRPORT] = "brport",
    [OBJECT_VLAN] = "vlan",
    [OBJECT_FDB] = "fdb",
    [OBJECT_UP] = "link",
};

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
    c = c ? c : (a->key_len > b->key_len) - (a->key_len < b->key_len);
    return c ? c : !!a->keys - !!b->keys;
}

bool
object_same(const struct object *a, const struct object *b)
{
    return !memcmp(a->value, b->value, sizeof a->value)
           && !compare_strings(a->text, b->text);
}

bool
object_equal(const struct object *a, const struct object *b)
{
    /* These have no gaps between them. */
    BUILD_ASSERT_DECL(offsetof(struct object, foreign)
                      == 6 * sizeof(uint32_t) + OBJECT_KEY_MAX + 1);

    return !memcmp(a, b, offsetof(struct object, foreign))
           && !compare_strings(a->name, b->name)
           && !compare_strings(a->text, b->text)
           && (a->keys == b->keys
               || (a->keys && b->keys && keys_equal(a->keys, b->keys)));
}

struct object
object_of_key(const struct object *o, const uint8_t *key)
{
    struct object one = *o;

    one.keys = NULL;
    one.key_len = o->keys->len;
    memcpy(one.key, key, one.key_len);
    return one;
}

enum object_stage
object_stage(const struct object *o)
{
    switch (o->kind) {
    case OBJECT_BRIDGE:
    case OBJECT_SYSCTL:
        return STAGE_HOST;

    case OBJECT_MODULE_HOST:
    case OBJECT_MODULE_SEGMENT:
    case OBJECT_MODULE_PORT:
    case OBJECT_NFT_TABLE:
    case OBJECT_NFT_SET:
    case OBJECT_NFT_CHAIN:
    case OBJECT_NFT_RULES:
    case OBJECT_NFT_ELEMENT:
    case OBJECT_GROUP_TABLE:
    case OBJECT_GROUP_SET:
    case OBJECT_GROUP_CHAIN:
    case OBJECT_GROUP_RULES:
    case OBJECT_GROUP_ELEMENT:
    case OBJECT_QDISC:
    case OBJECT_FILTER:
    case OBJECT_SHAPE:
    case OBJECT_POLICE:
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
    uint32_t owner = o->ifindex ? o->ifindex : o->owner;

    for (size_t i = 0; o->users && i < o->users->n_ports; i++) {
        if (o->users->ports[i] == ifindex) {
            return true;
        }
    }
    return owner ? owner == ifindex : !o->segment || o->segment == segment;
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
    case OBJECT_MODULE_HOST:
    case OBJECT_MODULE_SEGMENT:
    case OBJECT_MODULE_PORT:
    case OBJECT_NFT_TABLE:
    case OBJECT_NFT_SET:
    case OBJECT_NFT_CHAIN:
    case OBJECT_NFT_RULES:
    case OBJECT_NFT_ELEMENT:
    case OBJECT_GROUP_TABLE:
    case OBJECT_GROUP_SET:
    case OBJECT_GROUP_CHAIN:
    case OBJECT_GROUP_RULES:
    case OBJECT_GROUP_ELEMENT:
    case OBJECT_QDISC:
    case OBJECT_SHAPE:
    case OBJECT_POLICE:
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
    size_t before = ds->length;

    if (o->keys) {
        for (size_t i = 0; i < o->keys->n; i++) {
            struct object one = object_of_key(o, keys_at(o->keys, i));

            ds_put_cstr(ds, i ? ", " : "");
            format_value(&one, ds);
        }
        return;
    }
    if (o->describe) {
        o->describe(o, ds);
    } else {
        ds_put_cstr(ds, or_empty(o->text));
    }
    if (ds->length == before) {
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
