EXTRA_DIST += \
	.clang-format HACKING.md LICENSE NEWS README.md check demo \
	scripts/build scripts/build-ovs scripts/check scripts/demo \
	scripts/install-deps scripts/style
