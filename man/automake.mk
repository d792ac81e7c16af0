dist_man_MANS += man/cordon.8 man/cordond.8 man/cordon-policy.5 man/cordon-guard.4 man/cordon-service.8 man/cordon-audit.8 \
	man/cordon-probe.8 man/cordon-trace.8 man/cordon-witness.8
