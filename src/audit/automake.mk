# The audit: shares src/lib and src/policy with the rest, nothing else.
libcordon_la_SOURCES += \
	src/audit/base64.c src/audit/base64.h \
	src/audit/chain.c src/audit/chain.h \
	src/audit/collect.c src/audit/collect.h \
	src/audit/collect_bpf.c \
	src/audit/collect_conntrack.c \
	src/audit/collect_generic.c \
	src/audit/collect_hook.c \
	src/audit/collect_link.c \
	src/audit/collect_netlink.c \
	src/audit/collect_nft.c \
	src/audit/collect_ovs.c \
	src/audit/collect_route.c \
	src/audit/collect_system.c \
	src/audit/collect_tc.c \
	src/audit/collect_xen.c \
	src/audit/filter.h \
	src/audit/host.c src/audit/host.h \
	src/audit/host_action.c \
	src/audit/host_bridge.c \
	src/audit/host_hook.c \
	src/audit/host_link.c \
	src/audit/host_module.c \
	src/audit/host_private.h \
	src/audit/host_route.c \
	src/audit/host_tc.c \
	src/audit/host_vif.c \
	src/audit/key.c src/audit/key.h \
	src/audit/snapshot.c src/audit/snapshot.h \
	src/audit/snapshot_private.h \
	src/audit/snapshot_read.c \
	src/audit/snapshot_write.c

libcordon_la_SOURCES += \
	src/audit/attrs.c src/audit/attrs.h \
	src/audit/frame_spec.c src/audit/frame_spec.h \
	src/audit/module.c src/audit/module.h \
	src/audit/path.c src/audit/path.h \
	src/audit/path_bridge.c \
	src/audit/path_hook.c \
	src/audit/path_private.h \
	src/audit/path_tc.c \
	src/audit/path_write.c \
	src/audit/ruleset.c src/audit/ruleset.h \
	src/audit/ruleset_act.c \
	src/audit/ruleset_expr.c \
	src/audit/ruleset_find.c \
	src/audit/ruleset_load.c \
	src/audit/ruleset_message.c \
	src/audit/ruleset_private.h \
	src/audit/ruleset_set.c \
	src/audit/run.c src/audit/run.h \
	src/audit/run_expr.c \
	src/audit/run_packet.c src/audit/run_private.h \
	src/audit/skb.c src/audit/skb.h

libcordon_la_SOURCES += \
	src/audit/frame_maker.c src/audit/frame_maker.h \
	src/audit/packet.c src/audit/packet.h \
	src/audit/portsec.c src/audit/portsec.h \
	src/audit/portsec_fragment.c \
	src/audit/portsec_private.h \
	src/audit/portsec_to.c \
	src/audit/portsec_upper.c \
	src/audit/probe.c src/audit/probe.h \
	src/audit/probe_forged.c src/audit/probe_spoof.h \
	src/audit/probe_frame.c src/audit/probe_frame.h \
	src/audit/probe_port.c src/audit/probe_port.h \
	src/audit/probe_shape.c \
	src/audit/watched.c src/audit/watched.h \
	src/audit/watched_policy.c \
	src/audit/watched_private.h \
	src/audit/witness.c src/audit/witness.h \
	src/audit/witness_confine.c \
	src/audit/witness_live.c \
	src/audit/witness_places.c

dist_pkgdata_DATA += share/cordon-audit.schema.json share/cordon-snapshot.schema.json
