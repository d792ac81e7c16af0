# The kernel module: `make kmod` builds it for the kernel that the tests boot.
EXTRA_DIST += \
	LICENSES/GPL-2.0 include/uapi/cordon.h kmod/Kbuild kmod/Makefile \
	kmod/compat.h kmod/dkms.conf kmod/draft.c kmod/draft.h kmod/event.c \
	kmod/event.h kmod/hook.c kmod/hook.h kmod/host.c kmod/host.h \
	kmod/items.c kmod/items.h kmod/limit.c kmod/limit.h kmod/mac.c \
	kmod/mac.h kmod/main.c kmod/netlink.c kmod/netlink.h kmod/offload.c \
	kmod/offload.h kmod/policy.c kmod/policy.h kmod/port.c kmod/port.h \
	kmod/rules.c kmod/rules.h kmod/segment.c kmod/segment.h kmod/show.c \
	kmod/skb.c kmod/skb.h scripts/build-debug-kernel scripts/build-kmod \
	scripts/check-kmod-debug tests/bench/module.py \
	tests/vm/debug-kernel.config tests/vm/kmod_fuzz.py \
	tests/vm/kmod_stress.py tests/vm/lib/guard.py tests/vm/lib/ovs.py \
	tests/vm/lib/guardbed.py tests/vm/test_kmod.py \
	tests/vm/test_kmod_ahead.py tests/vm/test_kmod_count.py \
	tests/vm/test_kmod_frames.py tests/vm/test_kmod_netlink.py \
	tests/vm/test_kmod_shared.py

kmod:
	$(AM_V_at)$(srcdir)/scripts/build-kmod '$(abs_top_builddir)'

check-vm bench: kmod

# On a kernel that finds faults; not a part of ./check.
check-kmod-debug:
	$(AM_V_at)$(srcdir)/scripts/check-kmod-debug '$(abs_top_builddir)'
.PHONY: kmod check-kmod-debug
