/* What texts have to be to stand in a SIP message as they are (RFC 3261 section 25.1). Nothing is escaped there: what
 * would break out of its place is refused. */
#pragma once

#include <stdbool.h>

/* NULL and "" are none. */
bool cg_sip_is_token(const char *text);
bool cg_sip_is_call_id(const char *text); /* of words, with "@" between them */
