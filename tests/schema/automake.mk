EXTRA_DIST += tests/schema/audit tests/schema/snapshot tests/schema/run tests/schema/valid tests/schema/invalid
TESTS += tests/schema/audit tests/schema/run tests/schema/snapshot
