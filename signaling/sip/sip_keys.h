/* Keys in INFO requests (RFC 6086): the bodies that phones use, application/dtmf-relay ("Signal=5", "Duration=160") and
 * application/dtmf ("5"). No state. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef enum {
    CG_SIP_KEYS_OK,
    CG_SIP_KEYS_NONE,      /* no body: a request that asks for nothing */
    CG_SIP_KEYS_OTHER,     /* another kind of body */
    CG_SIP_KEYS_MALFORMED, /* none, or no key in it */
} cg_sip_keys_result;

/* `type` may be NULL: there is none. `*ret_key` is one of 0-9 * # A-D, set on OK only. */
cg_sip_keys_result cg_sip_keys_read(const char *type, const char *body, size_t size, char *ret_key);
