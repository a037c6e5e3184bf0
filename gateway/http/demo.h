/* The embedded demo: a configuration made at start with fresh secrets, and tokens for whoever asks. For one's own
 * machine only. */
#pragma once

#include "gateway/config/config.h"
#include "signaling/http.h"

/* Text of a configuration with one account, key and application, and the demo endpoint enabled. With a `phones_port`
 * there are two SIP phones on 127.0.0.1: one there that sends back what it hears, for sip:echo@127.0.0.1, and two
 * ports further one with a tone, for numbers that begin with +1555. Free with g_free. */
char *cg_demo_config_text(unsigned phones_port);

/* POST /demo/token {"identity":"alice"} -> {"token","identity","ttl","destinations"}: a token that may call and be
 * called, signed with the demo key, and what demo.dial offers, as [{"address","text"}]. 404 unless the configuration
 * enables the demo. Not for pages of other sites (http_api.c). */
void cg_demo_handle_token(const cg_http_request *request, cg_http_response *response, const cg_config *config);
