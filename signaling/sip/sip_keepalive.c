/* Each host has a question under way or a timer that brings the next. */
#include "signaling/sip/sip_keepalive.h"

#include "base/random.h"

#include <sofia-sip/sip_tag.h>

typedef struct {
    cg_sip_keepalive *keepalive;
    char *host;           /* owned */
    nua_handle_t *handle; /* owned; NULL: no question is under way */
    su_timer_t *timer;    /* owned */
    bool known, up;       /* it has been heard of, or not in time; then which */
} host_state;

struct cg_sip_keepalive {
    cg_sip *sip;
    char *name;
    unsigned interval_s;
    host_state hosts[CG_SIP_MAX_HOSTS];
    unsigned host_count;
};

enum { MAX_RETRY_AFTER_S = 300 }; /* that a host is believed */

static void answered(host_state *host, int status, const sip_t *response);

static void ask(host_state *host)
{
    cg_sip *sip = host->keepalive->sip;
    const char *own = cg_sip_listeners_towards(&sip->listeners, host->host);
    g_autofree char *url = g_strconcat("sip:", host->host, NULL), *from = g_strdup_printf("<sip:%s>", own);
    host->handle = nua_handle(sip->nua, NULL, NUTAG_URL(url), SIPTAG_TO_STR(url), SIPTAG_FROM_STR(from), TAG_END());
    if (host->handle != NULL)
        nua_options(host->handle, TAG_END());
    else
        answered(host, 503, NULL);
}

static void on_timer(su_root_magic_t *magic, su_timer_t *timer, su_timer_arg_t *user)
{
    ask((host_state *) user);
}

cg_sip_keepalive *cg_sip_keepalive_new(cg_sip *sip, const cg_sip_peer *peer)
{
    cg_sip_keepalive *keepalive = g_new0(cg_sip_keepalive, 1);
    keepalive->sip = sip;
    keepalive->name = g_strdup(peer->name);
    keepalive->interval_s = peer->keepalive_s;
    keepalive->host_count = (unsigned) peer->host_count;
    for (unsigned i = 0; i < keepalive->host_count; i++) {
        keepalive->hosts[i] = (host_state){.keepalive = keepalive,
                                           .host = g_strdup(peer->hosts[i]),
                                           .timer = su_timer_create(su_root_task(sip->root), 0)};
        ask(&keepalive->hosts[i]);
    }
    return keepalive;
}

bool cg_sip_keepalive_is(const cg_sip_keepalive *keepalive, const cg_sip_peer *peer)
{
    if (g_strcmp0(keepalive->name, peer->name) != 0 || keepalive->interval_s != peer->keepalive_s ||
        keepalive->host_count != peer->host_count)
        return false;
    for (unsigned i = 0; i < keepalive->host_count; i++)
        if (g_strcmp0(keepalive->hosts[i].host, peer->hosts[i]) != 0)
            return false;
    return true;
}

void cg_sip_keepalive_free(void *data)
{
    cg_sip_keepalive *keepalive = data;
    for (unsigned i = 0; i < keepalive->host_count; i++) {
        g_clear_pointer(&keepalive->hosts[i].handle, nua_handle_destroy);
        su_timer_destroy(keepalive->hosts[i].timer);
        g_free(keepalive->hosts[i].host);
    }
    g_free(keepalive->name);
    g_free(keepalive);
}

/* Any answer shows that somebody is there, but for 503, by which a host sends its callers away (RFC 3261 section
 * 21.5.4), and 408, which is the stack's for silence. What it has from 900 on are names and transports that fail. */
static bool is_up(int status)
{
    return status != 408 && status != 503 && status < 900;
}

/* RFC 3261 section 20.33: not before. */
static unsigned wait_ms(const host_state *host, int status, const sip_t *response)
{
    unsigned interval = host->keepalive->interval_s * 1000;
    unsigned after = status >= 300 ? MIN(cg_sip_read_retry_after(response), MAX_RETRY_AFTER_S) * 1000 : 0;
    /* Not all hosts of all trunks in one moment. */
    return MAX(interval - cg_random_u32() % (interval / 8), after);
}

static void answered(host_state *host, int status, const sip_t *response)
{
    const cg_sip_keepalive *keepalive = host->keepalive;
    bool up = is_up(status);
    cg_sip_peer_note_away(keepalive->sip, keepalive->name, host->host, status, response);
    if (!host->known || host->up != up) {
        cg_sip_event event = {.kind = up ? CG_SIP_HOST_UP : CG_SIP_HOST_DOWN,
                              .peer = g_strdup(keepalive->name),
                              .peer_host = g_strdup(host->host),
                              .status = status < 700 ? (unsigned) status : 503};
        cg_sip_post_event(keepalive->sip, &event);
    }
    host->known = true;
    host->up = up;
    su_timer_set_interval(host->timer, on_timer, (su_timer_arg_t *) host, wait_ms(host, status, response));
}

bool cg_sip_keepalive_has_handle(const cg_sip_keepalive *keepalive, const nua_handle_t *handle)
{
    for (unsigned i = 0; i < keepalive->host_count; i++)
        if (keepalive->hosts[i].handle == handle)
            return true;
    return false;
}

bool cg_sip_keepalive_on_nua(cg_sip_keepalive *keepalive, int status, nua_handle_t *handle, const sip_t *response)
{
    for (unsigned i = 0; i < keepalive->host_count; i++) {
        host_state *host = &keepalive->hosts[i];
        if (host->handle != handle)
            continue;
        if (status >= 200) {
            nua_handle_t *done = g_steal_pointer(&host->handle); /* which the response is of */
            answered(host, status, response);
            nua_handle_destroy(done);
        }
        return true;
    }
    return false;
}
