libcordon_la_SOURCES += \
	src/plan/address.c \
	src/plan/bind.c \
	src/plan/build.h \
	src/plan/desire.c \
	src/plan/diff.c \
	src/plan/ends.c src/plan/ends.h \
	src/plan/filtering.c src/plan/filtering.h \
	src/plan/host.c \
	src/plan/judge.c \
	src/plan/keys.c src/plan/keys.h \
	src/plan/object.c src/plan/object.h \
	src/plan/objects.c \
	src/plan/plan.c src/plan/plan.h \
	src/plan/progress.c src/plan/progress.h \
	src/plan/rule.c src/plan/rule.h \
	src/plan/segment.c src/plan/segment.h \
	src/plan/shared.c src/plan/shared.h \
	src/plan/state.c
