/* From claims to grants: what each kind of token may carry. Signature and times have been checked before. */
#pragma once

#include "auth/token.h"
#include "base/json.h"

/* An access token's `grants` (docs/tokens.md). Grants that we do not know are ignored; a known one that is not
 * as it should be refuses the token: CG_TOKEN_OK, CG_TOKEN_GRANTS or CG_TOKEN_IDENTITY. */
cg_token_status cg_grants_read_access(const cg_json_value *claims, cg_grants *grants);

/* A capability token's `scope` (docs/tokens.md); the same outcomes. */
cg_token_status cg_grants_read_capability(const cg_json_value *claims, cg_grants *grants);
