proof_tests = tests/unit/probe_test tests/unit/spec_test
check_PROGRAMS += $(proof_tests)
TESTS += $(proof_tests)

tests_unit_probe_test_SOURCES = tests/unit/probe_test.c
tests_unit_probe_test_LDADD = libcordon.la $(CMOCKA_LIBS)
tests_unit_spec_test_SOURCES = tests/unit/spec_test.c
tests_unit_spec_test_LDADD = libcordon.la $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/html_test
TESTS += tests/unit/html_test
tests_unit_html_test_SOURCES = tests/unit/html_test.c
tests_unit_html_test_LDADD = libcordon.la $(CMOCKA_LIBS)
