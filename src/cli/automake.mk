libcordon_la_SOURCES += \
	src/cli/apply.c \
	src/cli/check.c \
	src/cli/client.c src/cli/client.h \
	src/cli/command.c src/cli/command.h \
	src/cli/diff.c \
	src/cli/plug.c \
	src/cli/service.c \
	src/cli/show.c

bin_PROGRAMS += cordon
cordon_SOURCES = src/cli/main.c
cordon_LDADD = libcordon.la
