/* The embedded demo: a configuration made at start with fresh secrets, and tokens for whoever asks. For one's own
 * machine only. */
#pragma once

#include "gateway/config.h"
#include "signaling/http.h"

/* Text of a configuration with one account, key and application, and the demo endpoint enabled. Free with g_free. */
char *cg_demo_config_text(void);

/* POST /demo/token {"identity":"alice"} -> {"token","identity","ttl"}: a token that may call and be called, signed with
 * the demo key. 404 unless the configuration enables the demo. Not for pages of other sites (http_api.c). */
void cg_demo_handle_token(const cg_http_request *request, cg_http_response *response, const cg_config *config);
