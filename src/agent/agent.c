/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Policy, xenstored, reconciler and waiting requests under one roof. The
 * path of the policy that was applied last is kept in the state directory, so
 * that a restart wants what the kernel holds. */

#include <cordon-config.h>
#include "agent/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/canary.h"
#include "agent/request.h"
#include "inventory/inventory.h"
#include "inventory/xenstore.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "policy/parse.h"
#include "policy/policy.h"
#include "timeval.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(agent);

#define REFRESH_MS 10000 /* xenstored is asked that often at least. */
#define DEFAULT_POLICY SYSCONFDIR "/cordon/policy.yaml"
#define APPLIED "policy-path" /* In the state directory. */

/* Without xenstored's word nobody knows whose the vifs are: then the kernel
 * keeps what it has. */
static int
read_inventory(void *agent_, struct inventory **ret_inventory)
{
    struct agent *agent = agent_;
    struct inventory *inv;
    int error;

    error = inventory_read(agent->xs, &inv);
    if (error) {
        return error;
    }
    for (size_t i = 0; i < inv->n_links; i++) {
        if (agent->xs && !xenstore_known(agent->xs)
            && !strcmp(inv->links[i].bus, "xen-backend")) {
            inventory_free(inv);
            return -ENOTCONN;
        }
    }
    *ret_inventory = inv;
    return 0;
}

/* Reads the path of the policy applied last. NULL if there is none. */
static char *
applied_path(const char *state_dir)
{
    char *name = xasprintf("%s/%s", state_dir, APPLIED);
    char path[PATH_MAX];
    FILE *file = fopen(name, "re");
    char *result = NULL;

    if (file) {
        if (fgets(path, sizeof path, file) && path[0] == '/') {
            path[strcspn(path, "\n")] = '\0';
            result = xstrdup(path);
        }
        fclose(file);
    }
    free(name);
    return result;
}

static void
remember_path(const struct agent *agent)
{
    char *name = xasprintf("%s/%s", agent->state_dir, APPLIED);
    char *tmp = xasprintf("%s.new", name);
    FILE *file;
    int fd;

    fd =
        open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!file || fprintf(file, "%s\n", agent->policy_path) < 0 || fflush(file)
        || fsync(fd) || rename(tmp, name)) {
        VLOG_WARN("%s: %s; a restart will not know that this policy was "
                  "applied",
                  name, ovs_strerror(errno));
    }
    if (file) {
        fclose(file);
    } else if (fd >= 0) {
        close(fd);
    }
    free(tmp);
    free(name);
}

void
agent_init(struct agent *agent, const struct dataplane *dataplane, bool xen,
           const char *state_dir, const char *policy_path)
{
    *agent = (struct agent){
        .xs = xen ? xenstore_new() : NULL,
        .state_dir = xstrdup(state_dir),
    };
    ovs_list_init(&agent->requests);
    reconciler_init(&agent->reconciler, dataplane, read_inventory, agent);
    agent->policy_path =
        policy_path ? xstrdup(policy_path) : applied_path(state_dir);
    if (!agent->policy_path) {
        agent->policy_path = xstrdup(DEFAULT_POLICY);
    }
}

void
agent_done(struct agent *agent)
{
    canaries_end(agent, "the agent is stopping");
    requests_done(agent);
    reconciler_done(&agent->reconciler);
    xenstore_free(agent->xs);
    free(agent->policy_error);
    free(agent->policy_path);
    free(agent->state_dir);
}

int
agent_load(struct agent *agent, const char *path, struct ds *errors)
{
    struct policy *policy;
    int error;

    error = policy_load(path, errors, &policy);
    free(agent->policy_error);
    agent->policy_error = NULL;
    if (error) {
        if (!errors->length) {
            ds_put_format(errors, "%s: %s\n", path, ovs_strerror(-error));
        }
        agent->policy_error = xasprintf("%s was refused", path);
        return error;
    }
    canaries_end(agent, "another policy has been applied");
    reconciler_set_policy(&agent->reconciler, policy);
    if (strcmp(agent->policy_path, path)) {
        free(agent->policy_path);
        agent->policy_path = xstrdup(path);
    }
    remember_path(agent);
    VLOG_INFO("policy %s: %" PRIuSIZE " tenants, %" PRIuSIZE " interfaces",
              path, policy->n_tenants, policy->n_interfaces);
    return 0;
}

void
agent_reload(struct agent *agent)
{
    struct ds errors = DS_EMPTY_INITIALIZER;
    char *path = xstrdup(agent->policy_path);

    if (agent_load(agent, path, &errors)) {
        char *save = NULL;

        VLOG_ERR("policy %s is refused, nothing is changed:", path);
        for (char *line = strtok_r(ds_cstr(&errors), "\n", &save); line;
             line = strtok_r(NULL, "\n", &save)) {
            VLOG_ERR("%s", line);
        }
    }
    free(path);
    ds_destroy(&errors);
}

void
agent_run(struct agent *agent)
{
    if (agent->xs) {
        if (time_msec() >= agent->refresh_at) {
            xenstore_refresh(agent->xs);
            agent->refresh_at = time_msec() + REFRESH_MS;
        }
        if (xenstore_run(agent->xs)) {
            reconciler_dirty(&agent->reconciler);
        }
    }
    canaries_run(agent);
    reconciler_run(&agent->reconciler);
    requests_run(agent);
}

void
agent_wait(struct agent *agent)
{
    if (agent->xs) {
        xenstore_wait(agent->xs);
    }
    canaries_wait(agent);
    reconciler_wait(&agent->reconciler);
    requests_wait(agent);
}
