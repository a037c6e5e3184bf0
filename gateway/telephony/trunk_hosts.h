/* In which order the hosts of a trunk are tried. */
#pragma once

#include "gateway/telephony/routes.h"

/* Fills `ret_order` with the indices of all hosts of the trunk: those that are down behind the others; of these the
 * lower priority first; among equals by chance, as their weights have it (RFC 2782, "Weight"). Returns their number. */
size_t cg_trunk_order_hosts(const cg_trunk *trunk, const bool down[static CG_SIP_MAX_HOSTS],
                            unsigned ret_order[static CG_SIP_MAX_HOSTS]);
