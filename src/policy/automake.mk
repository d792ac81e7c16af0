libcordon_la_SOURCES += \
	src/policy/build.c src/policy/build.h \
	src/policy/conflict.c \
	src/policy/field.c src/policy/field.h \
	src/policy/file.c src/policy/file.h \
	src/policy/host.c \
	src/policy/interface.c \
	src/policy/network.c \
	src/policy/node.c src/policy/node.h \
	src/policy/parse.c src/policy/parse.h \
	src/policy/plain.c src/policy/plain.h \
	src/policy/policy.c src/policy/policy.h \
	src/policy/scalar.c src/policy/scalar.h \
	src/policy/tenant.c \
	src/policy/text.c src/policy/text.h
dist_pkgdata_DATA += share/cordon-policy.schema.json
