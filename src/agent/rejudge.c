/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The reconciler's clock for running connections. The dataplane does the
 * judging; where it fails, that is a problem of the host and tried again with
 * growing pauses. */

#include <cordon-config.h>
#include "agent/rejudge.h"

#include <limits.h>
#include <stdlib.h>

#include "dataplane/dataplane.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "timeval.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(rejudge);

#define AGAIN_MS 1000
#define RETRY_MIN_MS 500
#define RETRY_MAX_MS 10000

void
rejudge_init(struct rejudge *j)
{
    *j = (struct rejudge){ .twice = true, .backoff = RETRY_MIN_MS };
}

void
rejudge_done(struct rejudge *j)
{
    free(j->problem);
}

void
rejudge_anew(struct rejudge *j)
{
    j->at = 0;
    j->twice = true;
}

void
rejudge_now(struct rejudge *j)
{
    j->at = 0;
}

static void
failed(struct rejudge *j, int error)
{
    char *problem = xasprintf("running connections cannot be judged by the "
                              "rules: %s",
                              ovs_strerror(-error));

    if (!j->problem) {
        VLOG_ERR("%s", problem);
    }
    free(j->problem);
    j->problem = problem;
    j->at = time_msec() + j->backoff;
    j->backoff = MIN(2 * j->backoff, RETRY_MAX_MS);
}

void
rejudge_run(struct rejudge *j, const struct dataplane *dataplane,
            const struct plan *plan, bool all)
{
    int error;

    if (all && j->early) {
        rejudge_anew(j);
    }
    if (time_msec() < j->at) {
        return;
    }
    j->early = !all;
    error = dataplane->judge(plan);
    if (error) {
        failed(j, error);
        return;
    }
    if (j->problem) {
        VLOG_INFO("running connections have been judged by the rules");
        free(j->problem);
        j->problem = NULL;
    }
    j->backoff = RETRY_MIN_MS;
    j->at = j->twice ? time_msec() + AGAIN_MS : LLONG_MAX;
    j->twice = false;
}

void
rejudge_wait(const struct rejudge *j)
{
    if (j->at != LLONG_MAX) {
        poll_timer_wait_until(j->at);
    }
}
