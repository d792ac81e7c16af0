/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_UNIT_PLAN_FIXTURE_H
#define TESTS_UNIT_PLAN_FIXTURE_H 1

/* An inventory as JSON, and a plan as text: for tests that make plans. */

struct ds;
struct inventory;
struct json;
struct plan;

/* The inventory that 'json' describes:
 *
 *   { "domains": [ { "domid", "uuid", "name" } ],
 *     "vifs": [ { "domid", "handle", "mac", "script", "vifname" } ],
 *     "links": [ { "ifindex", "name", "kind", "bus", "parent", "mac",
 *                  "master", "lower", "flags": [ "up", "carrier", "loopback",
 *                  "slave", "xdp", "address" ] } ] }
 *
 * "master" and "lower" are names of links. What is left out is 0, "" or no.
 * Exits with a message if it makes no sense. */
struct inventory *fixture_inventory(const struct json *json);

/* Everything in 'plan', a line each. */
void fixture_print_plan(const struct plan *plan, struct ds *);

#endif /* tests/unit/plan_fixture.h */
