# tests
include tests/vm/automake.mk
include tests/unit/agent.mk
include tests/unit/plan.mk
