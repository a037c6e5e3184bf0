/* Our ufrags say in their first character which worker has the leg, so that whoever takes a connection knows where it
 * goes. The other seven keep 41 random bits (RFC 8445 section 5.3 asks for 24). */
#pragma once

#include <stdbool.h>

#define CG_MAX_WORKERS 64 /* as many as there are ice-chars (RFC 8839 section 5.1) */

void cg_ufrag_set_worker(char *ufrag, unsigned worker);
bool cg_ufrag_get_worker(const char *ufrag, unsigned *ret_worker);
