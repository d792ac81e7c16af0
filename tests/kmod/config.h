/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_KMOD_CONFIG_H
#define CORDON_KMOD_CONFIG_H 1

/* What the judge knows of host, segments and ports, from text. One line each,
 * of what came last where it belongs to something:
 *
 *     bridge MAC
 *     underlay PREFIX
 *     segment ID
 *       broadcast ADDRESS
 *       believed MAC PREFIX
 *       gateway MAC
 *       declared PREFIX
 *       trusted MAC
 *       member COMMUNITY MAC
 *     port NAME              in the last segment
 *       mac MAC
 *       pair MAC PREFIX
 *       vrrp NUMBER
 *       mtu BYTES            1500 unless given
 *       router
 *       dhcp-server
 *       isolated
 *       community NUMBER
 */

#include "../../kmod/fragment.h"
#include "../../kmod/parse.h"

struct test_segment {
    struct cordon_segment_config c;
    struct test_segment *next;
};

struct test_port {
    struct cordon_port_config c;
    struct cordon_fragments fragments;
    char *name;
    struct test_port *next;
};

struct test_config {
    struct cordon_host_config host;
    struct test_segment *segments; /* Last one first, as ports. */
    struct test_port *ports;
};

/* Takes a line, which is changed. False: it is none of these. */
bool test_config_line(struct test_config *config, char *line);
void test_config_done(struct test_config *config);

struct test_port *test_config_port(struct test_config *config,
                                   const char *name);
const struct cordon_segment_config *
test_config_segment(const struct test_config *config, u32 id);

#endif /* tests/kmod/config.h */
