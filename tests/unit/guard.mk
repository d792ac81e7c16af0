# The guard: what it wants, and that it reads what it writes.
guard_tests = tests/unit/conntrack_test \
	tests/unit/fence_test tests/unit/guard_codec_test \
	tests/unit/guard_golden_test tests/unit/guard_refuse_test \
	tests/unit/rate_codec_test
check_PROGRAMS += $(guard_tests) tests/unit/guard_tool
TESTS += $(guard_tests)

tests_unit_conntrack_test_SOURCES = tests/unit/conntrack_test.c
tests_unit_conntrack_test_LDADD = libcordon.la $(CMOCKA_LIBS) $(NFT_LIBS) \
	$(NL_LIBS)
tests_unit_fence_test_SOURCES = tests/unit/fence_test.c \
	tests/unit/plan_fixture.c tests/unit/plan_fixture.h
tests_unit_fence_test_LDADD = libcordon.la $(CMOCKA_LIBS)
tests_unit_guard_codec_test_SOURCES = tests/unit/guard_codec_test.c
tests_unit_guard_codec_test_LDADD = libcordon.la $(CMOCKA_LIBS)
tests_unit_guard_golden_test_SOURCES = tests/unit/guard_golden_test.c \
	tests/unit/golden.c tests/unit/golden.h \
	tests/unit/plan_fixture.c tests/unit/plan_fixture.h
tests_unit_guard_golden_test_LDADD = libcordon.la
tests_unit_guard_refuse_test_SOURCES = tests/unit/guard_refuse_test.c \
	tests/unit/plan_fixture.c tests/unit/plan_fixture.h
tests_unit_guard_refuse_test_LDADD = libcordon.la $(CMOCKA_LIBS)
tests_unit_guard_tool_SOURCES = tests/unit/guard_tool.c
tests_unit_guard_tool_LDADD = libcordon.la
tests_unit_rate_codec_test_SOURCES = tests/unit/rate_codec_test.c
tests_unit_rate_codec_test_LDADD = libcordon.la $(CMOCKA_LIBS) $(NL_LIBS)
EXTRA_DIST += tests/golden/guard tests/golden/group
