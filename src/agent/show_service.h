/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AGENT_SHOW_SERVICE_H
#define CORDON_AGENT_SHOW_SERVICE_H 1

/* Services in words. Part of show.c. */

struct agent;
struct policy_service;
struct policy_tenant;
struct writer;

/* A list of the services of a tenant's networks. */
void show_services(struct writer *, const struct policy_tenant *);

/* The service of the policy in force that is called "tenant/network:service",
 * NULL if none. */
const struct policy_service *show_find_service(const struct agent *,
                                               const char *name);

/* All that a namespace has to be made of; cordon-service(8) reads it. */
void show_service(struct writer *, const struct agent *,
                  const struct policy_service *);

#endif /* src/agent/show_service.h */
