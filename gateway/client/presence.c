/* Presence as a table from identity to clients. */
#include "gateway/client/presence.h"

struct cg_presence {
    GHashTable *identities; /* key -> (owned) GPtrArray of cg_client, never empty */
    size_t count;
};

cg_presence *cg_presence_new(void)
{
    cg_presence *presence = g_new0(cg_presence, 1);
    presence->identities = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
    return presence;
}

void cg_presence_free(cg_presence *presence)
{
    if (presence == NULL)
        return;
    g_hash_table_unref(presence->identities);
    g_free(presence);
}

char *cg_presence_key(const cg_sid *account, const char *identity)
{
    return g_strconcat(account->text, "/", identity, NULL);
}

void cg_presence_add(cg_presence *presence, const char *key, cg_client *client)
{
    GPtrArray *clients = g_hash_table_lookup(presence->identities, key);
    if (clients == NULL) {
        clients = g_ptr_array_new();
        g_hash_table_insert(presence->identities, g_strdup(key), clients);
    }
    g_ptr_array_add(clients, client);
    presence->count++;
}

void cg_presence_remove(cg_presence *presence, const char *key, cg_client *client)
{
    GPtrArray *clients = g_hash_table_lookup(presence->identities, key);
    bool removed = clients != NULL && g_ptr_array_remove(clients, client);
    g_assert(removed);
    presence->count--;
    if (clients->len == 0)
        g_hash_table_remove(presence->identities, key);
}

const GPtrArray *cg_presence_find(const cg_presence *presence, const char *key)
{
    return g_hash_table_lookup(presence->identities, key);
}

size_t cg_presence_count(const cg_presence *presence)
{
    return presence->count;
}
