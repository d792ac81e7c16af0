/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_GUARD_PRIVATE_H
#define CORDON_DATAPLANE_GUARD_PRIVATE_H 1

/* What the files that talk to the module have from each other. */

#include <stdint.h>

struct arena;
struct module_port;
struct module_segment;
struct objects;

/* The number of the module's family, 0 if it is not loaded. 0 or -errno. */
int module_find_family(uint16_t *ret_family);

/* Append a record as an object. 'device' is the name of the port's. */
void module_add_port(struct objects *, const struct module_port *,
                     const char *device, struct arena *);
void module_add_segment(struct objects *, const struct module_segment *,
                        struct arena *);

#endif /* src/dataplane/guard/private.h */
