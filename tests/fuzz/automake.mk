# Fuzzers. `make check` replays their seeds; `make fuzz` fuzzes (configured
# with --enable-fuzzers --enable-sanitizers CC=clang-14). A new target NAME is
# tests/fuzz/NAME_fuzz.c, a directory seeds/NAME and two programs below.
EXTRA_DIST += tests/fuzz/check tests/fuzz/run tests/fuzz/seeds \
	tests/fuzz/policy.dict
TESTS += tests/fuzz/check

fuzz_replays = tests/fuzz/policy_replay tests/fuzz/xenstore_replay \
	tests/fuzz/control_replay tests/fuzz/judge_replay \
	tests/fuzz/ruleset_replay tests/fuzz/snapshot_replay
fuzz_programs = tests/fuzz/policy_fuzz tests/fuzz/xenstore_fuzz \
	tests/fuzz/control_fuzz tests/fuzz/judge_fuzz \
	tests/fuzz/ruleset_fuzz tests/fuzz/snapshot_fuzz

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

tests_fuzz_xenstore_replay_SOURCES = tests/fuzz/xenstore_fuzz.c \
	tests/fuzz/fuzz.h tests/fuzz/replay.c
tests_fuzz_xenstore_replay_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests \
	-I$(top_srcdir)/tests/unit
tests_fuzz_xenstore_replay_LDADD = libcordon.la
tests_fuzz_xenstore_fuzz_SOURCES = tests/fuzz/xenstore_fuzz.c tests/fuzz/fuzz.h
tests_fuzz_xenstore_fuzz_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests \
	-I$(top_srcdir)/tests/unit
tests_fuzz_xenstore_fuzz_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_xenstore_fuzz_LDADD = libcordon.la

tests_fuzz_control_replay_SOURCES = tests/fuzz/control_fuzz.c \
	tests/fuzz/fuzz.h tests/fuzz/replay.c $(agent_fake)
tests_fuzz_control_replay_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests \
	-I$(top_srcdir)/tests/unit
tests_fuzz_control_replay_LDADD = libcordon.la
tests_fuzz_control_fuzz_SOURCES = tests/fuzz/control_fuzz.c tests/fuzz/fuzz.h $(agent_fake)
tests_fuzz_control_fuzz_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests \
	-I$(top_srcdir)/tests/unit
tests_fuzz_control_fuzz_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_control_fuzz_LDADD = libcordon.la

tests_fuzz_judge_replay_SOURCES = tests/fuzz/judge_fuzz.c \
	tests/fuzz/fuzz.h tests/fuzz/replay.c
tests_fuzz_judge_replay_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
tests_fuzz_judge_replay_LDADD = tests/kmod/libjudge.la libcordon.la
tests_fuzz_judge_fuzz_SOURCES = tests/fuzz/judge_fuzz.c tests/fuzz/fuzz.h
tests_fuzz_judge_fuzz_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
tests_fuzz_judge_fuzz_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_judge_fuzz_LDADD = tests/kmod/libjudge.la libcordon.la

tests_fuzz_ruleset_replay_SOURCES = tests/fuzz/ruleset_fuzz.c \
	tests/fuzz/fuzz.h tests/fuzz/replay.c
tests_fuzz_ruleset_replay_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
tests_fuzz_ruleset_replay_LDADD = libcordon.la
tests_fuzz_ruleset_fuzz_SOURCES = tests/fuzz/ruleset_fuzz.c tests/fuzz/fuzz.h
tests_fuzz_ruleset_fuzz_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
tests_fuzz_ruleset_fuzz_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_ruleset_fuzz_LDADD = libcordon.la

tests_fuzz_snapshot_replay_SOURCES = tests/fuzz/snapshot_fuzz.c \
	tests/fuzz/fuzz.h tests/fuzz/replay.c
tests_fuzz_snapshot_replay_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
tests_fuzz_snapshot_replay_LDADD = libcordon.la
tests_fuzz_snapshot_fuzz_SOURCES = tests/fuzz/snapshot_fuzz.c tests/fuzz/fuzz.h
tests_fuzz_snapshot_fuzz_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
tests_fuzz_snapshot_fuzz_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_snapshot_fuzz_LDADD = libcordon.la

if FUZZERS
fuzz: $(fuzz_programs:%=run-%)
$(fuzz_programs:%=run-%): run-tests/fuzz/%_fuzz: tests/fuzz/%_fuzz$(EXEEXT)
	$(srcdir)/tests/fuzz/run fuzz $*
else
fuzz:
	@echo "fuzz: configure with --enable-fuzzers --enable-sanitizers CC=clang-14" >&2; exit 1
endif
.PHONY: fuzz
