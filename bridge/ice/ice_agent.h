/* A full ICE agent (RFC 8445) for one leg, on libnice's NiceAgent: one stream of one component over UDP, with STUN and
 * TURN. All of a thread's agents share its GMainContext, which must be its thread-default one; everything here is
 * called, and calls back, on that thread.
 *
 * The one thing to know: a handler may close the agent that it is called for. After closing none is called any more,
 * although the NiceAgent lives on until its TURN servers have taken their allocations back. */
#pragma once

#include "base/media.h"
#include "bridge/bridge.h"
#include "bridge/transport/addresses.h"

#include <glib.h>

typedef struct cg_ice_agents cg_ice_agents; /* what the agents of a thread have in common */
typedef struct cg_ice_agent cg_ice_agent;

/* `owner` is the thread's, `user` the agent's. */
typedef struct {
    void (*candidate)(void *owner, void *user, const cg_candidate *candidate); /* a local one was gathered */
    void (*gathered)(void *owner, void *user);                                 /* and no further one will be */
    /* A pair was selected, the first or another: data goes to `peer` from now on. */
    void (*selected)(void *owner, void *user, const struct sockaddr_storage *peer);
    /* Nothing works, or the peer has not answered for 50 s: only a restart, or new candidates, can mend it. */
    void (*failed)(void *owner, void *user);
    /* Anything but STUN from an address that a check has validated; valid during the call. */
    void (*received)(void *owner, void *user, const uint8_t *data, size_t size);
} cg_ice_agent_handlers;

/* The pointers outlive the agents. */
cg_ice_agents *cg_ice_agents_new(GMainContext *context, const cg_ice_servers *servers, const cg_addresses *addresses,
                                 const cg_ice_agent_handlers *handlers, void *owner);
/* Every agent must be closed. Waits up to 1.5 s for their TURN allocations to be given back. */
void cg_ice_agents_free(cg_ice_agents *agents);

/* An agent with these local credentials; `controlling` if our description is the offer (RFC 8445 section 6.1.1). */
cg_ice_agent *cg_ice_agent_new(cg_ice_agents *agents, const cg_ice_credentials *local, bool controlling, void *user);
/* Gives its ports and allocations back, by and by. */
void cg_ice_agent_close(cg_ice_agent *agent);

/* Starts gathering; the first candidates are told before it returns. False if no address could be bound. */
bool cg_ice_agent_gather(cg_ice_agent *agent);

/* New local credentials (RFC 8445 section 9). The selected pair serves until another is selected; local candidates
 * stay as they are; the peer's are forgotten. */
void cg_ice_agent_restart(cg_ice_agent *agent, const cg_ice_credentials *local);

/* The peer's credentials, after every restart. Checks begin. */
void cg_ice_agent_set_remote(cg_ice_agent *agent, const cg_ice_credentials *remote);

/* A candidate of the peer's; those that come before its credentials wait for them. Dropped if it belongs to other
 * credentials, or there are too many. */
void cg_ice_agent_add_remote(cg_ice_agent *agent, const cg_candidate *candidate);

/* A pair is selected, and the peer answers the agent's own checks on it. */
bool cg_ice_agent_is_alive(const cg_ice_agent *agent);

/* False if it could not be sent. */
bool cg_ice_agent_send(cg_ice_agent *agent, const uint8_t *data, size_t size);
