/* SPDX-License-Identifier: GPL-3.0-or-later */

/* cordon(8). */

#include <cordon-config.h>

#include <errno.h>
#include <stdio.h>

#include "cli/command.h"
#include "fatal-signal.h"
#include "util.h"

int
main(int argc, char *argv[])
{
    enum command_status status;

    ovs_set_program_name("cordon", PACKAGE_VERSION);
    fatal_ignore_sigpipe();
    status = command_run(argc, argv);
    if (fflush(stdout) || ferror(stdout)) {
        fprintf(stderr, "cordon: cannot write to standard output: %s\n",
                ovs_strerror(errno));
        return COMMAND_UNKNOWN;
    }
    return status;
}
