# The demo's claims, and harder ones, on a real Xen host in QEMU.
EXTRA_DIST += \
	tests/xen/attacks.py tests/xen/bed.py tests/xen/claim.py \
	tests/xen/claims.py tests/xen/claims_agent.py tests/xen/claims_audit.py \
	tests/xen/claims_closed.py tests/xen/claims_end.py \
	tests/xen/claims_forgery.py tests/xen/claims_module.py \
	tests/xen/claims_plug.py tests/xen/claims_rules.py \
	tests/xen/claims_services.py tests/xen/claims_talk.py \
	tests/xen/edit.py tests/xen/look.py \
	tests/xen/demo-policy.yaml tests/xen/demo.py tests/xen/events.py \
	tests/xen/frames.py tests/xen/isolation_test.py

check-xen: kmod $(sbin_PROGRAMS) $(bin_PROGRAMS)
	$(AM_V_at)mkdir -p check-xen
	$(AM_V_at)CORDON_BUILD='$(abs_top_builddir)' CC='$(CC)' \
		$(srcdir)/tests/xen/run --timeout 2400 --out check-xen \
		--add '$(abs_top_builddir)/kmod/cordon.ko:cordon.ko' \
		python3 -m pytest -v -p no:cacheprovider --tb=short \
		tests/xen/isolation_test.py
.PHONY: check-xen
