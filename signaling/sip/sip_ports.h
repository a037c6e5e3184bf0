/* What Sofia keeps to itself of its ports. */
#pragma once

#include "signaling/sip/sip.h"

#include <sofia-sip/nta.h>

/* Logs where the stack listens: a line for each transport and address. */
void cg_sip_ports_tell(nta_agent_t *agent);

/* Why the ports of `config` cannot be had, for the operator; g_free. */
char *cg_sip_ports_fault(const cg_sip_config *config);
