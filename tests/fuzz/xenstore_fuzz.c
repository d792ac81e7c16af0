/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Fuzzes the values of xenstore nodes: what is taken has the form that it
 * must have, and nothing past the value's length is looked at. */

#include <cordon-config.h>

#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "inventory/xenvalue.h"
#include "util.h"

static void
check_name(const char *name, size_t max)
{
    size_t n = strlen(name);

    ovs_assert(n && n <= max);
    for (size_t i = 0; i < n; i++) {
        ovs_assert(name[i] > ' ' && name[i] <= '~');
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* A block of its own, for the sanitizer to see what is read past it. */
    char *value = xmalloc(MAX(size, 1));
    char name[XENVALUE_MAX + 1];
    struct eth_addr mac;
    struct uuid uuid;
    uint32_t n;

    if (size) {
        memcpy(value, data, size);
    }
    if (xenvalue_number(value, size, XENVALUE_DOMID_MAX, &n)) {
        ovs_assert(n <= XENVALUE_DOMID_MAX);
    }
    if (xenvalue_mac(value, size, &mac)) {
        ovs_assert(size == 17);
    }
    if (xenvalue_vm(value, size, &uuid)) {
        ovs_assert(size >= 40 && !memcmp(value, "/vm/", 4));
    }
    for (size_t max = 1; max <= XENVALUE_MAX; max = max * 2 + 1) {
        if (xenvalue_name(value, size, MIN(max, XENVALUE_MAX), name)) {
            check_name(name, max);
            ovs_assert(strlen(name) == size);
        }
        if (xenvalue_basename(value, size, MIN(max, XENVALUE_MAX), name)) {
            check_name(name, max);
            ovs_assert(!strchr(name, '/'));
        }
    }
    free(value);
    return 0;
}
