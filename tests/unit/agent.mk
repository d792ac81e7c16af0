# The agent on a fake host, its socket, the commands, and the inventory.
agent_fake = tests/unit/agent_fake.c tests/unit/agent_fake.h
agent_tests = \
	tests/unit/agent_canary_test \
	tests/unit/agent_confine_test \
	tests/unit/agent_reconcile_test \
	tests/unit/agent_request_test \
	tests/unit/agent_show_test \
	tests/unit/cli_test \
	tests/unit/control_test \
	tests/unit/drop_log_test \
	tests/unit/frame_test \
	tests/unit/inventory_value_test \
	tests/unit/nflog_test \
	tests/unit/inventory_xenstore_test
check_PROGRAMS += $(agent_tests)
TESTS += $(agent_tests)

tests_unit_agent_canary_test_SOURCES = \
	tests/unit/agent_canary_test.c $(agent_fake)
tests_unit_agent_canary_test_LDADD = libcordon.la $(CMOCKA_LIBS)
tests_unit_agent_confine_test_SOURCES = \
	tests/unit/agent_confine_test.c \
	tests/unit/xenstored_fake.c tests/unit/xenstored_fake.h
tests_unit_agent_confine_test_LDADD = libcordon.la $(CMOCKA_LIBS)
tests_unit_agent_reconcile_test_SOURCES = \
	tests/unit/agent_reconcile_test.c $(agent_fake)
tests_unit_agent_reconcile_test_LDADD = libcordon.la $(CMOCKA_LIBS)
tests_unit_agent_request_test_SOURCES = \
	tests/unit/agent_request_test.c $(agent_fake)
tests_unit_agent_request_test_LDADD = libcordon.la $(CMOCKA_LIBS)
tests_unit_agent_show_test_SOURCES = \
	tests/unit/agent_show_test.c $(agent_fake)
tests_unit_agent_show_test_LDADD = libcordon.la $(CMOCKA_LIBS)
tests_unit_cli_test_SOURCES = tests/unit/cli_test.c $(agent_fake)
tests_unit_cli_test_LDADD = libcordon.la $(CMOCKA_LIBS)
tests_unit_control_test_SOURCES = tests/unit/control_test.c $(agent_fake)
tests_unit_control_test_LDADD = libcordon.la $(CMOCKA_LIBS)
tests_unit_drop_log_test_SOURCES = tests/unit/drop_log_test.c $(agent_fake)
tests_unit_drop_log_test_LDADD = libcordon.la $(CMOCKA_LIBS)
tests_unit_frame_test_SOURCES = tests/unit/frame_test.c
tests_unit_frame_test_LDADD = libcordon.la $(CMOCKA_LIBS)
tests_unit_nflog_test_SOURCES = tests/unit/nflog_test.c
tests_unit_nflog_test_LDADD = libcordon.la $(CMOCKA_LIBS) $(NFT_LIBS)
tests_unit_inventory_value_test_SOURCES = tests/unit/inventory_value_test.c
tests_unit_inventory_value_test_LDADD = libcordon.la $(CMOCKA_LIBS)
tests_unit_inventory_xenstore_test_SOURCES = \
	tests/unit/inventory_xenstore_test.c \
	tests/unit/xenstored_fake.c tests/unit/xenstored_fake.h
tests_unit_inventory_xenstore_test_LDADD = libcordon.la $(CMOCKA_LIBS) \
	$(XEN_LIBS)
