/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Reads values of xenstore nodes. Only nodes that the toolstack writes are
 * read, but a toolstack copies what its users gave it. inventory/xenstore.c
 * calls it, and a fuzzer. */

#include <cordon-config.h>
#include "inventory/xenvalue.h"

#include <string.h>

#include "lib/addr.h"
#include "uuid.h"

bool
xenvalue_number(const char *value, size_t length, uint32_t max,
                uint32_t *ret_number)
{
    uint64_t n = 0;

    if (!length || length > 10 || (value[0] == '0' && length > 1)) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (value[i] < '0' || value[i] > '9') {
            return false;
        }
        n = n * 10 + (value[i] - '0');
    }
    if (n > max) {
        return false;
    }
    *ret_number = n;
    return true;
}

bool
xenvalue_mac(const char *value, size_t length, struct eth_addr *ret_mac)
{
    char s[18];

    if (length != 17 || memchr(value, '\0', length)) {
        return false;
    }
    memcpy(s, value, length);
    s[length] = '\0';
    return mac_parse(s, ret_mac);
}

bool
xenvalue_vm(const char *value, size_t length, struct uuid *ret_uuid)
{
    char s[UUID_LEN + 1];

    if (length < 4 + UUID_LEN || memcmp(value, "/vm/", 4)) {
        return false;
    }
    value += 4;
    length -= 4;
    if (length > UUID_LEN) {
        uint32_t n;

        if (value[UUID_LEN] != '-'
            || !xenvalue_number(value + UUID_LEN + 1, length - UUID_LEN - 1,
                                UINT32_MAX, &n)) {
            return false;
        }
    }
    memcpy(s, value, UUID_LEN);
    s[UUID_LEN] = '\0';
    return uuid_from_string(ret_uuid, s);
}

bool
xenvalue_name(const char *value, size_t length, size_t max, char *ret_name)
{
    if (!length || length > max) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (value[i] <= ' ' || value[i] > '~') {
            return false;
        }
    }
    memcpy(ret_name, value, length);
    ret_name[length] = '\0';
    return true;
}

bool
xenvalue_basename(const char *value, size_t length, size_t max, char *ret_name)
{
    for (size_t i = length; i > 0; i--) {
        if (value[i - 1] == '/') {
            value += i;
            length -= i;
            break;
        }
    }
    return xenvalue_name(value, length, max, ret_name);
}
