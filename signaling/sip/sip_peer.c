/* The peers that are wanted and those that are: a mail brings the former, here the latter follow. */
#include "signaling/sip/sip_peer.h"

#include "base/secret.h"
#include "signaling/sip/sip_keepalive.h"
#include "signaling/sip/sip_registration.h"

#include <string.h>

typedef struct {
    cg_mail mail;
    GPtrArray *peers; /* (owned) cg_sip_peer, whose strings are owned */
} peers_mail;

static void free_peer(void *data)
{
    cg_sip_peer *peer = data;
    for (size_t i = 0; i < peer->host_count; i++)
        g_free((char *) peer->hosts[i]);
    g_free((char *) peer->name);
    g_free((char *) peer->domain);
    g_free((char *) peer->user);
    cg_secret_free((char *) peer->password);
    g_free(peer);
}

static cg_sip_peer *copy_peer(const cg_sip_peer *peer)
{
    cg_sip_peer *copy = g_memdup2(peer, sizeof *peer);
    for (size_t i = 0; i < peer->host_count; i++)
        copy->hosts[i] = g_strdup(peer->hosts[i]);
    copy->name = g_strdup(peer->name);
    copy->domain = g_strdup(peer->domain);
    copy->user = g_strdup(peer->user);
    copy->password = g_strdup(peer->password);
    return copy;
}

static void discard(cg_mail *mail)
{
    g_ptr_array_unref(((peers_mail *) mail)->peers);
    g_free(mail);
}

static void forget_done(cg_sip *sip)
{
    for (guint i = sip->registrations->len; i-- > 0;)
        if (cg_sip_registration_done(sip->registrations->pdata[i]))
            g_ptr_array_remove_index_fast(sip->registrations, i);
}

/* Takes a peer that `is` this one out of `wanted`; false if there is none. */
static bool take(GPtrArray *wanted, bool (*is)(const void *existing, const cg_sip_peer *peer), const void *existing)
{
    for (guint i = 0; i < wanted->len; i++)
        if (is(existing, wanted->pdata[i])) {
            g_ptr_array_remove_index_fast(wanted, i);
            return true;
        }
    return false;
}

static bool is_registration(const void *existing, const cg_sip_peer *peer)
{
    return cg_sip_registration_is(existing, peer);
}

static bool is_keepalive(const void *existing, const cg_sip_peer *peer)
{
    return cg_sip_keepalive_is(existing, peer);
}

static void set_registrations(cg_sip *sip, const GPtrArray *peers)
{
    g_autoptr(GPtrArray) wanted = g_ptr_array_new();
    for (guint i = 0; i < peers->len; i++)
        if (((const cg_sip_peer *) peers->pdata[i])->register_expires_s > 0)
            g_ptr_array_add(wanted, peers->pdata[i]);
    for (guint i = 0; i < sip->registrations->len; i++)
        if (!take(wanted, is_registration, sip->registrations->pdata[i]))
            cg_sip_registration_end(sip->registrations->pdata[i]);
    forget_done(sip);
    for (guint i = 0; i < wanted->len; i++)
        g_ptr_array_add(sip->registrations, cg_sip_registration_new(sip, wanted->pdata[i]));
}

static void set_keepalives(cg_sip *sip, const GPtrArray *peers)
{
    g_autoptr(GPtrArray) wanted = g_ptr_array_new();
    for (guint i = 0; i < peers->len; i++)
        if (((const cg_sip_peer *) peers->pdata[i])->keepalive_s > 0)
            g_ptr_array_add(wanted, peers->pdata[i]);
    for (guint i = sip->keepalives->len; i-- > 0;)
        if (!take(wanted, is_keepalive, sip->keepalives->pdata[i]))
            g_ptr_array_remove_index_fast(sip->keepalives, i);
    for (guint i = 0; i < wanted->len; i++)
        g_ptr_array_add(sip->keepalives, cg_sip_keepalive_new(sip, wanted->pdata[i]));
}

static void deliver(cg_mail *mail, void *owner)
{
    const GPtrArray *peers = ((peers_mail *) mail)->peers;
    set_registrations(owner, peers);
    set_keepalives(owner, peers);
    discard(mail);
}

void cg_sip_set_peers(cg_sip *sip, const cg_sip_peer *peers, size_t count)
{
    peers_mail *posted = g_new0(peers_mail, 1);
    *posted = (peers_mail){.mail = {.deliver = deliver, .discard = discard},
                           .peers = g_ptr_array_new_with_free_func(free_peer)};
    for (size_t i = 0; i < count; i++)
        g_ptr_array_add(posted->peers, copy_peer(&peers[i]));
    cg_mailbox_post(sip->mailbox, &posted->mail);
}

size_t cg_sip_host_length(const char *host)
{
    return host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":;");
}

void cg_sip_peer_note_away(cg_sip *sip, const char *peer, const char *host, int status, const sip_t *response)
{
    cg_sip_event event = {.kind = CG_SIP_HOST_AWAY, .retry_after_s = cg_sip_read_retry_after(response)};
    if (status != 503 || event.retry_after_s == 0)
        return;
    event.peer = g_strdup(peer);
    event.peer_host = g_strdup(host);
    cg_sip_post_event(sip, &event);
}

void cg_sip_peers_on_nua(cg_sip *sip, nua_event_t event, int status, nua_handle_t *handle, const sip_t *message)
{
    bool found = false;
    for (guint i = 0; i < sip->registrations->len && !found; i++)
        found = cg_sip_registration_on_nua(sip->registrations->pdata[i], event, status, handle, message);
    for (guint i = 0; i < sip->keepalives->len && !found; i++)
        found = cg_sip_keepalive_on_nua(sip->keepalives->pdata[i], status, handle, message);
    forget_done(sip);
}

bool cg_sip_peers_have_handle(const cg_sip *sip, const nua_handle_t *handle)
{
    for (guint i = 0; i < sip->registrations->len; i++)
        if (cg_sip_registration_has_handle(sip->registrations->pdata[i], handle))
            return true;
    for (guint i = 0; i < sip->keepalives->len; i++)
        if (cg_sip_keepalive_has_handle(sip->keepalives->pdata[i], handle))
            return true;
    return false;
}

bool cg_sip_peers_have_source(const cg_sip *sip, const struct sockaddr_storage *source)
{
    for (guint i = 0; i < sip->registrations->len; i++)
        if (cg_sip_registration_has_source(sip->registrations->pdata[i], source))
            return true;
    return false;
}
