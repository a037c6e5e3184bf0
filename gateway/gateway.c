/* Wiring: the bridge's events, the sessions' life and the process's signals all meet on one libuv loop here. */
#include "gateway/gateway.h"

#include "base/clock.h"
#include "base/log.h"
#include "gateway/client/client.h"
#include "gateway/client/client_destination.h"
#include "gateway/client/client_messages.h"
#include "gateway/http/http_api.h"
#include "gateway/listening.h"

#include <signal.h>

#define TICK_MS 100
#define STOP_TIMEOUT_US 1000000 /* for media to close and calls to be recorded */

static const int signal_numbers[] = {SIGTERM, SIGINT, SIGHUP};

static cg_call_end dial_client(cg_call *call, const char *identity, void *user)
{
    return cg_client_destination_dial(call, identity, ((cg_gateway *) user)->presence);
}

static const cg_call_leg *near_client(const cg_call *call, const char *identity, void *user)
{
    return cg_client_destination_near(call, identity, ((cg_gateway *) user)->presence);
}

static cg_call_end dial_number(cg_call *call, const char *number, void *user)
{
    return cg_telephony_dial_number(call, number, ((cg_gateway *) user)->telephony);
}

static cg_call_end dial_address(cg_call *call, const char *address, void *user)
{
    return cg_telephony_dial_address(call, address, ((cg_gateway *) user)->telephony);
}

static const cg_destination destinations[] = {
    {"client", dial_client, near_client},
    {"tel", dial_number},
    {"sip", dial_address},
    {NULL, NULL},
};

static void on_opened(cg_session *session, void *user)
{
    cg_gateway *gateway = user;
    cg_session_set_data(session, cg_client_new(session, gateway->presence));
}

static void on_detached(cg_session *session, void *user)
{
    cg_client_detached(cg_session_data(session));
}

static void on_attached(cg_session *session, void *user)
{
    cg_client_attached(cg_session_data(session));
}

/* A narrower token ends a registration that it no longer covers. */
static void on_renewed(cg_session *session, void *user)
{
    cg_client *client = cg_session_data(session);
    if (client->presence_key == NULL || cg_session_grants(session)->incoming)
        return;
    cg_client_unregister(client);
    cg_session_begin(session, "offline");
    cg_session_send(session);
}

static void on_expired(cg_session *session, void *user)
{
    cg_client *client = cg_session_data(session);
    if (client->presence_key == NULL)
        return;
    cg_client_unregister(client);
    cg_session_begin(session, "offline");
    cg_session_send(session);
}

static void on_closed(cg_session *session, void *user)
{
    cg_client_free(cg_session_data(session));
    cg_session_set_data(session, NULL);
}

static const cg_session_handlers session_handlers = {
    .messages = cg_client_messages,
    .opened = on_opened,
    .detached = on_detached,
    .attached = on_attached,
    .renewed = on_renewed,
    .expired = on_expired,
    .closed = on_closed,
};

static void on_media_event(const cg_leg_event *event, void *user)
{
    cg_calls_media_event(((cg_gateway *) user)->calls, event);
}

static void on_mailbox_readable(uv_poll_t *poll, int status, int events)
{
    cg_gateway *gateway = poll->data;
    cg_mailbox_deliver(gateway->mailbox, gateway);
}

/* Ends every call now; the loop goes on until their media has closed and they are recorded. */
static void stop(cg_gateway *gateway)
{
    if (gateway->state == CG_GATEWAY_STOPPING)
        return;
    gateway->state = CG_GATEWAY_STOPPING;
    gateway->telephony->draining = true;
    gateway->deadline_us = cg_clock_monotonic_us() + STOP_TIMEOUT_US;
    cg_log(CG_LOG_INFO, "gateway.stopping", CG_LOG_NUMBER("calls", cg_calls_count(gateway->calls, NULL)));
    cg_calls_finish_all(gateway->calls, CG_CALL_END_SHUTDOWN);
}

