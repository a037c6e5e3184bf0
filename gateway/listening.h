/* What the operator is told at start of where media is received; HTTP and SIP tell of themselves. */
#pragma once

#include "gateway/gateway.h"

/* A line for each transport; plain RTP only where there is SIP. */
void cg_listening_log(const cg_gateway *gateway);
