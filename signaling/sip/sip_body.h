/* What messages carry (RFC 3261 section 7.4): a session description, nothing, or what we cannot read. The description
 * may be a part of several (RFC 5621). */
#pragma once

#include <sofia-sip/sip.h>
#include <sofia-sip/sip_tag.h>
#include <stdbool.h>

/* What a 415 says that we take (sections 20.1 and 20.2). */
#define CG_SIP_ACCEPT SIPTAG_ACCEPT_STR("application/sdp, multipart/mixed, multipart/alternative")
#define CG_SIP_ACCEPT_ENCODING SIPTAG_ACCEPT_ENCODING_STR("identity")

/* The description; g_free. "": none that can be one (foreign, broken, too long); NULL: there is none, or only what may
 * be passed over. `message` may be NULL. */
char *cg_sip_read_body(const sip_t *message);
/* Whether there is one that cannot be read and may not be passed over (Content-Disposition with handling=optional): 0,
 * or the status for a request that has it. 415: another type, or encoded (section 8.2.3); 400: parts without an end;
 * 413: more of them than we look at. */
unsigned cg_sip_body_refusal(const sip_t *message);
