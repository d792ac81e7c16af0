/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AGENT_DROP_FILE_H
#define CORDON_AGENT_DROP_FILE_H 1

/* The file of the log of drops. It is made with its first line, and its
 * directory if there is none. What it does not take is kept, up to a limit: it
 * may be a pipe whose reader is slow. */

#include <stdbool.h>

struct drop_file;

struct drop_file *drop_file_new(const char *path);
void drop_file_free(struct drop_file *); /* NULL is fine. */

/* Opens the file anew before the next line. */
void drop_file_reopen(struct drop_file *);

/* Adds a line, with its line feed. False if too many are waiting already. */
bool drop_file_put(struct drop_file *, const char *line);

/* Writes what is waiting. */
void drop_file_flush(struct drop_file *);

/* The same, forgets what cannot be written, and closes the file. */
void drop_file_rest(struct drop_file *);
void drop_file_wait(const struct drop_file *);

/* Says that 'what' has failed. Returns when to try again. */
long long int drop_file_failed(const char *what, int error);

#endif /* src/agent/drop_file.h */
