/* The server: what holds sockets, sessions and HTTP together, from the configuration to the last closed handle. */
#include "signaling/server_internal.h"
#include "signaling/session_internal.h"
#include "signaling/socket.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"

#include <string.h>

#define CLOSE_GRACE_US 1000000 /* for close frames to go out */
/* Loop turns that libwebsockets needs between the two halves of destroying its context, once the last connection is
 * gone: one to close the handle of its own event pipe, one for its timer and idle handles, and two in hand. */
#define CLOSE_TURNS 4

/* --- deadlines --- */

int64_t cg_server_now(void)
{
    return cg_clock_monotonic_us();
}

static void arm_timer(cg_server *server);

static void on_timer(uv_timer_t *timer)
{
    cg_server *server = timer->data;

    server->timer_due_us = INT64_MAX;
    cg_deadlines_run(&server->deadlines, cg_server_now());
    arm_timer(server);
}

static void arm_timer(cg_server *server)
{
    int64_t due_us = cg_deadlines_next(&server->deadlines);

    if (due_us >= server->timer_due_us || uv_is_closing((uv_handle_t *) &server->timer))
        return; /* it will fire early enough; finding nothing due it is armed again */
    uv_update_time(server->loop);
    uv_timer_start(&server->timer, on_timer, (uint64_t) (MAX(due_us - cg_server_now(), 0) + 999) / 1000, 0);
    server->timer_due_us = due_us;
}

void cg_server_set_deadline(cg_server *server, cg_deadline *deadline, int64_t at_us)
{
    cg_deadlines_set(&server->deadlines, deadline, at_us);
    arm_timer(server);
}

void cg_server_cancel_deadline(cg_server *server, cg_deadline *deadline)
{
    cg_deadlines_cancel(&server->deadlines, deadline);
}

/* --- making --- */

static void on_accepted(int fd, const struct sockaddr *peer, void *user)
{
    cg_connection_accept(user, fd, peer);
}

static void on_close_deadline(cg_deadline *deadline, int64_t now_us);

static void init_tables(cg_server *server)
{
    static const cg_rate full = {.burst = 50};

    cg_deadlines_init(&server->deadlines);
    server->timer_due_us = INT64_MAX;
    server->close_deadline.fire = on_close_deadline;
    g_queue_init(&server->sockets);
    g_queue_init(&server->sessions);
    server->sessions_by_secret = g_hash_table_new(g_str_hash, g_str_equal);
    server->connections_by_address = cg_counters_new();
    server->sockets_by_address = cg_counters_new();
    server->sessions_by_account = cg_counters_new();
    server->writer = cg_json_writer_new();
    cg_random_text(server->epoch, CG_SECRET_LENGTH);
    cg_bucket_init(&server->reject_log, &full, cg_server_now());
}

static void server_free(cg_server *server)
{
    cg_settings_finish(&server->settings);
    g_clear_pointer(&server->certificate, cg_tls_certificate_free);
    g_clear_pointer(&server->files, cg_static_files_free);
    g_clear_pointer(&server->directory, cg_directory_unref);
    cg_deadlines_finish(&server->deadlines);
    g_hash_table_unref(server->sessions_by_secret);
    cg_counters_free(server->connections_by_address);
    cg_counters_free(server->sockets_by_address);
    cg_counters_free(server->sessions_by_account);
    cg_json_writer_free(server->writer);
    g_free(server);
}

/* What a configuration needs from the disk. */
static bool load_files(const cg_settings *settings, cg_tls_certificate **ret_certificate, cg_static_files **ret_files,
                       char **ret_error)
{
    cg_tls_certificate *certificate = NULL;

    if (settings->tls_certificate) {
        certificate = cg_tls_certificate_load(settings->tls_certificate, settings->tls_key, ret_error);
        if (!certificate)
            return false;
    }
    *ret_files = cg_static_files_load(settings->web_root, ret_error);
    if (!*ret_files) {
        cg_tls_certificate_free(certificate);
        return false;
    }
    *ret_certificate = certificate;
    return true;
}

bool cg_server_check(const cg_server_config *config, char **ret_error)
{
    cg_tls_certificate *certificate;
    cg_static_files *files;
    cg_settings settings;

    if (!cg_settings_init(&settings, config, ret_error))
        return false;
    bool loaded = load_files(&settings, &certificate, &files, ret_error);
    if (loaded) {
        cg_tls_certificate_free(certificate);
        cg_static_files_free(files);
    }
    cg_settings_finish(&settings);
    return loaded;
}

/* The listening socket first: it can be closed again at any time, a context of libwebsockets only by turning the loop.
 */
static bool open_doors(cg_server *server, char **ret_error)
{
    server->listener = cg_listener_new(server->loop, server->settings.listen_address, server->settings.port,
                                       on_accepted, server, ret_error);
    if (!server->listener)
        return false;
    if (cg_context_open(server, ret_error))
        return true;
    cg_listener_close(server->listener);
    return false;
}

