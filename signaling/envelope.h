/* The envelope of a client message: {"type","payload","version","id"} (docs/protocol.md). Bytes in, a typed view or
 * an error that says what was wrong and where out. Members it does not know are ignored. */
#pragma once

#include "signaling/session.h"

#include <stddef.h>

#define CG_ENVELOPE_MAX_TYPE 64 /* characters of a type: letters, digits, '.', '_', '-' */
#define CG_ENVELOPE_MAX_ID 64   /* bytes of an id as it stands in the text */

typedef enum {
    CG_ENVELOPE_OK,
    CG_ENVELOPE_NOT_UTF8,
    CG_ENVELOPE_NOT_JSON,
    CG_ENVELOPE_NOT_A_MESSAGE, /* JSON, but not an object with the members above */
} cg_envelope_status;

typedef struct {
    cg_json *json;              /* owns what `message` points to */
    cg_session_message message; /* on CG_ENVELOPE_NOT_A_MESSAGE: only `id`, if it could be read */
    char error[96];             /* what was wrong, for the peer; empty if nothing */
} cg_envelope;

/* Fills `ret_envelope` whatever the outcome; always finish it. */
cg_envelope_status cg_envelope_parse(const char *text, size_t size, cg_envelope *ret_envelope);
void cg_envelope_finish(cg_envelope *envelope);
