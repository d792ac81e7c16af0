# tests
include tests/vm/automake.mk
include tests/unit/agent.mk

# The dataplane without an agent, for tests in a VM.
check_PROGRAMS += tests/unit/dataplane_tool
tests_unit_dataplane_tool_SOURCES = tests/unit/dataplane_tool.c
tests_unit_dataplane_tool_LDADD = libcordon.la
