/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AGENT_OPTIONS_H
#define CORDON_AGENT_OPTIONS_H 1

#include <stdbool.h>

/* cordond's command line; see cordond(8). */
struct options {
    char *policy; /* NULL: as applied last. Absolute. */
    char *control;
    char *state_dir;
    char *drop_log;
    bool xen, confine;
};

/* Parses the command line. Prints and exits for --help, --version and
 * mistakes. */
void options_parse(struct options *, int argc, char *argv[]);
void options_done(struct options *);

#endif /* src/agent/options.h */
