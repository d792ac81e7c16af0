libcordon_la_SOURCES += \
	src/agent/agent.c src/agent/agent.h \
	src/agent/call.c src/agent/call.h \
	src/agent/confine.c src/agent/confine.h \
	src/agent/control.c src/agent/control.h \
	src/agent/drift.c src/agent/drift.h \
	src/agent/hold.c src/agent/hold.h \
	src/agent/method.c src/agent/method.h \
	src/agent/notify.c src/agent/notify.h \
	src/agent/options.c src/agent/options.h \
	src/agent/reconcile.c src/agent/reconcile.h \
	src/agent/request.c src/agent/request.h \
	src/agent/show.c src/agent/show.h


sbin_PROGRAMS += cordond
cordond_SOURCES = src/agent/main.c
cordond_LDADD = libcordon.la
