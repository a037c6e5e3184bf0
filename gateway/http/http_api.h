/* The gateway's own HTTP paths: health, metrics, administration, demo tokens, and the sink for clients' telemetry. */
#pragma once

#include "signaling/http.h"

/* Routes for cg_server_new, ended by path NULL; the user pointer is the cg_gateway. */
extern const cg_http_route cg_http_api_routes[];
