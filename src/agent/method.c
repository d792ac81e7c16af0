/* SPDX-License-Identifier: GPL-3.0-or-later */

/* One function per method of the control socket, and a table of them. The
 * control socket calls method_call() for each request. */

#include <cordon-config.h>
#include "agent/method.h"

#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/call.h"
#include "agent/canary.h"
#include "agent/request.h"
#include "agent/show.h"
#include "agent/show_service.h"
#include "lib/writer.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "openvswitch/vlog.h"
#include "policy/parse.h"
#include "policy/policy.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(method);

#define ARGUMENTS_MAX 3

struct method {
    const char *name;
    size_t min, max; /* Arguments behind the form. */
    void (*function)(struct agent *, struct call *, const char *const *argv);
};

/* Parses seconds. Answers the call if they are none. */
static bool
parse_timeout(struct call *call, const char *s, unsigned int *ret_timeout)
{
    if (!str_to_uint(s, 10, ret_timeout)
        || *ret_timeout > REQUEST_TIMEOUT_MAX) {
        call_fail(call, 2, "timeout has to be 0 to %d seconds",
                  REQUEST_TIMEOUT_MAX);
        return false;
    }
    return true;
}

static bool
check_device(struct call *call, const char *s)
{
    if (!s[0] || strlen(s) >= IFNAMSIZ || strchr(s, '/')) {
        call_fail(call, 2, "not the name of a device");
        return false;
    }
    return true;
}

static bool
check_path(struct call *call, const char *s)
{
    if (s[0] != '/' || strlen(s) >= PATH_MAX) {
        call_fail(call, 2, "not an absolute path");
        return false;
    }
    return true;
}

static void
plug(struct agent *agent, struct call *call, const char *const *argv)
{
    unsigned int timeout;

    if (parse_timeout(call, argv[0], &timeout)
        && check_device(call, argv[1])) {
        request_plug(agent, call, argv[1], timeout);
    }
}

static void
unplug(struct agent *agent, struct call *call, const char *const *argv)
{
    unsigned int timeout;

    if (parse_timeout(call, argv[0], &timeout)
        && check_device(call, argv[1])) {
        request_unplug(agent, call, argv[1], timeout);
    }
}

/* Answers that policy_load() has failed: with a policy that has errors, or
 * without having read one. */
static void
fail_policy(struct call *call, int error, const char *so, struct ds *errors)
{
    bool read = error == -EINVAL;

    ds_chomp(errors, '\n');
    call_fail(call, read ? 1 : 2, "the policy %s%s\n%s",
              read ? "is refused" : "cannot be read", so, ds_cstr(errors));
}

/* TIMEOUT PATH; without waiting if TIMEOUT is 0. */
static void
apply(struct agent *agent, struct call *call, const char *const *argv)
{
    struct ds errors = DS_EMPTY_INITIALIZER;
    unsigned int timeout;
    int error;

    if (!parse_timeout(call, argv[0], &timeout)
        || !check_path(call, argv[1])) {
        return;
    }
    error = agent_load(agent, argv[1], &errors);
    if (error) {
        VLOG_WARN("policy %s is refused, nothing is changed", argv[1]);
        fail_policy(call, error, ", nothing is changed", &errors);
    } else if (timeout) {
        request_apply(agent, call, timeout);
    } else {
        struct writer *w = call_writer(call);

        writer_object(w, NULL);
        writer_string(w, "policy", agent->policy_path);
        writer_end(w);
        call_answer(call, 0, w);
    }
    ds_destroy(&errors);
}

static void
diff_method(struct agent *agent, struct call *call, const char *const *argv)
{
    struct reconciler *r = &agent->reconciler;
    struct ds errors = DS_EMPTY_INITIALIZER;
    struct policy *policy = NULL;
    struct turn *t = NULL;
    int error;

    if (argv[0]) {
        if (!check_path(call, argv[0])) {
            return;
        }
        error = policy_load(argv[0], &errors, &policy);
        if (error) {
            fail_policy(call, error, "", &errors);
            goto out;
        }
    } else if (!r->policy && !r->next) {
        call_fail(call, 2, "the agent has no policy: %s",
                  agent->policy_error ? agent->policy_error : "none applied");
        goto out;
    }
    error = reconciler_preview(r,
                               policy    ? policy
                               : r->next ? r->next
                                         : r->policy,
                               &t);
    if (error) {
        call_fail(call, 2, "cannot read the state of the host: %s",
                  ovs_strerror(-error));
    } else {
        struct writer *w = call_writer(call);
        bool changes = show_changes(w, t, r->policy);

        call_answer(call, changes, w);
    }

out:
    turn_free(t);
    policy_free(policy);
    ds_destroy(&errors);
}

/* begin NETWORK NETWORK | hold | end TIMEOUT */
static void
probe(struct agent *agent, struct call *call, const char *const *argv)
{
    unsigned int timeout;

    if (!strcmp(argv[0], "begin") && argv[1] && argv[2]) {
        char *error = canaries_begin(agent, &argv[1]);

        if (error) {
            call_fail(call, 2, "%s", error);
            free(error);
        } else {
            canaries_answer(agent, call);
        }
    } else if (!strcmp(argv[0], "hold") && !argv[1]) {
        canaries_hold(agent, call);
    } else if (!strcmp(argv[0], "end") && argv[1] && !argv[2]) {
        if (parse_timeout(call, argv[1], &timeout)) {
            canaries_end(agent, "the probe is over");
            request_apply(agent, call, timeout);
        }
    } else {
        call_fail(call, 2, "probe begin NETWORK NETWORK|hold|end TIMEOUT");
    }
}