cg_server *cg_server_new(uv_loop_t *loop, const cg_server_config *config, cg_directory *directory,
                         const cg_token_policy *policy, const cg_session_handlers *handlers,
                         const cg_http_route *routes, void *user, char **ret_error)
{
    cg_server *server = g_new0(cg_server, 1);

    server->loop = loop;
    server->directory = cg_directory_ref(directory);
    server->policy = *policy;
    server->handlers = handlers;
    server->routes = routes;
    server->user = user;
    init_tables(server);
    if (!cg_settings_init(&server->settings, config, ret_error) ||
        !load_files(&server->settings, &server->certificate, &server->files, ret_error) ||
        !open_doors(server, ret_error)) {
        server_free(server);
        return NULL;
    }
    uv_timer_init(loop, &server->timer);
    uv_idle_init(loop, &server->close_idle);
    server->timer.data = server->close_idle.data = server;
    server->open_handles = 2;
    cg_log(CG_LOG_INFO, "server.listening", CG_LOG_TEXT("address", server->settings.listen_address),
           CG_LOG_NUMBER("port", cg_server_port(server)), CG_LOG_TEXT("tls", server->certificate ? "yes" : "no"));
    return server;
}

/* --- changing --- */

static void use_settings(cg_server *server, cg_settings *settings, cg_tls_certificate *certificate,
                         cg_static_files *files)
{
    cg_settings_finish(&server->settings);
    server->settings = *settings;
    cg_tls_certificate_free(server->certificate);
    server->certificate = certificate;
    cg_static_files_free(server->files);
    server->files = files;
}

static void use_directory(cg_server *server, cg_directory *directory, const cg_token_policy *policy)
{
    cg_directory_ref(directory);
    cg_directory_unref(server->directory);
    server->directory = directory;
    server->policy = *policy;
    for (GList *link = server->sessions.head; link; link = link->next)
        cg_session_recheck_token(link->data);
}

bool cg_server_reload(cg_server *server, const cg_server_config *config, cg_directory *directory,
                      const cg_token_policy *policy, char **ret_error)
{
    cg_tls_certificate *certificate;
    cg_static_files *files;
    cg_settings settings;

    if (!cg_settings_init(&settings, config, ret_error))
        return false;
    if (!cg_settings_same_socket(&server->settings, &settings)) {
        *ret_error = g_strdup("listen address, port and whether TLS is used change only with a restart");
        cg_settings_finish(&settings);
        return false;
    }
    if (!load_files(&settings, &certificate, &files, ret_error)) {
        cg_settings_finish(&settings);
        return false;
    }
    use_settings(server, &settings, certificate, files);
    use_directory(server, directory, policy);
    return true;
}

void cg_server_drain(cg_server *server)
{
    server->draining = true;
}

/* --- closing --- */

static void on_handle_closed(uv_handle_t *handle)
{
    cg_server *server = handle->data;

    if (--server->open_handles > 0)
        return;
    void (*closed)(void *) = server->closed;
    void *user = server->closed_user;
    server_free(server);
    if (closed)
        closed(user);
}

static void on_close_turn(uv_idle_t *idle)
{
    cg_server *server = idle->data;

    if (server->open_connections > 0 || ++server->close_turns < CLOSE_TURNS)
        return;
    uv_idle_stop(idle);
    lws_context_destroy(server->context); /* the second half: frees it */
    uv_close((uv_handle_t *) &server->close_idle, on_handle_closed);
    uv_close((uv_handle_t *) &server->timer, on_handle_closed);
}

static void on_close_deadline(cg_deadline *deadline, int64_t now_us)
{
    cg_server *server = CG_CONTAINER_OF(deadline, cg_server, close_deadline);

    while (server->sessions.head)
        cg_session_free(server->sessions.head->data);
    lws_context_destroy(server->context); /* the first half: closes every connection */
    uv_idle_start(&server->close_idle, on_close_turn);
}

void cg_server_socket_gone(cg_server *server)
{
    if (server->closing && server->close_deadline.slot && server->sockets.length == 0)
        cg_server_set_deadline(server, &server->close_deadline, 0);
}

void cg_server_close(cg_server *server, void (*done)(void *user), void *user)
{
    static const char reason[] = "the gateway is shutting down";

    g_assert(!server->closing);
    server->closing = true;
    server->closed = done;
    server->closed_user = user;
    cg_listener_close(g_steal_pointer(&server->listener));
    for (GList *link = server->sessions.head; link; link = link->next)
        cg_session_close(link->data, 1001, reason);
    for (GList *link = server->sockets.head; link; link = link->next)
        cg_socket_close(link->data, 1001, reason);
    bool wait = server->sockets.length > 0;
    cg_server_set_deadline(server, &server->close_deadline, wait ? cg_server_now() + CLOSE_GRACE_US : 0);
}

/* --- looking --- */

uint16_t cg_server_port(const cg_server *server)
{
    return server->listener ? cg_listener_port(server->listener) : 0;
}

void cg_server_stats_read(const cg_server *server, cg_server_stats *ret_stats)
{
    *ret_stats = server->stats;
    ret_stats->sessions = server->sessions.length;
    ret_stats->sockets = server->sockets.length;
    for (const GList *link = server->sessions.head; link; link = link->next)
        ret_stats->send_queue_bytes += ((const cg_session *) link->data)->replay.unsent_bytes;
}
