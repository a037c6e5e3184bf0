/* What handlers of client messages share: the call a message speaks of, its texts, the plain answer, and whether the
 * client may place calls. */
#pragma once

#include "gateway/client/client_leg.h"
#include "gateway/gateway.h"

/* The text of that field of the payload; NULL if there is none. */
const char *cg_client_request_text(const cg_session_message *message, const char *name);

/* The leg the message speaks of, or an error to the client and NULL. A `quiet` message crosses with the call's end too
 * often to be worth an error, unless it asks for an answer. */
cg_client_leg *cg_client_request_leg(cg_session *session, const cg_session_message *message, bool quiet);

/* An empty result, if the message asks for one. */
void cg_client_reply(cg_session *session, const cg_session_message *message);

/* Why the client may not have calls placed now, and the error's code; NULL: it may. */
const char *cg_client_calling_fault(const cg_gateway *gateway, cg_session *session, int *ret_code);

/* Where the application sends a call with these parameters; NULL if it cannot say. */
const char *cg_client_destination(const cg_application *application, const cg_form *parameters);
