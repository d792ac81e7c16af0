/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The names of the reasons, as operators see them. */

#include <cordon-config.h>
#include "lib/reason.h"

#include <stddef.h>

static const char *const names[REASON_MAX + 1] = {
    [REASON_SPOOFED_MAC] = "spoofed-mac",
    [REASON_TAGGED] = "tagged",
    [REASON_LLC] = "llc",
    [REASON_CONTROL_MAC] = "control-mac",
    [REASON_MAC_IP_MISMATCH] = "mac-ip-mismatch",
    [REASON_ETHERTYPE] = "ethertype",
    [REASON_ARP_MALFORMED] = "arp-malformed",
    [REASON_ARP_SPOOF] = "arp-spoof",
    [REASON_SPOOFED_IP] = "spoofed-ip",
    [REASON_MALFORMED] = "malformed",
    [REASON_IP_OPTIONS] = "ip-options",
    [REASON_FRAGMENT] = "fragment",
    [REASON_ND_SPOOF] = "nd-spoof",
    [REASON_ROGUE_RA] = "rogue-ra",
    [REASON_EXT_HEADER] = "ext-header",
    [REASON_ROGUE_DHCP] = "rogue-dhcp",
    [REASON_ROGUE_ROUTER] = "rogue-router",
    [REASON_ENCAPSULATION] = "encapsulation",
    [REASON_ICMP_EMBEDDED] = "icmp-embedded",
    [REASON_STORM] = "storm",
    [REASON_WRONG_SEGMENT] = "wrong-segment",
    [REASON_NOT_ADDRESSED] = "not-addressed",
    [REASON_UNKNOWN_VLAN] = "unknown-vlan",
    [REASON_LOCAL_MAC] = "local-mac",
    [REASON_TO_HOST] = "to-host",
    [REASON_QUARANTINED] = "quarantined",
    [REASON_BLOCKED] = "blocked",
    [REASON_RATE] = "rate",
    [REASON_GROUP_INGRESS] = "group-ingress",
    [REASON_GROUP_EGRESS] = "group-egress",
    [REASON_CT_INVALID] = "ct-invalid",
    [REASON_CT_BLOCKED] = "ct-blocked",
    [REASON_CONNECTIONS] = "connections",
    [REASON_FRAGMENT_RATE] = "fragment-rate",
    [REASON_POLICED] = "policed",
    [REASON_QUEUE_FULL] = "queue-full",
    [REASON_NOT_GATEWAY] = "not-gateway",
};

const char *
reason_name(unsigned int reason)
{
    return reason <= REASON_MAX ? names[reason] : NULL;
}

bool
reason_is_others(unsigned int reason)
{
    return reason == REASON_WRONG_SEGMENT || reason == REASON_NOT_ADDRESSED
           || reason == REASON_NOT_GATEWAY;
}
