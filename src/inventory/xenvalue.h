/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_INVENTORY_XENVALUE_H
#define CORDON_INVENTORY_XENVALUE_H 1

/* Values of xenstore nodes. They come with a length and may hold any byte,
 * NUL included; each function takes only exactly what it expects. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/types.h"
#include "openvswitch/uuid.h"

#define XENVALUE_MAX 256           /* Longer values are not looked at. */
#define XENVALUE_DOMID_MAX 0x7ff0u /* Below DOMID_FIRST_RESERVED. */

/* A decimal number of at most 'max', without sign, blanks or leading zeros:
 * a domain id or a handle. */
bool xenvalue_number(const char *value, size_t length, uint32_t max,
                     uint32_t *ret_number);

/* Six pairs of hex digits with colons between them. */
bool xenvalue_mac(const char *value, size_t length, struct eth_addr *ret_mac);

/* "/vm/UUID", perhaps with "-N" behind it as old toolstacks write after a
 * reboot. */
bool xenvalue_vm(const char *value, size_t length, struct uuid *ret_uuid);

/* The name of a domain, a device or a script: at most 'max' printable ASCII
 * characters without blanks, at least one. Copies it to 'ret_name', which has
 * room for 'max' + 1. */
bool xenvalue_name(const char *value, size_t length, size_t max,
                   char *ret_name);

/* The name behind the last slash of a path, under the same conditions. */
bool xenvalue_basename(const char *value, size_t length, size_t max,
                       char *ret_name);

#endif /* src/inventory/xenvalue.h */
