/* The states of a registration follow from its members: a handle and not registered is asking, registered is in force
 * (nua refreshes), neither is waiting for the timer. */
#include "signaling/sip/sip_registration.h"

#include "base/random.h"
#include "base/secret.h"
#include "signaling/sip/sip_challenge.h"
#include "signaling/sip/sip_targets.h"

#include <sofia-sip/sip_tag.h>
#include <string.h>

enum {
    MAX_WAIT_S = 1800, /* RFC 5626 section 4.5 */
};

struct cg_sip_registration {
    cg_sip *sip;
    char *name, *domain, *user, *password;
    char *hosts[CG_SIP_MAX_HOSTS + 1]; /* NULL-terminated */
    unsigned expires_s, retry_s;
    nua_handle_t *handle; /* owned; NULL: nothing is under way and none is in force */
    su_timer_t *timer;    /* owned; of the wait */
    unsigned host;        /* index, of the one that is tried or holds it */
    GPtrArray *targets;   /* (owned char) of that host, which have given way: see sip_targets.h; owned; NULL: none */
    unsigned tried;       /* hosts that failed since the last wait */
    int64_t away_until_us[CG_SIP_MAX_HOSTS]; /* monotonic; before that, a host does not want to be asked */
    unsigned waits;                          /* since it was last in force */
    GPtrArray *realms; /* (owned char) that were answered since it was last in force; owned; NULL: none */
    bool registered;
    bool ending;           /* not wanted any more; the registrar has not answered yet */
    cg_ip_range registrar; /* where it answers from, while registered */
};

static void try_host(cg_sip_registration *registration);
static void try_next(cg_sip_registration *registration);

/* Until the host may be asked; 0: now. */
static int64_t away_us(const cg_sip_registration *registration, unsigned host)
{
    return MAX(registration->away_until_us[host] - g_get_monotonic_time(), 0);
}

static void on_timer(su_root_magic_t *magic, su_timer_t *timer, su_timer_arg_t *user)
{
    cg_sip_registration *registration = (cg_sip_registration *) user;
    if (away_us(registration, registration->host) == 0)
        try_host(registration);
    else
        try_next(registration);
}

cg_sip_registration *cg_sip_registration_new(cg_sip *sip, const cg_sip_peer *peer)
{
    cg_sip_registration *registration = g_new0(cg_sip_registration, 1);
    *registration = (cg_sip_registration){
        .sip = sip,
        .name = g_strdup(peer->name),
        .domain = g_strdup(peer->domain),
        .user = g_strdup(peer->user),
        .password = g_strdup(peer->password),
        .expires_s = peer->register_expires_s,
        .retry_s = peer->register_retry_s,
        .timer = su_timer_create(su_root_task(sip->root), 0),
    };
    for (size_t i = 0; i < peer->host_count; i++)
        registration->hosts[i] = g_strdup(peer->hosts[i]);
    try_host(registration);
    return registration;
}

bool cg_sip_registration_is(const cg_sip_registration *registration, const cg_sip_peer *peer)
{
    for (size_t i = 0; i < CG_SIP_MAX_HOSTS; i++)
        if (g_strcmp0(registration->hosts[i], i < peer->host_count ? peer->hosts[i] : NULL) != 0)
            return false;
    return !registration->ending && g_strcmp0(registration->name, peer->name) == 0 &&
           g_strcmp0(registration->domain, peer->domain) == 0 && g_strcmp0(registration->user, peer->user) == 0 &&
           g_strcmp0(registration->password, peer->password) == 0 &&
           registration->expires_s == peer->register_expires_s && registration->retry_s == peer->register_retry_s;
}

static void drop_handle(cg_sip_registration *registration)
{
    g_clear_pointer(&registration->handle, nua_handle_destroy);
}

