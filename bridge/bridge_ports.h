/* Where a bridge receives media, for the operator; besides cg_bridge_rtp_host(). On the control thread. */
#pragma once

#include "bridge/bridge.h"

const cg_addresses *cg_bridge_addresses(const cg_bridge *bridge); /* valid as long as the bridge */

/* Of both families; 0: none is open. */
uint16_t cg_bridge_udp_port(const cg_bridge *bridge, unsigned worker);
uint16_t cg_bridge_tcp_port(const cg_bridge *bridge);
