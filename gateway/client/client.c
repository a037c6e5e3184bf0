/* Clients: registration and the bond between sessions and legs. */
#include "gateway/client/client.h"

#include "base/clock.h"
#include "gateway/client/presence.h"

cg_client *cg_client_new(cg_session *session, cg_presence *presence)
{
    cg_client *client = g_new0(cg_client, 1);
    client->session = session;
    client->presence = presence;
    client->legs = g_ptr_array_new();
    return client;
}

/* A connected leg waits for its client to come back; a ringing one has nobody to answer it any more. */
static void lose_signaling(cg_client_leg *leg)
{
    if (leg->base.signaling_lost_us == 0)
        leg->base.signaling_lost_us = cg_clock_monotonic_us();
    if (leg->base.state != CG_CALL_LEG_ANSWERED)
        cg_call_leg_gone(&leg->base, CG_CALL_END_SIGNALING_LOST);
}

static void abandon_legs(cg_client *client)
{
    for (guint i = 0; i < client->legs->len; i++)
        lose_signaling(client->legs->pdata[i]);
}

void cg_client_free(cg_client *client)
{
    if (client == NULL)
        return;
    cg_client_unregister(client);
    abandon_legs(client);
    while (client->legs->len > 0)
        cg_client_leg_detach(client->legs->pdata[0]);
    g_ptr_array_unref(client->legs);
    g_free(client);
}

cg_client_leg *cg_client_find_leg(const cg_client *client, const char *callsid)
{
    for (guint i = 0; callsid != NULL && i < client->legs->len; i++) {
        cg_client_leg *leg = client->legs->pdata[i];
        if (leg->base.state == CG_CALL_LEG_ENDED)
            continue;
        if (g_str_equal(leg->base.sid.text, callsid) || g_strcmp0(leg->temporary_callsid, callsid) == 0)
            return leg;
    }
    return NULL;
}

const cg_call_leg *cg_client_open_leg(const cg_client *client, const cg_call_leg *but)
{
    for (guint i = 0; i < client->legs->len; i++) {
        const cg_call_leg *leg = client->legs->pdata[i];
        if (leg != but && leg->state != CG_CALL_LEG_ENDED)
            return leg;
    }
    return NULL;
}

size_t cg_client_open_legs(const cg_client *client)
{
    size_t count = 0;
    for (guint i = 0; i < client->legs->len; i++)
        count += ((const cg_client_leg *) client->legs->pdata[i])->base.state != CG_CALL_LEG_ENDED;
    return count;
}

void cg_client_detached(cg_client *client)
{
    if (!cg_session_can_resume(client->session)) {
        cg_client_unregister(client);
        abandon_legs(client);
        return;
    }
    for (guint i = 0; i < client->legs->len; i++)
        ((cg_client_leg *) client->legs->pdata[i])->base.signaling_lost_us = cg_clock_monotonic_us();
}

void cg_client_attached(cg_client *client)
{
    for (guint i = 0; i < client->legs->len; i++) {
        cg_client_leg *leg = client->legs->pdata[i];
        leg->base.signaling_lost_us = 0;
        if (leg->waiting != CG_CLIENT_OFFER)
            cg_call_leg_ringing(&leg->base);
    }
}

bool cg_client_register(cg_client *client, unsigned devices_per_identity)
{
    const cg_grants *grants = cg_session_grants(client->session);
    if (client->presence_key != NULL)
        return true;
    g_autofree char *key = cg_presence_key(&grants->account, grants->identity);
    const GPtrArray *others = cg_presence_find(client->presence, key);
    if (others != NULL && others->len >= devices_per_identity)
        return false;
    cg_presence_add(client->presence, key, client);
    client->presence_key = g_steal_pointer(&key);
    return true;
}

void cg_client_unregister(cg_client *client)
{
    if (client->presence_key == NULL)
        return;
    cg_presence_remove(client->presence, client->presence_key, client);
    g_clear_pointer(&client->presence_key, g_free);
}
