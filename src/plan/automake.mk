libcordon_la_SOURCES += \
	src/plan/address.c \
	src/plan/bind.c \
	src/plan/build.h \
	src/plan/desire.c \
	src/plan/diff.c \
	src/plan/host.c \
	src/plan/judge.c \
	src/plan/object.c src/plan/object.h \
	src/plan/plan.c src/plan/plan.h \
	src/plan/progress.c src/plan/progress.h \
	src/plan/state.c