static void on_server_closed(void *user)
{
    ((cg_gateway *) user)->server = NULL;
}

/* The server stays until its last connection is closed: requests that arrive until then still ask it. */
static void close_handles(cg_gateway *gateway)
{
    uv_close((uv_handle_t *) &gateway->mailbox_poll, NULL);
    uv_close((uv_handle_t *) &gateway->tick, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(gateway->signals); i++) {
        uv_close((uv_handle_t *) &gateway->signals[i], NULL);
        /* libuv gives the signal back to the system, which would kill us before the last records are written. */
        signal(signal_numbers[i], SIG_IGN);
    }
    cg_server_close(gateway->server, on_server_closed, gateway);
}

static void on_tick(uv_timer_t *timer)
{
    cg_gateway *gateway = timer->data;
    int64_t now = cg_clock_monotonic_us();
    bool late = gateway->state != CG_GATEWAY_RUNNING && now >= gateway->deadline_us;
    gateway->loop_lag_us = MAX(now - gateway->tick_due_us, 0);
    gateway->tick_due_us = now + TICK_MS * 1000;
    cg_bridge_tick(gateway->bridge, now);
    cg_calls_tick(gateway->calls, now);
    if (gateway->state == CG_GATEWAY_DRAINING && (late || cg_calls_count(gateway->calls, NULL) == 0))
        stop(gateway);
    else if (gateway->state == CG_GATEWAY_STOPPING && (late || gateway->calls->calls->len == 0))
        close_handles(gateway);
}

void cg_gateway_shut_down(cg_gateway *gateway)
{
    if (gateway->state != CG_GATEWAY_RUNNING) {
        stop(gateway);
        return;
    }
    gateway->state = CG_GATEWAY_DRAINING;
    gateway->telephony->draining = true;
    gateway->deadline_us = cg_clock_monotonic_us() + (int64_t) gateway->config->drain_timeout_s * G_USEC_PER_SEC;
    cg_log(CG_LOG_INFO, "gateway.draining", CG_LOG_NUMBER("calls", cg_calls_count(gateway->calls, NULL)),
           CG_LOG_NUMBER("timeout_s", gateway->config->drain_timeout_s));
    cg_server_drain(gateway->server);
}

static void apply_log(const cg_config *config)
{
    cg_log_set_level(config->log_level);
    cg_log_set_format(config->log_format);
}

static bool load_sip_certificate(const cg_sip_config *sip, cg_tls_certificate **ret_certificate, char **ret_error)
{
    if (sip->tls_certificate == NULL)
        return true;
    *ret_certificate = cg_tls_certificate_load(sip->tls_certificate, sip->tls_key, ret_error);
    return *ret_certificate != NULL;
}

void cg_gateway_reload(cg_gateway *gateway)
{
    g_autofree char *error = NULL;
    if (gateway->reload == NULL) {
        cg_log(CG_LOG_WARNING, "config.no_file", CG_LOG_TEXT("reason", "the demo configuration is embedded"));
        return;
    }
    g_autoptr(cg_config) config = gateway->reload(gateway->reload_user, &error);
    g_autofree char *needs_restart = NULL;
    cg_tls_certificate *sip_certificate = NULL;
    /* As a whole, what a restart would refuse included: then nothing of it is used. */
    bool fits = config != NULL && cg_config_check(config, &error);
    if (fits) {
        needs_restart = cg_config_keep_started(config, gateway->config);
        fits = load_sip_certificate(&config->sip, &sip_certificate, &error) &&
               cg_server_reload(gateway->server, &config->server, config->directory, &config->tokens, &error);
    }
    if (!fits) {
        cg_tls_certificate_free(sip_certificate);
        cg_log(CG_LOG_ERROR, "config.refused", CG_LOG_TEXT("reason", error));
        return;
    }
    apply_log(config);
    cg_config *old = gateway->config;
    gateway->config = g_steal_pointer(&config);
    gateway->calls->policy = &gateway->config->calls;
    cg_telephony_set_routes(gateway->telephony, gateway->config->directory, gateway->config->routes);
    cg_telephony_set_certificate(gateway->telephony, sip_certificate);
    cg_config_free(old);
    cg_log(CG_LOG_INFO, "config.reloaded");
    if (!cg_hold_music_set_accounts(gateway->music, gateway->config->directory, gateway->config->account_music))
        cg_log(CG_LOG_WARNING, "config.needs_restart", CG_LOG_TEXT("options", "account.hold_music"));
    if (needs_restart != NULL)
        cg_log(CG_LOG_WARNING, "config.needs_restart", CG_LOG_TEXT("options", needs_restart));
}