void cg_sip_registration_free(void *data)
{
    cg_sip_registration *registration = data;
    drop_handle(registration);
    su_timer_destroy(registration->timer);
    for (char **host = registration->hosts; *host != NULL; host++)
        g_free(*host);
    g_clear_pointer(&registration->targets, g_ptr_array_unref);
    g_clear_pointer(&registration->realms, g_ptr_array_unref);
    g_free(registration->name);
    g_free(registration->domain);
    g_free(registration->user);
    cg_secret_free(registration->password);
    g_free(registration);
}

static void tell(const cg_sip_registration *registration, cg_sip_event_kind kind, unsigned status)
{
    if (registration->ending)
        return;
    cg_sip_event event = {.kind = kind,
                          .peer = g_strdup(registration->name),
                          .peer_host = g_strdup(registration->hosts[registration->host]),
                          .status = status,
                          .registrar = registration->registrar};
    cg_sip_post_event(registration->sip, &event);
}

/* Where its requests go in the end: the same transport that ours take. */
static char *write_contact(const cg_sip_registration *registration)
{
    const cg_sip_config *config = &registration->sip->config;
    const char *transport = strstr(registration->hosts[registration->host], ";transport=");
    const char *own = cg_sip_listeners_towards(&registration->sip->listeners, registration->hosts[registration->host]);
    g_autofree char *uri = cg_sip_write_uri(registration->user, own);
    uint16_t port = g_strcmp0(transport, ";transport=tls") == 0 ? config->tls_port : config->port;
    return g_strdup_printf("<%s:%u%s>", uri, port, transport != NULL ? transport : "");
}

static void ask(cg_sip_registration *registration)
{
    const char *host = registration->hosts[registration->host];
    g_autofree char *name = g_strndup(host, cg_sip_host_length(host));
    g_autofree char *address = cg_sip_write_uri(registration->user, registration->domain ? registration->domain : name);
    g_autofree char *contact = write_contact(registration);
    g_autofree char *registrar = g_strconcat("sip:", registration->domain ? registration->domain : host, NULL);
    g_autofree char *route = g_strdup_printf("<sip:%s;lr>", host);
    g_autofree char *expires = g_strdup_printf("%u", registration->expires_s);
    g_clear_pointer(&registration->realms, g_ptr_array_unref);
    /* No magic: the responses of a handle that is gone are nobody's. */
    registration->handle = nua_handle(registration->sip->nua, NULL, NUTAG_URL(registrar), SIPTAG_TO_STR(address),
                                      SIPTAG_FROM_STR(address), TAG_END());
    if (registration->handle != NULL)
        nua_register(registration->handle, SIPTAG_CONTACT_STR(contact), SIPTAG_EXPIRES_STR(expires),
                     TAG_IF(registration->domain != NULL, NUTAG_INITIAL_ROUTE_STR(route)), TAG_END());
}

static unsigned away_of_all_ms(const cg_sip_registration *registration)
{
    int64_t least_us = INT64_MAX;
    for (unsigned i = 0; registration->hosts[i] != NULL; i++)
        least_us = MIN(least_us, away_us(registration, i));
    return (unsigned) ((least_us + 999) / 1000);
}

/* RFC 5626 section 4.5: twice as long each time, and never all clients at once. */
static void wait(cg_sip_registration *registration)
{
    unsigned seconds = MIN((uint64_t) registration->retry_s << MIN(registration->waits, 20), MAX_WAIT_S);
    unsigned milliseconds = seconds * 500 + cg_random_u32() % (seconds * 500);
    registration->tried = 0;
    registration->waits++;
    su_timer_set_interval(registration->timer, on_timer, (su_timer_arg_t *) registration,
                          MAX(milliseconds, away_of_all_ms(registration)));
}

/* One that wants to be left alone has had its turn. */
static void try_next(cg_sip_registration *registration)
{
    do {
        registration->host++;
        if (registration->hosts[registration->host] == NULL)
            registration->host = 0;
        registration->tried++;
    } while (registration->hosts[registration->tried] != NULL && away_us(registration, registration->host) != 0);
    if (registration->hosts[registration->tried] == NULL)
        wait(registration);
    else
        try_host(registration);
}

