EXTRA_DIST += tests/golden/run tests/golden/policy
TESTS += tests/golden/run
