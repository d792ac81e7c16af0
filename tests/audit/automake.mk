# The audit's own reading of port security, by the tests of the judge's.
check_PROGRAMS += tests/audit/portsec_tool
tests_audit_portsec_tool_SOURCES = tests/audit/portsec_tool.c
tests_audit_portsec_tool_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
tests_audit_portsec_tool_LDADD = tests/kmod/libjudge.la libcordon.la

TESTS += tests/audit/arguments tests/audit/check tests/audit/page \
	doc/samples/reports
EXTRA_DIST += tests/audit/arguments tests/audit/check tests/audit/page \
	tests/audit/screenshot tests/audit/test_witness.py \
	tests/audit/mutants tests/audit/mutations.py

# All mutations take hours; MUTANTS has options that choose some.
check-mutants: kmod $(sbin_PROGRAMS) $(bin_PROGRAMS)
	$(AM_V_at)CORDON_BUILD='$(abs_top_builddir)' $(srcdir)/tests/audit/mutants \
		--out '$(abs_top_builddir)/mutants' $(MUTANTS)
.PHONY: check-mutants

# Not the directory: the test's own output is in it where it was run.
EXTRA_DIST += \
	doc/samples/README.md doc/samples/isolated.html doc/samples/isolated.json \
	doc/samples/isolated.snapshot.json doc/samples/isolated.txt \
	doc/samples/leak.html doc/samples/leak.json doc/samples/leak.snapshot.json \
	doc/samples/leak.txt doc/samples/policy.yaml doc/samples/reports \
	doc/samples/take

# Ports proved again, by Z3.
EXTRA_DIST += tests/audit/reprove/policy.yaml \
	tests/audit/reprove/snapshot.json.gz tests/audit/reprove/test
if Z3
check_PROGRAMS += tests/audit/reprove/reprove
tests_audit_reprove_reprove_SOURCES = \
	tests/audit/reprove/frame.c tests/audit/reprove/frame.h \
	tests/audit/reprove/reprove.c \
	tests/audit/reprove/rule.c tests/audit/reprove/rule_private.h \
	tests/audit/reprove/rules.c tests/audit/reprove/rules.h \
	tests/audit/reprove/statement.c tests/audit/reprove/statement.h \
	tests/audit/reprove/statement_ip4.c tests/audit/reprove/statement_ip6.c \
	tests/audit/reprove/sym.c tests/audit/reprove/sym.h
tests_audit_reprove_reprove_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests \
	$(Z3_CFLAGS)
tests_audit_reprove_reprove_LDADD = libcordon.la $(Z3_LIBS)
endif
TESTS += tests/audit/reprove/test

# Networks that tenants share.
TESTS += tests/audit/shared/test
EXTRA_DIST += tests/audit/shared/leak.snapshot.json.gz \
	tests/audit/shared/policy.yaml tests/audit/shared/snapshot.json.gz \
	tests/audit/shared/test tests/audit/shared/written.snapshot.json.gz \
	tests/audit/shared/written.yaml

# Hosts that the kernel module guards.
TESTS += tests/audit/module/test
EXTRA_DIST += tests/audit/module/plain.snapshot.json.gz \
	tests/audit/module/plain.yaml \
	tests/audit/module/shared.snapshot.json.gz \
	tests/audit/module/shared.yaml tests/audit/module/test
