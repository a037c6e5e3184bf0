/* Ringing the devices of an identity. */
#include "gateway/client/client_destination.h"

#include "gateway/call/calls.h"
#include "gateway/call/transfer.h"
#include "gateway/client/client.h"
#include "gateway/client/presence.h"

static bool speaks_for(const cg_client *client, const cg_call_leg *leg)
{
    const cg_client_leg *own = leg != NULL ? cg_client_leg_from((cg_call_leg *) leg) : NULL;
    return own != NULL && own->client == client;
}

static bool rings_already(const cg_client *client, const cg_call *call)
{
    for (guint i = 1; i < call->legs->len; i++)
        if (speaks_for(client, call->legs->pdata[i]))
            return true;
    return false;
}

/* True if a device of the identity rings; why one does not is noted in the call. */
static bool ring(cg_call *call, const char *identity, cg_presence *presence)
{
    g_autofree char *key = cg_presence_key(&call->account, identity);
    const GPtrArray *clients = cg_presence_find(presence, key);
    cg_call_end refusal = CG_CALL_END_UNAVAILABLE;
    bool rings = false;
    for (guint i = 0; clients != NULL && i < clients->len; i++) {
        cg_client *client = clients->pdata[i];
        /* Whoever calls their own identity wants another device of theirs. */
        if (speaks_for(client, cg_transfer_party(call->caller)) ||
            speaks_for(client, cg_transfer_asker(call->caller)) || rings_already(client, call))
            continue;
        if (cg_client_open_legs(client) >= call->calls->policy->calls_per_client)
            refusal = cg_call_end_choose(refusal, CG_CALL_END_BUSY);
        else if (cg_call_add_callee(call, &cg_client_leg_new_callee(client, identity)->base))
            rings = true;
        else
            refusal = cg_call_end_choose(refusal, CG_CALL_END_OVERLOADED);
    }
    call->refusal = cg_call_end_choose(call->refusal, refusal);
    return rings;
}

cg_call_end cg_client_destination_dial(cg_call *call, const char *identities, void *presence)
{
    g_auto(GStrv) list = g_strsplit(identities, ",", CG_CLIENT_DESTINATION_MAX + 1);
    bool rings = false;
    if (g_strv_length(list) > CG_CLIENT_DESTINATION_MAX)
        return CG_CALL_END_NOT_FOUND;
    for (char **identity = list; *identity != NULL; identity++)
        if (**identity != '\0')
            rings |= ring(call, *identity, presence);
    return rings ? CG_CALL_END_NONE : call->refusal != CG_CALL_END_NONE ? call->refusal : CG_CALL_END_NOT_FOUND;
}

static const cg_call_leg *near_identity(const cg_call *call, const char *identity, cg_presence *presence)
{
    g_autofree char *key = cg_presence_key(&call->account, identity);
    const GPtrArray *clients = cg_presence_find(presence, key);
    const cg_call_leg *leg = NULL;
    for (guint i = 0; clients != NULL && leg == NULL && i < clients->len; i++)
        leg = cg_client_open_leg(clients->pdata[i], call->caller);
    return leg;
}

const cg_call_leg *cg_client_destination_near(const cg_call *call, const char *identities, void *presence)
{
    g_auto(GStrv) list = g_strsplit(identities, ",", CG_CLIENT_DESTINATION_MAX + 1);
    const cg_call_leg *leg = NULL;
    for (char **identity = list; *identity != NULL && leg == NULL; identity++)
        leg = near_identity(call, *identity, presence);
    return leg;
}
