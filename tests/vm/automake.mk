# Programs of the tests that run in a VM; they are put into it.
EXTRA_DIST += \
	tests/vm/check tests/vm/run tests/vm/conftest.py tests/vm/lib_test.py \
	tests/vm/tools/fault.c tests/vm/tools/traffic.c

check-vm: $(sbin_PROGRAMS) $(bin_PROGRAMS)
	$(AM_V_at)CORDON_BUILD='$(abs_top_builddir)' CC='$(CC)' $(srcdir)/tests/vm/check
.PHONY: check-vm
