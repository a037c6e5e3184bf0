/* Ringing the devices of an identity. */
#include "gateway/client_destination.h"

#include "gateway/calls.h"
#include "gateway/client.h"
#include "gateway/presence.h"
#include "gateway/transfer.h"

static bool speaks_for(const cg_client *client, const cg_call_leg *leg)
{
    const cg_client_leg *own = leg != NULL ? cg_client_leg_from((cg_call_leg *) leg) : NULL;
    return own != NULL && own->client == client;
}

cg_call_end cg_client_destination_dial(cg_call *call, const char *identity, void *presence)
{
    g_autofree char *key = cg_presence_key(&call->account, identity);
    const GPtrArray *clients = cg_presence_find(presence, key);
    cg_call_end end = CG_CALL_END_UNAVAILABLE;
    bool rings = false;
    if (*identity == '\0')
        return CG_CALL_END_NOT_FOUND;
    for (guint i = 0; clients != NULL && i < clients->len; i++) {
        cg_client *client = clients->pdata[i];
        /* Whoever calls their own identity wants another device of theirs. */
        if (speaks_for(client, cg_transfer_party(call->caller)) || speaks_for(client, cg_transfer_asker(call->caller)))
            continue;
        if (cg_client_open_legs(client) >= call->calls->policy->calls_per_client) {
            end = CG_CALL_END_BUSY;
            continue;
        }
        cg_client_leg *leg = cg_client_leg_new_callee(client, identity);
        end = CG_CALL_END_OVERLOADED;
        rings |= cg_call_add_callee(call, &leg->base);
    }
    return rings ? CG_CALL_END_NONE : end;
}

const cg_call_leg *cg_client_destination_near(const cg_call *call, const char *identity, void *presence)
{
    g_autofree char *key = cg_presence_key(&call->account, identity);
    const GPtrArray *clients = cg_presence_find(presence, key);
    const cg_call_leg *leg = NULL;
    for (guint i = 0; clients != NULL && leg == NULL && i < clients->len; i++)
        leg = cg_client_open_leg(clients->pdata[i], call->caller);
    return leg;
}
