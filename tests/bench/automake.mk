check_PROGRAMS += tests/bench/policy_bench
tests_bench_policy_bench_SOURCES = tests/bench/policy_bench.c
tests_bench_policy_bench_LDADD = libcordon.la
EXTRA_DIST += tests/bench/run tests/bench/agent.py tests/bench/audit.py \
	tests/bench/connections.py \
	tests/bench/groups.py tests/bench/groups_agent.py \
	tests/bench/loadable.py tests/bench/netlinks.py tests/bench/portsec.py tests/bench/snapshot.py \
	tests/bench/witness.py

bench: all $(check_PROGRAMS)
	$(srcdir)/tests/bench/run $(builddir)
.PHONY: bench