static void
show_service_method(struct agent *agent, struct call *call, const char *name)
{
    const struct policy_service *service = show_find_service(agent, name);
    struct writer *w;

    if (!service) {
        call_fail(call, 1,
                  "%s: no service of the policy in force; it is written "
                  "TENANT/NETWORK:SERVICE",
                  name);
        return;
    }
    w = call_writer(call);
    show_service(w, agent, service);
    call_answer(call, 0, w);
}

static void
show(struct agent *agent, struct call *call, const char *const *argv)
{
    const char *what = argv[0];
    struct writer *w;
    int error = 0;

    if (!show_understands(what, argv[1])) {
        call_fail(call, 2,
                  "show [tenants|ports|drops|port NAME|service NAME]");
        return;
    }
    if (argv[1] && !strcmp(what, "service")) {
        show_service_method(agent, call, argv[1]);
        return;
    }
    if (argv[1] && !show_knows_port(agent, argv[1])) {
        call_fail(call, 1, "%s: no port and no device of a port", argv[1]);
        return;
    }
    w = call_writer(call);
    if (!what) {
        show_summary(w, agent);
    } else if (!strcmp(what, "tenants")) {
        show_tenants(w, agent);
    } else if (!strcmp(what, "ports")) {
        show_ports(w, agent);
    } else if (!strcmp(what, "drops")) {
        error = show_drops(w, agent);
    } else {
        error = show_port(w, agent, argv[1]);
    }
    if (error) {
        free(writer_finish(w));
        call_fail(call, 2, "cannot read the kernel: %s", ovs_strerror(-error));
    } else {
        call_answer(call, 0, w);
    }
}

/* Also how a command that waits learns that the agent lives. */
static void
version(struct agent *agent OVS_UNUSED, struct call *call,
        const char *const *argv OVS_UNUSED)
{
    struct writer *w = call_writer(call);

    writer_object(w, NULL);
    writer_string(w, "agent", PACKAGE_VERSION);
    writer_end(w);
    call_answer(call, 0, w);
}

static void
log_method(struct agent *agent OVS_UNUSED, struct call *call,
           const char *const *argv)
{
    char *error = vlog_set_levels_from_string(argv[0]);

    if (error) {
        call_fail(call, 2, "%s", error);
        free(error);
    } else {
        call->answer(call, 0, xstrdup(""));
    }
}

static void
exit_method(struct agent *agent, struct call *call,
            const char *const *argv OVS_UNUSED)
{
    agent->exiting = true;
    call->answer(call, 0, xstrdup(""));
}

static const struct method methods[] = {
    { "apply", 2, 2, apply },      { "diff", 0, 1, diff_method },
    { "exit", 0, 0, exit_method }, { "log", 1, 1, log_method },
    { "plug", 2, 2, plug },        { "probe", 1, 3, probe },
    { "show", 0, 2, show },        { "unplug", 2, 2, unplug },
    { "version", 0, 0, version },
};

/* Takes the strings out of 'params' into 'argv', which is all NULL. Returns
 * NULL or what is wrong with them. */
static const char *
parse_params(const struct json *params, bool *ret_json,
             const char *argv[ARGUMENTS_MAX + 1], size_t *ret_n)
{
    const struct json_array *array;

    if (params->type != JSON_ARRAY) {
        return "parameters have to be an array";
    }
    array = &params->array;
    if (!array->n || array->n > ARGUMENTS_MAX + 1) {
        return "wrong number of parameters";
    }
    for (size_t i = 0; i < array->n; i++) {
        const struct json *p = array->elems[i];

        if (p->type != JSON_STRING) {
            return "parameters have to be strings";
        }
        for (const char *s = p->string; *s; s++) {
            if ((unsigned char) *s < ' ' || *s == 0x7f) {
                return "control character in a parameter";
            }
        }
        if (i) {
            argv[i - 1] = p->string;
        }
    }
    if (strcmp(array->elems[0]->string, "json")
        && strcmp(array->elems[0]->string, "text")) {
        return "the first parameter has to be \"text\" or \"json\"";
    }
    *ret_json = !strcmp(array->elems[0]->string, "json");
    *ret_n = array->n - 1;
    return NULL;
}

void
method_call(struct agent *agent, const char *method, const struct json *params,
            struct call *call)
{
    const char *argv[ARGUMENTS_MAX + 1] = { NULL };
    const char *wrong;
    size_t n;

    call->json = false;
    wrong = parse_params(params, &call->json, argv, &n);
    if (wrong) {
        call_fail(call, 2, "%s", wrong);
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
        if (!strcmp(methods[i].name, method)) {
            if (n < methods[i].min || n > methods[i].max) {
                call_fail(call, 2, "wrong number of arguments");
            } else {
                methods[i].function(agent, call, argv);
            }
            return;
        }
    }
    call_fail(call, 2, "no such method");
}
