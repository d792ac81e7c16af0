/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Reading single values, and saying precisely what is wrong with them. */

#include <cordon-config.h>
#include "policy/scalar.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "packets.h"
#include "policy/build.h"
#include "policy/node.h"
#include "util.h"
#include "uuid.h"

enum {
    MAX_NAME = 63,
    MAX_DESCRIPTION = 200,
};

bool
scalar_bool(struct build *b, const struct node *node, bool *ret)
{
    if (!node || node->broken) {
        return false;
    }
    if (node->type != NODE_BOOL) {
        build_error(b, node,
                    "\"%.60s\" must be true or false, not %s; write "
                    "true or false%s",
                    node->key, node_type_name(node->type),
                    node->quoted ? " without quotes" : "");
        return false;
    }
    *ret = node->text[0] == 't' || node->text[0] == 'T';
    return true;
}

/* Reads an integer as YAML 1.2 writes them. JSON knows no difference between
 * 110 and 110.0, so a number without fraction is one, too. */
static bool
parse_integer(const struct node *node, int64_t *ret)
{
    const char *s = node->text;
    char *end;

    if (node->type == NODE_FLOAT) {
        double d = strtod(s, &end);

        if (*end || !(d >= -1e15 && d <= 1e15) || d != (int64_t) d) {
            return false;
        }
        *ret = d;
        return true;
    }
    if (node->type != NODE_INTEGER) {
        return false;
    }
    errno = 0;
    if (s[0] == '0' && s[1] == 'o') {
        *ret = strtoll(&s[2], &end, 8);
    } else if (s[0] == '0' && s[1] == 'x') {
        *ret = strtoll(&s[2], &end, 16);
    } else {
        *ret = strtoll(s, &end, 10);
    }
    return !*end && !errno;
}

enum { RANGE_LEN = 80 };

/* Writes which integers there may be to 'buf' and returns it. */
static const char *
range(int64_t min, int64_t max, char buf[RANGE_LEN])
{
    if (min == max) {
        snprintf(buf, RANGE_LEN, "%" PRId64, min);
    } else {
        snprintf(buf, RANGE_LEN, "an integer from %" PRId64 " to %" PRId64,
                 min, max);
    }
    return buf;
}

bool
scalar_integer(struct build *b, const struct node *node, int64_t min,
               int64_t max, int64_t *ret)
{
    char buf[RANGE_LEN];
    int64_t value;

    if (!node || node->broken) {
        return false;
    }
    if (node->type != NODE_INTEGER && node->type != NODE_FLOAT) {
        build_error(b, node, "\"%.60s\" must be %s, not %s; write %s",
                    node->key, range(min, max, buf),
                    node_type_name(node->type),
                    node->quoted                ? "the number without quotes"
                    : node->type == NODE_STRING ? "it in decimal or as 0x..."
                                                : "the number");
        return false;
    }
    if (!parse_integer(node, &value) || value < min || value > max) {
        build_error(b, node, "\"%.60s\" is %.60s; it must be %s", node->key,
                    node->text, range(min, max, buf));
        return false;
    }
    *ret = value;
    return true;
}

bool
scalar_string(struct build *b, const struct node *node, const char *what,
              const char **ret)
{
    if (!node || node->broken) {
        return false;
    }
    if (node->type != NODE_STRING) {
        bool quotes = node->type == NODE_BOOL || node->type == NODE_INTEGER
                      || node->type == NODE_FLOAT;

        build_error(b, node, "%s\"%.60s\" must be %s, not %s; %s",
                    node->item ? "each of " : "", node->key, what,
                    node_type_name(node->type),
                    quotes                       ? "put it in quotes"
                    : node->type == NODE_MAPPING ? "write one, in quotes if "
                                                   "it has a colon"
                                                 : "write one");
        return false;
    }
    *ret = node->text;
    return true;
}

