# nftables as the audit reads and interprets it.
check_PROGRAMS += tests/unit/run_test tests/unit/ruleset_tool
TESTS += tests/unit/run_test

tests_unit_run_test_SOURCES = tests/unit/run_test.c
tests_unit_run_test_LDADD = libcordon.la $(CMOCKA_LIBS)
tests_unit_ruleset_tool_SOURCES = tests/unit/ruleset_tool.c
tests_unit_ruleset_tool_LDADD = libcordon.la
