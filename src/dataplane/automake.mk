libcordon_la_SOURCES += \
	src/dataplane/dataplane.h \
	src/dataplane/guard/event.c src/dataplane/guard/event.h \
	src/dataplane/guard/message.c src/dataplane/guard/message.h \
	src/dataplane/guard/module.c src/dataplane/guard/module.h \
	src/dataplane/guard/private.h \
	src/dataplane/guard/record.c src/dataplane/guard/record.h \
	src/dataplane/guard/stats.c \
	src/dataplane/guard/want.c \
	src/dataplane/linux/apply.c src/dataplane/linux/apply.h \
	src/dataplane/linux/bridge.c src/dataplane/linux/bridge.h \
	src/dataplane/linux/conntrack.c src/dataplane/linux/conntrack.h \
	src/dataplane/linux/cut.c src/dataplane/linux/cut.h \
	src/dataplane/linux/dataplane.c \
	src/dataplane/linux/device.c src/dataplane/linux/device.h \
	src/dataplane/linux/fence.c src/dataplane/linux/fence.h \
	src/dataplane/linux/lock.c src/dataplane/linux/lock.h \
	src/dataplane/linux/lock_read.c \
	src/dataplane/linux/logged.c src/dataplane/linux/logged.h \
	src/dataplane/linux/messages.h \
	src/dataplane/linux/monitor.c src/dataplane/linux/monitor.h \
	src/dataplane/linux/nflog.c src/dataplane/linux/nflog.h \
	src/dataplane/linux/port.c src/dataplane/linux/port.h \
	src/dataplane/linux/port_attrs.h \
	src/dataplane/linux/port_observe.c \
	src/dataplane/linux/rate.c src/dataplane/linux/rate.h \
	src/dataplane/linux/ratemsg.c src/dataplane/linux/ratemsg.h \
	src/dataplane/linux/reading.c src/dataplane/linux/reading.h \
	src/dataplane/linux/rtmsg.c src/dataplane/linux/rtmsg.h \
	src/dataplane/linux/sysctl.c src/dataplane/linux/sysctl.h \
	src/dataplane/linux/target.c src/dataplane/linux/target.h \
	src/dataplane/linux/tcmsg.c src/dataplane/linux/tcmsg.h \
	src/dataplane/linux/want.c src/dataplane/linux/want.h
libcordon_la_SOURCES += \
	src/dataplane/linux/guard.c src/dataplane/linux/guard.h \
	src/dataplane/linux/guard_apply.c \
	src/dataplane/linux/guard_cache.c src/dataplane/linux/guard_cache.h \
	src/dataplane/linux/guard_single.c src/dataplane/linux/guard_single.h \
	src/dataplane/linux/guard_chains.h \
	src/dataplane/linux/guard_drops.c \
	src/dataplane/linux/guard_element.c \
	src/dataplane/linux/guard_element.h \
	src/dataplane/linux/guard_fast.c \
	src/dataplane/linux/guard_fixed.c \
	src/dataplane/linux/guard_frame.c \
	src/dataplane/linux/guard_icmp6.c \
	src/dataplane/linux/guard_ip4.c \
	src/dataplane/linux/guard_ip6.c \
	src/dataplane/linux/guard_message.c \
	src/dataplane/linux/guard_message.h \
	src/dataplane/linux/guard_observe.c \
	src/dataplane/linux/guard_out.c \
	src/dataplane/linux/guard_private.h \
	src/dataplane/linux/guard_rules.c src/dataplane/linux/guard_rules.h \
	src/dataplane/linux/guard_scope.c \
	src/dataplane/linux/guard_segment.c \
	src/dataplane/linux/guard_shared.c \
	src/dataplane/linux/guard_shared.h \
	src/dataplane/linux/guard_sets.c \
	src/dataplane/linux/guard_table.c \
	src/dataplane/linux/guard_table.h \
	src/dataplane/linux/guard_uplink.c \
	src/dataplane/linux/guard_want.c \
	src/dataplane/linux/group.h \
	src/dataplane/linux/group_compile.c src/dataplane/linux/group_filter.c \
	src/dataplane/linux/group_fixed.c \
	src/dataplane/linux/group_maker.h src/dataplane/linux/group_own.c \
	src/dataplane/linux/group_port.c \
	src/dataplane/linux/group_rules.c src/dataplane/linux/group_rules.h \
	src/dataplane/linux/group_shared.c \
	src/dataplane/linux/group_known.c \
	src/dataplane/linux/group_table.c src/dataplane/linux/group_used.c \
	src/dataplane/linux/group_want.c \
	src/dataplane/linux/host_limit.c src/dataplane/linux/host_limit.h \
	src/dataplane/linux/leavers.c src/dataplane/linux/leavers.h \
	src/dataplane/linux/nft.c src/dataplane/linux/nft.h \
	src/dataplane/linux/nft_element.c src/dataplane/linux/nft_element.h \
	src/dataplane/linux/nft_field.c src/dataplane/linux/nft_field.h \
	src/dataplane/linux/nft_memo.c src/dataplane/linux/nft_memo.h \
	src/dataplane/linux/nft_rule.c src/dataplane/linux/nft_rule.h \
	src/dataplane/linux/nft_rule_load.c \
	src/dataplane/linux/nft_rule_put.c \
	src/dataplane/linux/nft_rule_state.h \
	src/dataplane/linux/nft_token.c src/dataplane/linux/nft_token.h \
	src/dataplane/linux/nft_set.c src/dataplane/linux/nft_set.h \
	src/dataplane/linux/nft_table.c src/dataplane/linux/nft_table.h \
	src/dataplane/linux/nft_text.c src/dataplane/linux/nft_text.h
