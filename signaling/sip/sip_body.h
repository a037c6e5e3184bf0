/* What messages carry (RFC 3261 section 7.4): a session description, nothing, or what we cannot read. */
#pragma once

#include <sofia-sip/sip.h>
#include <sofia-sip/sip_tag.h>
#include <stdbool.h>

/* What a 415 says that we take (sections 20.1 and 20.2). */
#define CG_SIP_ACCEPT SIPTAG_ACCEPT_STR("application/sdp")
#define CG_SIP_ACCEPT_ENCODING SIPTAG_ACCEPT_ENCODING_STR("identity")

/* The description; g_free. "": none that can be one (foreign, too long); NULL: there is none, or one that may be passed
 * over (Content-Disposition with handling=optional). `message` may be NULL. */
char *cg_sip_read_body(const sip_t *message);
/* Whether there is one of another type, or encoded, that may not be passed over: for a request 415 (section 8.2.3). */
bool cg_sip_body_is_foreign(const sip_t *message);