static void note_away(cg_sip_registration *registration, int status, const sip_t *response)
{
    unsigned seconds = MIN(cg_sip_read_retry_after(response), MAX_WAIT_S);
    registration->away_until_us[registration->host] = g_get_monotonic_time() + (int64_t) seconds * G_USEC_PER_SEC;
    if (!registration->ending)
        cg_sip_peer_note_away(registration->sip, registration->name, registration->hosts[registration->host], status,
                              response);
}

static void failed(cg_sip_registration *registration, int status, const sip_t *response)
{
    registration->registered = false;
    note_away(registration, status, response);
    tell(registration, CG_SIP_REGISTRATION_FAILED, status >= 300 && status < 700 ? (unsigned) status : 503);
    drop_handle(registration);
    g_clear_pointer(&registration->targets, g_ptr_array_unref);
    try_next(registration);
}

static void try_host(cg_sip_registration *registration)
{
    ask(registration);
    if (registration->handle == NULL)
        failed(registration, 503, NULL);
}

/* Another target of the same host has a turn. */
static bool gave_way(cg_sip_registration *registration, int status, const sip_t *message)
{
    if (status < 500 || status >= 600 ||
        !cg_sip_targets_next(registration->sip, registration->hosts[registration->host], message,
                             &registration->targets))
        return false;
    drop_handle(registration);
    try_host(registration);
    return true;
}

static bool authenticate(cg_sip_registration *registration, int status, const sip_t *message)
{
    g_autoptr(cg_secret) credentials =
        cg_sip_answer_challenge(status, message, registration->user, registration->password, &registration->realms);
    if (credentials != NULL)
        nua_authenticate(registration->handle, NUTAG_AUTH(credentials), TAG_END());
    return credentials != NULL;
}

static void succeeded(cg_sip_registration *registration)
{
    struct sockaddr_storage source = {0};
    cg_ip_range registrar = {0};
    if (cg_sip_read_source(registration->sip->nua, &source))
        cg_ip_range_of_address(&source, &registrar);
    bool news = !registration->registered || memcmp(&registrar, &registration->registrar, sizeof registrar) != 0;
    registration->registered = true;
    g_clear_pointer(&registration->realms, g_ptr_array_unref);
    registration->tried = registration->waits = 0;
    g_clear_pointer(&registration->targets, g_ptr_array_unref);
    registration->registrar = registrar;
    if (news)
        tell(registration, CG_SIP_REGISTERED, 200);
}

bool cg_sip_registration_has_handle(const cg_sip_registration *registration, const nua_handle_t *handle)
{
    return registration->handle == handle;
}

bool cg_sip_registration_on_nua(cg_sip_registration *registration, nua_event_t event, int status, nua_handle_t *handle,
                                const sip_t *message)
{
    if (registration->handle != handle)
        return false;
    if (status < 200)
        return true;
    if (event == nua_r_unregister || (registration->ending && status >= 300))
        drop_handle(registration);
    else if (event == nua_r_register && !registration->ending && status < 300)
        succeeded(registration);
    else if (event == nua_r_register && !registration->ending && !authenticate(registration, status, message) &&
             !gave_way(registration, status, message))
        failed(registration, status, message);
    return true;
}

void cg_sip_registration_end(cg_sip_registration *registration)
{
    registration->ending = true;
    su_timer_reset(registration->timer);
    if (registration->handle != NULL)
        nua_unregister(registration->handle, TAG_END());
}

bool cg_sip_registration_done(const cg_sip_registration *registration)
{
    return registration->ending && registration->handle == NULL;
}

bool cg_sip_registration_has_source(const cg_sip_registration *registration, const struct sockaddr_storage *source)
{
    return registration->registered && cg_ip_range_contains(&registration->registrar, source);
}
