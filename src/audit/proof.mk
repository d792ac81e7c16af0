# The proof: sets of frames, port security, what hooks let through, verdicts.
libcordon_la_SOURCES += \
	src/audit/audit.c src/audit/audit.h src/audit/audit_private.h \
	src/audit/audit_alike.c \
	src/audit/audit_class.c src/audit/audit_class.h \
	src/audit/audit_domain.c \
	src/audit/audit_fact.c \
	src/audit/audit_host.c \
	src/audit/audit_label.c \
	src/audit/audit_lemma.c \
	src/audit/audit_module.c \
	src/audit/audit_pair.c \
	src/audit/audit_port.c \
	src/audit/audit_way.c \
	src/audit/audit_tenant.c \
	src/audit/audit_write.c \
	src/audit/bits.c src/audit/bits.h \
	src/audit/header.c src/audit/header.h \
	src/audit/header_frame.c \
	src/audit/header_vars.c src/audit/header_vars.h \
	src/audit/question.c src/audit/question.h \
	src/audit/reach.c src/audit/reach.h src/audit/reach_private.h \
	src/audit/reach_expr.c \
	src/audit/reach_lookup.c \
	src/audit/reach_meta.c \
	src/audit/reach_tc.c \
	src/audit/html.c src/audit/html.h \
	src/audit/report.h \
	src/audit/report_evidence.c \
	src/audit/report_finding.c \
	src/audit/report_frame.c \
	src/audit/report_lane.c src/audit/report_lane.h \
	src/audit/report_matrix.c \
	src/audit/report_page.c \
	src/audit/report_path.c src/audit/report_path.h \
	src/audit/report_port.c \
	src/audit/report_private.h \
	src/audit/report_style.c \
	src/audit/report_symbol.c \
	src/audit/report_topology.c \
	src/audit/spec.c src/audit/spec.h src/audit/spec_rules.h \
	src/audit/spec6.c \
	src/audit/spec_own.c \
	src/audit/spec_policy.c \
	src/audit/watch.c src/audit/watch.h
