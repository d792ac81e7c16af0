# Fuzzers. `make check` replays their seeds; `make fuzz` fuzzes (configured
# with --enable-fuzzers --enable-sanitizers CC=clang-14). A new target NAME is
# tests/fuzz/NAME_fuzz.c, a directory seeds/NAME and two programs below.
EXTRA_DIST += tests/fuzz/check tests/fuzz/run tests/fuzz/seeds \
	tests/fuzz/policy.dict
TESTS += tests/fuzz/check

fuzz_replays = tests/fuzz/policy_replay
fuzz_programs = tests/fuzz/policy_fuzz

check_PROGRAMS += $(fuzz_replays)
tests_fuzz_policy_replay_SOURCES = tests/fuzz/policy_fuzz.c \
	tests/fuzz/fuzz.h tests/fuzz/replay.c
tests_fuzz_policy_replay_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
tests_fuzz_policy_replay_LDADD = libcordon.la

EXTRA_PROGRAMS += $(fuzz_programs)
tests_fuzz_policy_fuzz_SOURCES = tests/fuzz/policy_fuzz.c tests/fuzz/fuzz.h
tests_fuzz_policy_fuzz_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
tests_fuzz_policy_fuzz_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_policy_fuzz_LDADD = libcordon.la

if FUZZERS
fuzz: $(fuzz_programs)
	$(srcdir)/tests/fuzz/run fuzz
else
fuzz:
	@echo "fuzz: configure with --enable-fuzzers --enable-sanitizers CC=clang-14" >&2; exit 1
endif
.PHONY: fuzz
