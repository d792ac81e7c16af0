/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_MODULE_H
#define CORDON_AUDIT_MODULE_H 1

/* What the kernel module's guard does with a frame, as its table in a snapshot
 * says (kmod/hook.c). What the guard reads of a frame is port security, so the
 * verdict is portsec.h's, asked with the table's ports instead of a policy's. */

#include <stdbool.h>
#include <stdint.h>

struct host;
struct host_link;
struct run_assume;
struct skb;

/* What is assumed of what the module keeps of frames before this one. */
struct module_assumed {
    bool limit;    /* It is within the port's rates, or beyond them. */
    bool fragment; /* Of its datagram, nothing that it overlaps was sent. */
};

/* Whether 'link' is in the module's table, which has it hooked. */
bool module_hooks(const struct host *, const struct host_link *);

/* Judges 'skb' where the module is called, at ingress or at egress of 'link',
 * which is in its table. What passes at ingress gets the segment's mark.
 * Returns an 'enum reason', 0 if it passes. */
unsigned int module_judge(const struct host *, const struct host_link *link,
                          bool egress, const struct run_assume *, struct skb *,
                          struct module_assumed *ret_assumed);

#endif /* src/audit/module.h */
