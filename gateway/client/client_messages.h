/* What clients say and what the gateway does then: one handler per message type. */
#pragma once

#include "signaling/session.h"

/* The table for cg_session_handlers; the handlers' user pointer is the cg_gateway. */
extern const cg_session_message_handler cg_client_messages[];
