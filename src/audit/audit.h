/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_AUDIT_H
#define CORDON_AUDIT_AUDIT_H 1

/* The audit: from a host as a snapshot has it to a verdict on each port, on
 * each ordered pair of tenants and on the host, with what it rests on.
 * doc/audit-proof.md has the lemmas. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/bits.h"
#include "audit/spec.h"

struct arena;
struct host;
struct host_link;
struct policy;
struct policy_interface;
struct ruleset;
struct writer;

/* In order: the worst one of several is what counts. */
enum audit_verdict { AUDIT_ISOLATED, AUDIT_NOT_PROVEN, AUDIT_LEAK };

/* Where a finding stands: AUDIT_NOTE and AUDIT_WARNING are no leaks. */
enum audit_severity {
    AUDIT_NOTE,
    AUDIT_WARNING,
    AUDIT_OPEN, /* Costs a proof. */
    AUDIT_HOLE, /* Lets a frame through. */
};

struct audit_finding {
    enum audit_severity severity;
    const char *what; /* "spoofed-mac", "mirred": one word, for programs. */
    const char *text;
    const char *port;    /* Device; "" if it is about the host. */
    const char *to;      /* The other device or tenant, "" if there is none. */
    const char *through; /* Chain and rule that decided; "". */
    const uint8_t *frame; /* NULL: none. */
    size_t n_frame;
};

struct audit_port {
    const struct host_link *link;
    const struct policy_interface *interface; /* NULL: of no policy. */
    const struct spec *spec;
    size_t tenant;
    bool by_argument; /* Whose it is, the options say. */
    enum audit_verdict verdict;
    bool closed;       /* Nothing comes in by it. */
    bool by_module;    /* The kernel module guards it. */
    const char *guard; /* "nftables", "module", "none". */

    /* What it can send and receive: of 'domain', frames whose mark and source
     * MAC are in the set. */
    const size_t *domains; /* Segments of bridges, by index. */
    size_t n_domains;
    const size_t *hears; /* That it gets frames from. */
    size_t n_hears;
    bits sends, receives;
};

struct audit_tenant {
    const char *name;
    size_t n_ports;
};

struct audit {
    struct arena *arena;
    const struct host *host;
    const struct ruleset *ruleset;
    const struct policy *policy; /* NULL: none. */
    enum audit_verdict verdict, host_verdict;
    bool inferred; /* Tenants, from the snapshot. */

    struct audit_port *ports; /* By ifindex. */
    size_t n_ports;
    struct audit_tenant *tenants;
    size_t n_tenants;
    uint8_t *pairs; /* enum audit_verdict of [from * n_tenants + to]. */
    struct audit_finding *findings;
    size_t n_findings, allocated_findings;
    const char **assumptions;
    size_t n_assumptions, allocated_assumptions;

    /* Numbers of connected domains, audit_domain.c. */
    struct audit_domains *domains;
    struct audit_classes *classes; /* Of ports, audit_class.c. */
    bits heard; /* Marks of frames that some device of a bridge, or the host,
                 * is given. */
    bits rewritten;     /* Marks that differ only in bits that something may
                     * change on the way: variables of these bits; and those
                     * of the source, if something may change that. */
    bool written;       /* Something on the way may write into frames. */
    bits sources;       /* Variables of the source MAC. */
    bits all_but_label; /* All variables but those and the mark's. */
    unsigned int n_steps;
};

struct audit_options {
    const struct policy *policy; /* NULL: none. */
    const char *const *tenants;  /* "NAME=vif1.0,vif2.0"; over the policy's
                                  * and what would be inferred. */
    size_t n_tenants;
};

/* Audits. Returns NULL, or an error in words that the caller frees: something
 * in the options, or no memory. The host, ruleset and policy must outlive the
 * audit. */
char *audit_run(const struct host *, const struct ruleset *,
                const struct audit_options *, struct audit **ret_audit);
void audit_free(struct audit *); /* NULL is fine. */

/* Writes the report. */
void audit_write(const struct audit *, struct writer *);
char *audit_text(const struct audit *); /* The caller frees. */

/* True if a pair of tenants has a verdict: they are two, and each has a port
 * that a frame could take. */
bool audit_is_pair(const struct audit *, size_t from, size_t to);

const char *audit_verdict_name(enum audit_verdict);
const char *audit_severity_name(enum audit_severity);

#endif /* src/audit/audit.h */
