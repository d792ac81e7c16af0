EXTRA_DIST += scripts/build-ovs
