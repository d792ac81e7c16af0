/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_CLI_COMMAND_H
#define CORDON_CLI_COMMAND_H 1

/* Subcommands of cordon(8): one function each, in a file of its own. */

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>

/* Exit status of all subcommands. */
enum command_status {
    COMMAND_HOLDS = 0,   /* Isolated, converged, valid, nothing to do. */
    COMMAND_FAILS = 1,   /* Not so. */
    COMMAND_UNKNOWN = 2, /* Could not tell; mistakes in usage, too. */
};

/* What stands before the subcommand. */
struct command_context {
    const char *control;         /* Path of the agent's socket. */
    unsigned int answer_timeout; /* Seconds without a sign of life of the
                                  * agent's after which it is given up. */
    bool json;
};

struct command {
    const char *name;
    /* 'argv[0]' is the subcommand. */
    enum command_status (*function)(const struct command_context *, int argc,
                                    char *argv[]);
    const char *arguments; /* "FILE" */
    const char *help;
};

enum command_status command_apply(const struct command_context *, int argc,
                                  char *argv[]);
enum command_status command_audit(const struct command_context *, int argc,
                                  char *argv[]);
enum command_status command_check(const struct command_context *, int argc,
                                  char *argv[]);
enum command_status command_diff(const struct command_context *, int argc,
                                 char *argv[]);
enum command_status command_exit(const struct command_context *, int argc,
                                 char *argv[]);
enum command_status command_log(const struct command_context *, int argc,
                                char *argv[]);
enum command_status command_plug(const struct command_context *, int argc,
                                 char *argv[]);
enum command_status command_probe(const struct command_context *, int argc,
                                  char *argv[]);
enum command_status command_show(const struct command_context *, int argc,
                                 char *argv[]);
enum command_status command_snapshot(const struct command_context *, int argc,
                                     char *argv[]);
enum command_status command_trace(const struct command_context *, int argc,
                                  char *argv[]);
enum command_status command_unplug(const struct command_context *, int argc,
                                   char *argv[]);
enum command_status command_version(const struct command_context *, int argc,
                                    char *argv[]);
enum command_status command_witness(const struct command_context *, int argc,
                                    char *argv[]);

/* Runs the command line 'argv', whose first word is the program. */
enum command_status command_run(int argc, char *argv[]);

/* getopt_long() for the subcommand argv[0], 'optind' being 0 before the first
 * call; 'shorts' begins with ':', or "+:" if no option may stand behind an
 * argument. After a mistake, which has been said, '?'. */
int command_option(const struct command_context *, int argc, char *argv[],
                   const char *shorts, const struct option *);

/* Says how 'name' is used, as command_error() does. */
enum command_status command_usage(const struct command_context *,
                                  const char *name);

/* Says what is wrong: on standard error as text, or on standard output as a
 * JSON object with the member "error", less the end of a line at its end. */
void command_error(const struct command_context *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Parses the option --timeout and, if 'no_wait', --no-wait, which is a
 * timeout of 0. Leaves 'optind' at the first argument. False after a
 * mistake, which has been said. */
bool command_timeout(const struct command_context *, int argc, char *argv[],
                     bool no_wait, unsigned int *timeout);

/* For a command without options that takes 'min' to 'max' arguments. Leaves
 * 'optind' at the first. False after a mistake, which has been said. */
bool command_arguments(const struct command_context *, int argc, char *argv[],
                       int min, int max);

/* Parses "30s", "5m", "1h" or seconds, up to a year, not 0. */
bool command_duration(const char *s, unsigned int *ret_seconds);

/* The absolute form of the policy's path 'path', in which symbolic links
 * stand as they are: where one leads is for each loading to find. The caller
 * frees it. NULL if there is nothing, which has been said. */
char *command_path(const struct command_context *, const char *path);

#endif /* src/cli/command.h */
