/* Error codes of the channel and the calls on it, as existing clients know them (docs/protocol.md). Token errors have
 * theirs in auth/token.h, call ends in gateway/call/call_end.c. */
#pragma once

enum {
    CG_ERROR_APPLICATION = 31001, /* no such application */
    CG_ERROR_MALFORMED = 31100,   /* a message that is not one, or lacks what it needs */
    CG_ERROR_TOKEN_MISSING = 31102,
    CG_ERROR_TOO_LONG = 31103,
    CG_ERROR_NOT_GRANTED = 31201, /* the token does not allow it */
    CG_ERROR_TOKEN_EXPIRED = 31205,
    CG_ERROR_LIMIT = 31206,        /* a rate or a number is exceeded */
    CG_ERROR_RECONNECT = 31209,    /* reconnect token refused */
    CG_ERROR_MESSAGE_TYPE = 31210, /* call message */
    CG_ERROR_MESSAGE_SIZE = 31212,
    CG_ERROR_BAD_REQUEST = 31400,
    CG_ERROR_NOT_FOUND = 31404,
    CG_ERROR_UNAVAILABLE = 31480,
    CG_ERROR_SIGNALING = 53000, /* this gateway takes no new sessions */
    CG_ERROR_SHUTDOWN = 53001,
    CG_ERROR_DESCRIPTION = 53402, /* an SDP that cannot be used */
};
