libcordon_la_SOURCES += \
	src/dataplane/dataplane.h \
	src/dataplane/linux/apply.c src/dataplane/linux/apply.h \
	src/dataplane/linux/bridge.c src/dataplane/linux/bridge.h \
	src/dataplane/linux/dataplane.c \
	src/dataplane/linux/device.c src/dataplane/linux/device.h \
	src/dataplane/linux/lock.c src/dataplane/linux/lock.h \
	src/dataplane/linux/messages.h \
	src/dataplane/linux/monitor.c src/dataplane/linux/monitor.h \
	src/dataplane/linux/port.c src/dataplane/linux/port.h \
	src/dataplane/linux/port_attrs.h \
	src/dataplane/linux/port_observe.c \
	src/dataplane/linux/rtmsg.c src/dataplane/linux/rtmsg.h \
	src/dataplane/linux/sysctl.c src/dataplane/linux/sysctl.h \
	src/dataplane/linux/target.c src/dataplane/linux/target.h \
	src/dataplane/linux/tcmsg.c src/dataplane/linux/tcmsg.h \
	src/dataplane/linux/want.c src/dataplane/linux/want.h
libcordon_la_SOURCES += \
	src/dataplane/linux/guard.c src/dataplane/linux/guard.h \
	src/dataplane/linux/guard_apply.c \
	src/dataplane/linux/guard_cache.c src/dataplane/linux/guard_cache.h \
	src/dataplane/linux/guard_chains.h \
	src/dataplane/linux/guard_drops.c \
	src/dataplane/linux/guard_element.c \
	src/dataplane/linux/guard_element.h \
	src/dataplane/linux/guard_fast.c \
	src/dataplane/linux/guard_frame.c \
	src/dataplane/linux/guard_icmp6.c \
	src/dataplane/linux/guard_ip4.c \
	src/dataplane/linux/guard_ip6.c \
	src/dataplane/linux/guard_observe.c \
	src/dataplane/linux/guard_out.c \
	src/dataplane/linux/guard_private.h \
	src/dataplane/linux/guard_rules.c src/dataplane/linux/guard_rules.h \
	src/dataplane/linux/guard_segment.c \
	src/dataplane/linux/guard_sets.c \
	src/dataplane/linux/guard_uplink.c \
	src/dataplane/linux/guard_want.c \
	src/dataplane/linux/nft.c src/dataplane/linux/nft.h \
	src/dataplane/linux/nft_field.c src/dataplane/linux/nft_field.h \
	src/dataplane/linux/nft_rule.c src/dataplane/linux/nft_rule.h \
	src/dataplane/linux/nft_rule_put.c \
	src/dataplane/linux/nft_set.c src/dataplane/linux/nft_set.h
