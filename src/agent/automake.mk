libcordon_la_SOURCES += \
	src/agent/agent.c src/agent/agent.h \
	src/agent/call.c src/agent/call.h \
	src/agent/canary.c src/agent/canary.h \
	src/agent/confine.c src/agent/confine.h \
	src/agent/control.c src/agent/control.h \
	src/agent/drop_allowance.c src/agent/drop_allowance.h \
	src/agent/drop_file.c src/agent/drop_file.h \
	src/agent/drop_log.c src/agent/drop_log.h \
	src/agent/drop_tally.c src/agent/drop_tally.h \
	src/agent/drop_rule.c src/agent/drop_rule.h \
	src/agent/drift.c src/agent/drift.h \
	src/agent/hold.c src/agent/hold.h \
	src/agent/method.c src/agent/method.h \
	src/agent/notify.c src/agent/notify.h \
	src/agent/options.c src/agent/options.h \
	src/agent/reconcile.c src/agent/reconcile.h \
	src/agent/rejudge.c src/agent/rejudge.h \
	src/agent/request.c src/agent/request.h \
	src/agent/turn.c src/agent/turn.h \
	src/agent/show.c src/agent/show.h \
	src/agent/show_rate.c src/agent/show_rate.h \
	src/agent/show_rules.c src/agent/show_rules.h \
	src/agent/show_service.c src/agent/show_service.h \
	src/agent/vacant.c src/agent/vacant.h


sbin_PROGRAMS += cordond
cordond_SOURCES = src/agent/main.c
cordond_LDADD = libcordon.la
