check_PROGRAMS += tests/bench/policy_bench
tests_bench_policy_bench_SOURCES = tests/bench/policy_bench.c
tests_bench_policy_bench_LDADD = libcordon.la
EXTRA_DIST += tests/bench/run tests/bench/agent.py \
	tests/bench/loadable.py tests/bench/portsec.py

bench: all $(check_PROGRAMS)
	$(srcdir)/tests/bench/run $(builddir)
.PHONY: bench
