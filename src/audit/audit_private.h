/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_AUDIT_PRIVATE_H
#define CORDON_AUDIT_AUDIT_PRIVATE_H 1

/* Between the files of the audit. */

#include "audit/audit.h"
#include "audit/header.h"
#include "audit/reach.h"
#include "openvswitch/compiler.h"
#include "util.h"

struct host_hook;
struct host_vlan;

/* A finding; the other fields may be set in what is returned. */
struct audit_finding *audit_find(struct audit *, enum audit_severity,
                                 const char *what, const char *port,
                                 const char *format, ...)
    OVS_PRINTF_FORMAT(5, 6);
/* Gives it the frame of 'x' and what let it through. */
void audit_find_frame(struct audit *, struct audit_finding *,
                      const struct reach *, bits x);
void audit_assume(struct audit *, const char *format, ...)
    OVS_PRINTF_FORMAT(2, 3);

static inline void
audit_worsen(enum audit_verdict *v, enum audit_verdict with)
{
    if (with > *v) {
        *v = with;
    }
}

static inline void
audit_worsen_pair(struct audit *a, size_t from, size_t to,
                  enum audit_verdict with)
{
    uint8_t *v = &a->pairs[from * a->n_tenants + to];

    *v = MAX(*v, with);
}

/* audit_tenant.c: fills ports and tenants. */
char *audit_tenants(struct audit *, const struct audit_options *);

/* audit_port.c: what a port sends and receives. */
void audit_ports(struct audit *);

/* audit_way.c: the way of frames through hooks and bridge. */
/* Runs what a frame meets that comes in by a port, up to the bridge. */
void audit_ingress(struct reach *, const struct audit_port *);
/* What it meets between bridge and port "to" (NULL: any), and out of it. */
void audit_bridge(struct reach *, const struct audit_port *,
                  const struct audit_port *to);
void audit_out(struct reach *, const struct audit_port *);
/* What a bridge takes of the frames that come in by the port. */
void audit_entered(struct reach *, const struct audit_port *);
/* True of what filters bridged frames and is neither nftables nor of the
 * kernel's own. */
bool audit_filters_bridged(const struct host_hook *);
/* Labels of the frames in 'r->frames'. */
bits audit_marks(const struct audit *, struct reach *);

/* The frames of 'r' whose marks are among 'marks'. */
bits audit_carried(const struct reach *r, bits marks);

/* audit_label.c: what keeps frames apart on their way, their mark and source
 * MAC. */
/* Sets 'sources' and 'all_but_label'; adds to 'rewritten' the sources if
 * something may change them. */
void audit_labels(struct audit *);
/* True if the variable is of the mark or of the source. */
bool audit_is_label(int var);
/* Those from a MAC of the port. */
bits audit_labels_from(const struct spec *);

/* audit_domain.c: who shares a segment. */
void audit_domains(struct audit *);
void audit_domains_free(struct audit *);
/* The domain that a VLAN (0: no filtering) of a bridge is part of. */
size_t audit_domain(const struct audit *, uint32_t bridge, uint16_t vid);
void audit_joins(struct audit *);
/* True if it is joined by routing: frames get another source on their way. */
bool audit_is_routed(struct audit *, size_t domain);
/* What may change marks on the way. */
void audit_rewritten(struct audit *);
/* Fills the domains of all ports, after all has been joined. */
void audit_port_domains(struct audit *);

/* audit_class.c: the lemma of a port by that of its class: true if it is
 * proven, and what the port sends or receives filled in. Else nothing is
 * said. */
bool audit_class_sends(struct audit *, struct audit_port *);
bool audit_class_receives(struct audit *, struct audit_port *);
void audit_classes_free(struct audit *);

/* audit_pair.c: which tenants reach which. */
void audit_pairs(struct audit *);

/* audit_host.c: the host itself, and states. */
void audit_host(struct audit *);
/* True if nothing that arrives at the device gets into the host. */
bool audit_is_shut(struct audit *, const struct host_link *);

/* audit_module.c: a port that the kernel module guards, against its spec. */
void audit_module_port(struct audit *, struct audit_port *);
bool audit_module_guards(const struct audit *, const struct host_link *);
/* What the module's table allows a port that it guards: where no policy says
 * what it may do, what it can do. */
const struct spec *audit_module_spec(const struct audit *,
                                     const struct host_link *);
void audit_module_ingress(struct reach *, const struct audit_port *);
void audit_module_egress(struct reach *, const struct audit_port *);
/* The lemma of a port at which nothing but the module's guard is hooked: true
 * if that is so, and what the port sends or receives filled in. */
bool audit_module_sends(struct audit *, struct audit_port *);
bool audit_module_receives(struct audit *, struct audit_port *);

#endif /* src/audit/audit_private.h */
