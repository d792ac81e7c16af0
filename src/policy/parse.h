/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_POLICY_PARSE_H
#define CORDON_POLICY_PARSE_H 1

/* From policy file to struct policy. Reads YAML 1.2 or JSON by libfyaml. */

#include <stddef.h>

struct ds;
struct policy;

/* Loads the file 'path', or all *.yaml, *.yml and *.json in the directory
 * 'path', together with what they include. Returns 0 and the policy, which the caller
 * frees with policy_free(); or -EINVAL with every error found, or another
 * -errno if 'path' itself could not be read. 'errors' then has, for each error,
 *
 *     FILE:LINE:COLUMN: error: what is wrong; what to do
 *     the line
 *         ^
 */
int policy_load(const char *path, struct ds *errors,
                struct policy **ret_policy);

/* The same for people's commands, who may wait: 'path' itself may be a pipe or
 * a terminal, too. */
int policy_read(const char *path, struct ds *errors,
                struct policy **ret_policy);

/* The same for text in memory; 'name' is what errors call it. Includes are
 * refused. For the fuzzer and tests. */
int policy_parse(const char *name, const char *text, size_t length,
                 struct ds *errors, struct policy **ret_policy);

#endif /* src/policy/parse.h */
