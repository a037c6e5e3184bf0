/* A client: what the gateway knows of a session beyond its messages: whether it is registered, and the legs it speaks
 * for. */
#pragma once

#include "gateway/client/client_leg.h"
#include "signaling/session.h"

#include <glib.h>

typedef struct cg_presence cg_presence;

struct cg_client {
    cg_session *session;
    cg_presence *presence;
    char *presence_key; /* "AC.../alice" while registered; NULL: not registered */
    GPtrArray *legs;    /* (cg_client_leg) not owned; ended ones stay until their call is freed */
};

cg_client *cg_client_new(cg_session *session, cg_presence *presence);

/* The session is gone: unregisters; its legs go on without it until the reconnect window closes. */
void cg_client_free(cg_client *client);

/* The leg the client knows by that callsid (or by the temporary one of its invite); NULL if it has none that has not
 * ended. */
cg_client_leg *cg_client_find_leg(const cg_client *client, const char *callsid);

/* A leg of the client's that has not ended, other than `but` (which may be NULL); NULL: there is none. */
const cg_call_leg *cg_client_open_leg(const cg_client *client, const cg_call_leg *but);

size_t cg_client_open_legs(const cg_client *client);

/* The socket is lost or back: legs start or stop counting the time without signalling. A client that cannot resume
 * loses its registration and its ringing legs at once. */
void cg_client_detached(cg_client *client);
void cg_client_attached(cg_client *client);

bool cg_client_register(cg_client *client,
                        unsigned devices_per_identity); /* false: the identity has too many devices */
void cg_client_unregister(cg_client *client);
