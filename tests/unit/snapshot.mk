check_PROGRAMS += tests/unit/host_tool
tests_unit_host_tool_SOURCES = tests/unit/host_tool.c
tests_unit_host_tool_LDADD = libcordon.la

check_PROGRAMS += tests/unit/snapshot_test tests/unit/host_test
TESTS += tests/unit/snapshot_test tests/unit/host_test
tests_unit_snapshot_test_SOURCES = tests/unit/snapshot_test.c
tests_unit_snapshot_test_LDADD = libcordon.la $(CMOCKA_LIBS) $(CRYPTO_LIBS)
tests_unit_host_test_SOURCES = tests/unit/host_test.c
tests_unit_host_test_LDADD = libcordon.la $(CMOCKA_LIBS)
