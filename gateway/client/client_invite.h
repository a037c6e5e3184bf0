/* Placing a call (`invite`), taking one back after a lost socket (`invite` with `reconnect`), and renegotiating its
 * media. */
#pragma once

#include "gateway/client/client_leg.h"

void cg_client_on_invite(cg_session *session, const cg_session_message *message, void *gateway);

/* Takes the offer in the message (ICE restart, hold), lets the session's client speak for the leg from now on and sends
 * it `answer`. False, an error to the client and nothing changed if the offer cannot be used. */
bool cg_client_renegotiate(cg_session *session, const cg_session_message *message, cg_client_leg *leg);