static void on_signal(uv_signal_t *handle, int number)
{
    if (number == SIGHUP)
        cg_gateway_reload(handle->data);
    else
        cg_gateway_shut_down(handle->data);
}

static void start_handles(cg_gateway *gateway)
{
    uv_poll_init(gateway->loop, &gateway->mailbox_poll, cg_mailbox_fd(gateway->mailbox));
    gateway->mailbox_poll.data = gateway;
    uv_poll_start(&gateway->mailbox_poll, UV_READABLE, on_mailbox_readable);
    uv_timer_init(gateway->loop, &gateway->tick);
    gateway->tick.data = gateway;
    gateway->tick_due_us = cg_clock_monotonic_us() + TICK_MS * 1000;
    uv_timer_start(&gateway->tick, on_tick, TICK_MS, TICK_MS);
    for (size_t i = 0; i < G_N_ELEMENTS(signal_numbers); i++) {
        uv_signal_init(gateway->loop, &gateway->signals[i]);
        gateway->signals[i].data = gateway;
        uv_signal_start(&gateway->signals[i], on_signal, signal_numbers[i]);
    }
}

cg_gateway *cg_gateway_new(uv_loop_t *loop, cg_config *config, cg_config_reload *reload, void *reload_user,
                           char **ret_error)
{
    cg_gateway *gateway = g_new0(cg_gateway, 1);
    gateway->loop = loop;
    gateway->config = config;
    gateway->reload = reload;
    gateway->reload_user = reload_user;
    gateway->mailbox = cg_mailbox_new();
    gateway->presence = cg_presence_new();
    apply_log(config);
    gateway->music = cg_hold_music_new(config->hold_music, config->account_music, ret_error);
    if (gateway->music != NULL)
        gateway->bridge = cg_bridge_new(&config->media, gateway->mailbox, on_media_event, gateway, ret_error);
    if (gateway->bridge != NULL)
        gateway->telephony =
            cg_telephony_new(&config->sip, gateway->mailbox, config->directory, config->routes, ret_error);
    if (gateway->telephony != NULL) {
        gateway->calls = cg_calls_new(gateway->bridge, &config->calls, destinations, gateway);
        gateway->calls->music = gateway->music;
        cg_hold_music_set_accounts(gateway->music, config->directory, config->account_music);
        gateway->telephony->calls = gateway->calls;
        gateway->server = cg_server_new(loop, &config->server, config->directory, &config->tokens, &session_handlers,
                                        cg_http_api_routes, gateway, ret_error);
    }
    if (gateway->server == NULL) {
        cg_gateway_free(gateway);
        return NULL;
    }
    start_handles(gateway);
    cg_listening_log(gateway);
    return gateway;
}

void cg_gateway_free(cg_gateway *gateway)
{
    if (gateway == NULL)
        return;
    /* The bridge and SIP first: afterwards nobody posts to the mailbox. */
    cg_bridge_free(gateway->bridge);
    cg_telephony_close(gateway->telephony);
    cg_calls_free(gateway->calls);
    cg_hold_music_free(gateway->music);
    cg_telephony_free(gateway->telephony);
    cg_presence_free(gateway->presence);
    cg_mailbox_free(gateway->mailbox);
    cg_config_free(gateway->config);
    g_free(gateway);
}