bool
scalar_mac(struct build *b, const struct node *node, struct eth_addr *ret)
{
    static const struct eth_addr vif = ETH_ADDR_C(fe, ff, ff, ff, ff, ff);
    struct eth_addr mac;
    const char *s;

    if (!scalar_string(b, node, "a MAC address", &s)) {
        return false;
    }
    if (!mac_parse(s, &mac)) {
        build_error(b, node,
                    "\"%.60s\" is not a MAC address; write six pairs "
                    "of hexadecimal digits: 00:16:3e:00:00:01",
                    s);
    } else if (eth_addr_is_zero(mac)) {
        build_error(b, node,
                    "the zero MAC address belongs to nobody; write "
                    "the one that the interface has");
    } else if (eth_addr_is_multicast(mac)) {
        build_error(b, node,
                    "%s is a group's MAC address; an interface's has "
                    "an even first byte",
                    s);
    } else if (eth_addr_equals(mac, vif)) {
        build_error(b, node,
                    "%s is what every vif has in dom0; write the one "
                    "that the guest has",
                    s);
    } else {
        *ret = mac;
        return true;
    }
    return false;
}

bool
scalar_description(struct build *b, const struct node *node, const char **ret)
{
    bool ok = true;
    const char *s;

    if (!scalar_string(b, node, "a description", &s)) {
        return false;
    }
    for (const unsigned char *c = (const unsigned char *) s; *c; c++) {
        ok = ok && *c >= ' ' && *c != 0x7f && (*c != 0xc2 || c[1] >= 0xa0);
    }
    if (!*s) {
        build_error(b, node,
                    "the description is empty; write one, or remove "
                    "the key");
    } else if (strlen(s) > MAX_DESCRIPTION) {
        build_error(b, node,
                    "a description of %zu bytes; shorten it, %d are possible",
                    strlen(s), MAX_DESCRIPTION);
    } else if (!ok) {
        build_error(b, node,
                    "a description is one line without control "
                    "characters; remove them");
    } else {
        *ret = s;
        return true;
    }
    return false;
}

bool
scalar_device(struct build *b, const struct node *node, const char **ret)
{
    /* Paths below /proc/sys/net have these beside the devices. */
    static const char *const reserved[] = { ".", "..", "all", "default" };
    const char *s;
    bool ok;

    if (!scalar_string(b, node, "a network device's name", &s)) {
        return false;
    }
    ok = *s && strlen(s) < IFNAMSIZ;
    for (const char *c = s; *c; c++) {
        /* '%' makes the kernel number the device. */
        ok = ok && *c > ' ' && *c < 0x7f && !strchr("/:%", *c);
    }
    for (size_t i = 0; i < ARRAY_SIZE(reserved); i++) {
        ok = ok && strcmp(s, reserved[i]);
    }
    if (!ok) {
        build_error(b, node,
                    "\"%.60s\" cannot be a network device's name; "
                    "it has 1 to %d characters, without space, / : %%, and "
                    "is not \"all\" or \"default\"",
                    s, IFNAMSIZ - 1);
        return false;
    }
    *ret = s;
    return true;
}

bool
scalar_uuid(struct build *b, const struct node *node, struct uuid *ret)
{
    struct uuid uuid;
    const char *s;

    if (!scalar_string(b, node, "a UUID", &s)) {
        return false;
    }
    if (!uuid_from_string(&uuid, s)) {
        build_error(b, node,
                    "\"%.60s\" is not a UUID; `xl list -v` shows "
                    "those of running domains",
                    s);
        return false;
    }
    if (uuid_is_zero(&uuid)) {
        build_error(b, node, "the zero UUID is dom0's; write the guest's");
        return false;
    }
    *ret = uuid;
    return true;
}

bool
name_check(struct build *b, const struct node *name, const char *what)
{
    const char *s = name->text;
    bool ok = isalnum((unsigned char) *s) && strlen(s) <= MAX_NAME;

    for (; *s; s++) {
        ok = ok
             && ((unsigned char) *s < 0x80
                 && (isalnum((unsigned char) *s) || strchr("_.-", *s)));
    }
    if (!ok) {
        build_error(b, name,
                    "\"%.60s\" cannot be %s's name; it has 1 to %d "
                    "letters, digits, '_', '.' or '-' and starts with a "
                    "letter or digit",
                    name->text, what, MAX_NAME);
    }
    return ok;
}
