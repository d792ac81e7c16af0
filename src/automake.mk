include src/lib/automake.mk
include src/policy/automake.mk
include src/inventory/automake.mk
include src/plan/automake.mk
include src/dataplane/automake.mk
include src/agent/automake.mk
include src/cli/automake.mk
