/* Whom a trunk is told that a call comes from: what its configuration says, or what the call asks for and the trunk
 * allows. */
#pragma once

#include "base/form.h"
#include "gateway/telephony/routes.h"

#define CG_CALLER_ID_PARAMETER "CallerId"
#define CG_CALLER_ID_ANONYMOUS "anonymous" /* as a caller id: who calls is withheld */

typedef struct {
    const char *user;     /* of From; NULL: withheld */
    const char *asserted; /* told to the trunk alone (RFC 3325); NULL: nothing is */
} cg_caller_id;

/* "+15550001111", "+1555*" for all numbers that begin so, or "anonymous". */
bool cg_caller_id_is_pattern(const char *text);

/* `caller` is the calling party's address, "client:alice". The result points into what is passed. False if the call
 * asks for an id that is none of the trunk's `caller_ids`. */
bool cg_caller_id_choose(const cg_trunk *trunk, const cg_form *parameters, const char *caller, cg_caller_id *ret_id);
