libcordon_la_SOURCES += \
	src/cli/apply.c \
	src/cli/audit.c src/cli/audit.h \
	src/cli/audit_watch.c \
	src/cli/check.c \
	src/cli/client.c src/cli/client.h \
	src/cli/command.c src/cli/command.h \
	src/cli/diff.c \
	src/cli/plug.c \
	src/cli/probe.c \
	src/cli/service.c \
	src/cli/show.c \
	src/cli/snapshot.c \
	src/cli/trace.c \
	src/cli/witness.c src/cli/witness_report.c src/cli/witness_report.h

bin_PROGRAMS += cordon
cordon_SOURCES = src/cli/main.c
cordon_LDADD = libcordon.la
