/* Parameters of a call that a trunk is told as headers: those whose names are on the trunk's list. */
#pragma once

#include "base/form.h"
#include "gateway/telephony/routes.h"
#include "signaling/sip/sip.h"

/* "X-Account", or "X-*" for all that begin so. */
bool cg_sip_headers_is_pattern(const char *text);

/* Those of the trunk's list; they point into `parameters`. False if one of them cannot be sent: its name is no token
 * (RFC 3261 section 25.1), its value has control characters or more than CG_SIP_MAX_TEXT octets, or there are more than
 * CG_SIP_MAX_HEADERS. */
bool cg_sip_headers_choose(const cg_trunk *trunk, const cg_form *parameters,
                           cg_sip_header ret_headers[static CG_SIP_MAX_HEADERS], size_t *ret_count);
