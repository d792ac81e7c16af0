EXTRA_DIST += tests/schema/run tests/schema/valid tests/schema/invalid
TESTS += tests/schema/run
