# Programs of the tests that run in a VM; they are put into it.
EXTRA_DIST += \
	tests/vm/check tests/vm/run tests/vm/conftest.py tests/vm/lib_test.py \
	tests/vm/tools/fault.c tests/vm/tools/traffic.c tests/vm/lib/lab.py \
	tests/vm/scenario_crash.py tests/vm/scenario_fault.py \
	tests/vm/scenario_foreign.py tests/vm/scenario_guard.py \
	tests/vm/scenario_plug.py tests/vm/scenario_segment.py \
	tests/vm/test_agent.py tests/vm/test_attack_shared.py \
	tests/vm/test_attack_state.py tests/vm/test_audit.py \
	tests/vm/test_audit_guards.py \
	tests/vm/test_audit_watch.py \
	tests/vm/test_connections.py \
	tests/vm/test_dataplane.py tests/vm/test_dataplane_foreign.py \
	tests/vm/test_groups.py \
	tests/vm/test_groups_apart.py \
	tests/vm/test_log.py tests/vm/test_probe.py tests/vm/test_rates.py \
	tests/vm/test_service_command.py tests/vm/test_services.py \
	tests/vm/test_snapshot.py tests/vm/test_trace.py \
	tests/vm/test_vswitch.py tests/vm/test_witness.py

check-vm: kmod $(sbin_PROGRAMS) $(bin_PROGRAMS) tests/unit/dataplane_tool$(EXEEXT) \
		tests/unit/host_tool$(EXEEXT) tests/unit/ruleset_tool$(EXEEXT)
	$(AM_V_at)CORDON_BUILD='$(abs_top_builddir)' CC='$(CC)' $(srcdir)/tests/vm/check
check-scenarios: kmod $(sbin_PROGRAMS) $(bin_PROGRAMS) tests/unit/dataplane_tool$(EXEEXT)
	$(AM_V_at)CORDON_BUILD='$(abs_top_builddir)' CC='$(CC)' $(srcdir)/tests/vm/check --scenarios
.PHONY: check-vm check-scenarios

# The harness, and what goes into its machines.
EXTRA_DIST += \
	tests/vm/selftest tests/vm/guest/init tests/vm/guest/start \
	tests/vm/harness/__init__.py tests/vm/harness/cpio.py \
	tests/vm/harness/image.py tests/vm/harness/kernel.py \
	tests/vm/harness/machine.py tests/vm/harness/main.py \
	tests/vm/harness/stage.py tests/vm/harness/verdict.py \
	tests/vm/lib/daemon.py tests/vm/lib/netns.py tests/vm/lib/rtnl.py \
	tests/vm/lib/shell.py tests/vm/lib/state.py tests/vm/lib/twohosts.py \
	tests/vm/lib/vswitch.py \
	tests/vm/lib/wire.py tests/vm/lib/links.py tests/vm/lib/xdp.py \
	tests/vm/lib/frames.py tests/vm/lib/groupbed.py \
	tests/vm/lib/kernelview.py \
	tests/vm/lib/servicebed.py tests/vm/lib/traffic.py \
	tests/vm/lib/vethagent.py \
	tests/vm/test_shared.py \
	tests/xen/run tests/xen/conftest.py \
	tests/xen/guest/frame.c tests/xen/guest/init \
	tests/xen/lib/console.py tests/xen/lib/dom0.py tests/xen/lib/guest.py \
	tests/xen/xenhost/__init__.py tests/xen/xenhost/bed.py \
	tests/xen/xenhost/guest.py tests/xen/xenhost/setup
