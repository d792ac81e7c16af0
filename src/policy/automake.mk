libcordon_la_SOURCES += \
	src/policy/build.c src/policy/build.h \
	src/policy/conflict.c \
	src/policy/field.c src/policy/field.h \
	src/policy/file.c src/policy/file.h \
	src/policy/format.c src/policy/format.h \
	src/policy/group.c \
	src/policy/host.c \
	src/policy/interface.c \
	src/policy/member.c \
	src/policy/network.c \
	src/policy/node.c src/policy/node.h \
	src/policy/parse.c src/policy/parse.h \
	src/policy/peer.c \
	src/policy/plain.c src/policy/plain.h \
	src/policy/policy.c src/policy/policy.h \
	src/policy/ports.c \
	src/policy/rate.c \
	src/policy/rule.c \
	src/policy/scalar.c src/policy/scalar.h \
	src/policy/scalar_address.c \
	src/policy/service.c \
	src/policy/tenant.c \
	src/policy/text.c src/policy/text.h
dist_pkgdata_DATA += share/cordon-policy.schema.json
