/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Reads how much an interface may send and receive. */

#include <cordon-config.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "policy/build.h"
#include "policy/field.h"
#include "policy/node.h"
#include "policy/scalar.h"
#include "util.h"

/* The kernel counts in 32 bits of 64 ns how long a burst lasts. */
enum { MAX_SECONDS = 240 };

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit rate_units[] = {
    { "kbit", 1000 },
    { "Mbit", 1000000 },
    { "Gbit", 1000000000 },
    { NULL, 0 },
};

static const struct unit burst_units[] = {
    { "KiB", 1024 },
    { "MiB", 1024 * 1024 },
    { NULL, 0 },
};

/* What is written as a number with a unit. */
struct quantity {
    const char *name, *units_text, *range_text;
    const struct unit *units;
    uint64_t min, max;
};

/* Bits a second. */
static const struct quantity rate_quantity = {
    .name = "a rate",
    .units_text = "kbit, Mbit or Gbit (a second), as in 200Mbit",
    .range_text = "8kbit to 400Gbit",
    .units = rate_units,
    .min = 8000,
    .max = 400000000000,
};

/* Bytes. A frame of a guest with segmentation offload has up to 64 KiB: what
 * holds less would never pass it. */
static const struct quantity burst_quantity = {
    .name = "a burst",
    .units_text = "KiB or MiB, as in 256KiB",
    .range_text = "64KiB, which a frame of a guest may have, to 1024MiB",
    .units = burst_units,
    .min = 64 * 1024,
    .max = 1024 * 1024 * 1024,
};

/* The value for each direction, NULL if it has none. */
struct direction_nodes {
    const struct node *ingress, *egress;
};

static const struct field direction_fields[] = {
    FIELD(struct direction_nodes, ingress, FIELD_OPTIONAL),
    FIELD(struct direction_nodes, egress, FIELD_OPTIONAL),
    FIELDS_END,
};

/* Parses "1.5Gbit". */
static bool
parse_quantity(const char *s, const struct unit *units, uint64_t *ret)
{
    size_t n = strspn(s, "0123456789");
    const char *end = &s[n];
    double value;

    if (!n || n > 15) {
        return false;
    }
    if (*end == '.') {
        n = strspn(++end, "0123456789");
        if (!n || n > 9) {
            return false;
        }
        end += n;
    }
    value = strtod(s, NULL);
    for (; units->name; units++) {
        if (!strcmp(end, units->name)) {
            value *= units->factor;
            *ret = value < 1e18 ? (uint64_t) (value + 0.5) : UINT64_MAX;
            return true;
        }
    }
    return false;
}

/* Returns false if there is none, or with an error. A number lacks its unit
 * only. */
static bool
read_quantity(struct build *b, const struct node *node,
              const struct quantity *q, uint64_t *ret)
{
    const char *s;
    uint64_t value;

    if (node && !node->broken
        && (node->type == NODE_INTEGER || node->type == NODE_FLOAT)) {
        s = node->text;
    } else if (!scalar_string(b, node, q->name, &s)) {
        return false;
    }
    if (!parse_quantity(s, q->units, &value)) {
        build_error(b, node, "\"%.60s\" is not %s; write it in %s", s, q->name,
                    q->units_text);
        return false;
    }
    if (value < q->min || value > q->max) {
        build_error(b, node, "%s of %.60s is not possible; write one from %s",
                    q->name, s, q->range_text);
        return false;
    }
    *ret = value;
    return true;
}

/* Finds the nodes of each direction in one value for both or a mapping. */
static void
split(struct build *b, const struct node *node, const char *what,
      const struct node *ret_nodes[POLICY_N_DIRECTIONS])
{
    struct direction_nodes nodes = { .ingress = NULL };

    if (node && !node->broken && node->type == NODE_MAPPING) {
        if (!node->n) {
            build_error(b, node,
                        "%s is empty; it needs at least one of \"ingress\" "
                        "and \"egress\"",
                        what);
        }
        fields_read(b, node, node, what, direction_fields, &nodes);
    } else {
        nodes.ingress = nodes.egress = node;
    }
    ret_nodes[POLICY_INGRESS] = nodes.ingress;
    ret_nodes[POLICY_EGRESS] = nodes.egress;
}

/* Checks or, if it is 0, makes up the burst of 'r', which 'node' gave. False
 * with an error. */
static bool
set_burst(struct build *b, const struct node *node, struct policy_rate *r)
{
    if (!r->rate) {
        r->burst = 0;
    } else if (!r->burst) {
        r->burst = MAX(burst_quantity.min, r->rate / 8 / 100); /* 10 ms. */
    } else if ((uint64_t) r->burst * 8 > r->rate * MAX_SECONDS) {
        build_error(b, node,
                    "a burst of %.60s lasts more than %d seconds at this "
                    "rate; write a smaller one",
                    node->text, MAX_SECONDS);
        return false;
    }
    return true;
}

void
rates_read(struct build *b, const struct node *rate, const struct node *burst,
           struct policy_rate rates[POLICY_N_DIRECTIONS])
{
    const struct node *r[POLICY_N_DIRECTIONS], *u[POLICY_N_DIRECTIONS];
    uint64_t bytes[POLICY_N_DIRECTIONS] = { 0, 0 };
    bool told = false;

    if (burst && !rate) {
        build_error(b, burst,
                    "\"burst\" says nothing without \"rate\"; add that");
    }
    split(b, rate, "\"rate\"", r);
    split(b, burst, "\"burst\"", u);
    for (size_t d = 0; d < POLICY_N_DIRECTIONS; d++) {
        /* What holds for both is read, and its errors are told, once. */
        if (d && r[d] == r[0]) {
            rates[d].rate = rates[0].rate;
        } else {
            read_quantity(b, r[d], &rate_quantity, &rates[d].rate);
        }
        if (d && u[d] == u[0]) {
            bytes[d] = bytes[0];
        } else {
            read_quantity(b, u[d], &burst_quantity, &bytes[d]);
        }
        rates[d].burst = bytes[d];
    }
    for (size_t d = 0; d < POLICY_N_DIRECTIONS; d++) {
        if (rate && u[d] && u[d] != burst && !r[d]) {
            build_error(b, u[d],
                        "\"burst\" of \"%s\" says nothing without its "
                        "\"rate\"; add that",
                        u[d]->key);
        }
        if (!told || u[d] != u[0]) {
            told = !set_burst(b, u[d], &rates[d]);
        }
    }
}
