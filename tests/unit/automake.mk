policy_tests = tests/unit/addr_test tests/unit/diag_test \
	tests/unit/policy_test
check_PROGRAMS += $(policy_tests) tests/unit/policy_check
TESTS += $(policy_tests)

tests_unit_policy_check_SOURCES = tests/unit/policy_check.c
tests_unit_policy_check_LDADD = libcordon.la
tests_unit_addr_test_SOURCES = tests/unit/addr_test.c
tests_unit_addr_test_LDADD = libcordon.la $(CMOCKA_LIBS)
tests_unit_diag_test_SOURCES = tests/unit/diag_test.c
tests_unit_diag_test_LDADD = libcordon.la $(CMOCKA_LIBS)
tests_unit_policy_test_SOURCES = tests/unit/policy_test.c
tests_unit_policy_test_LDADD = libcordon.la $(CMOCKA_LIBS)
