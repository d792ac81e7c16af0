# Plans, objects and diffs; and the dataplane without an agent, for tests in a
# VM.
plan_tests = \
	tests/unit/object_test \
	tests/unit/keys_test \
	tests/unit/plan_ends_test \
	tests/unit/plan_filtering_test \
	tests/unit/plan_golden_test \
	tests/unit/plan_rule_test \
	tests/unit/plan_state_test \
	tests/unit/plan_target_test
check_PROGRAMS += $(plan_tests) tests/unit/dataplane_tool \
	tests/unit/rule_tool
TESTS += $(plan_tests)

tests_unit_keys_test_SOURCES = tests/unit/keys_test.c
tests_unit_keys_test_LDADD = libcordon.la $(CMOCKA_LIBS)

tests_unit_object_test_SOURCES = tests/unit/object_test.c
tests_unit_object_test_LDADD = libcordon.la $(CMOCKA_LIBS)

tests_unit_plan_ends_test_SOURCES = tests/unit/plan_ends_test.c
tests_unit_plan_ends_test_LDADD = libcordon.la $(CMOCKA_LIBS)

tests_unit_plan_filtering_test_SOURCES = tests/unit/plan_filtering_test.c
tests_unit_plan_filtering_test_LDADD = libcordon.la $(CMOCKA_LIBS)

tests_unit_plan_golden_test_SOURCES = tests/unit/plan_golden_test.c \
	tests/unit/golden.c tests/unit/golden.h \
	tests/unit/plan_fixture.c tests/unit/plan_fixture.h
tests_unit_plan_golden_test_LDADD = libcordon.la

tests_unit_plan_rule_test_SOURCES = tests/unit/plan_rule_test.c
tests_unit_plan_rule_test_LDADD = libcordon.la $(CMOCKA_LIBS)

tests_unit_plan_state_test_SOURCES = tests/unit/plan_state_test.c
tests_unit_plan_state_test_LDADD = libcordon.la $(CMOCKA_LIBS)

tests_unit_plan_target_test_SOURCES = tests/unit/plan_target_test.c
tests_unit_plan_target_test_LDADD = libcordon.la $(CMOCKA_LIBS)

tests_unit_dataplane_tool_SOURCES = tests/unit/dataplane_tool.c
tests_unit_dataplane_tool_LDADD = libcordon.la

tests_unit_rule_tool_SOURCES = tests/unit/rule_tool.c
tests_unit_rule_tool_LDADD = libcordon.la

EXTRA_DIST += tests/golden/plan tests/unit/policy_text.h

# Writes the golden files anew; read the diff before you commit it.
golden: $(check_PROGRAMS)
	srcdir='$(srcdir)' tests/unit/plan_golden_test --update
	srcdir='$(srcdir)' tests/unit/guard_golden_test --update
	$(srcdir)/tests/golden/run --update .
.PHONY: golden
