/* Hosts of a trunk as the configuration has them: HOST[:PORT][;transport=udp|tcp|tls][;priority=N][;weight=N]. */
#pragma once

#include "base/ip_range.h"
#include "gateway/telephony/routes.h"

/* Takes priority and weight out of the trunk's host `i`, or sets what it has without; hosts without a priority are
 * tried in their order. False if it is no host. */
bool cg_config_take_host(cg_trunk *trunk, size_t i);

/* A host that is an address; false: it is a name. */
bool cg_config_host_address(const char *host, cg_ip_range *ret_address);
