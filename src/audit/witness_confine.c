/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Confinement of the one who reads what guests send, by libcap-ng and
 * libseccomp. cordon witness calls this once everything is open. */

#include <cordon-config.h>
#include "audit/witness.h"

#include <cap-ng.h>
#include <errno.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "util.h"

#define NOBODY 65534

static const int allowed[] = {
    SCMP_SYS(brk),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(close),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(fstat),
    SCMP_SYS(futex),
    SCMP_SYS(getpid),
    SCMP_SYS(getsockopt),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(lseek),
    SCMP_SYS(madvise),
    SCMP_SYS(mmap),
    SCMP_SYS(mremap),
    SCMP_SYS(munmap),
    SCMP_SYS(newfstatat),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(read),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(write),
    SCMP_SYS(writev),
};

static int
filter_system_calls(void)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int error = 0;

    if (!ctx) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < ARRAY_SIZE(allowed) && !error; i++) {
        error = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed[i], 0);
    }
    if (!error) {
        error = seccomp_load(ctx);
    }
    seccomp_release(ctx);
    return error;
}

int
witness_confine(void)
{
    if (!geteuid()) {
        capng_clear(CAPNG_SELECT_BOTH);
        if (capng_change_id(NOBODY, NOBODY,
                            CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING)) {
            return -EPERM;
        }
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) {
        return -errno;
    }
    return filter_system_calls();
}
