/* The signalling server alone, for protocol tests: sessions whose gateway is an echo. The one thing to know: it is
 * driven by a key file (argv[1]), by lines on standard input ("reload", "drain", "close"), and answers by lines on
 * standard output: "port 1234", and one line per handler that ran ("opened SE... alice"). */
#include "signaling/server.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    const char *path; /* of the key file */
    uv_loop_t loop;
    uv_pipe_t input;
    char input_bytes[256];
    GString *line;
    cg_server *server;
} echo;

/* Everything a configuration needs, read from the key file. */
typedef struct {
    cg_server_config server;
    cg_token_policy tokens;
    cg_directory *directory;
    GPtrArray *strings; /* what `server` points to */
} configuration;

/* --- configuration --- */

static char *text(configuration *config, GKeyFile *file, const char *group, const char *name, const char *otherwise)
{
    char *value = g_key_file_get_string(file, group, name, NULL);

    if (!value)
        value = g_strdup(otherwise);
    g_ptr_array_add(config->strings, value);
    return value;
}

static unsigned number(GKeyFile *file, const char *group, const char *name, unsigned otherwise)
{
    return g_key_file_has_key(file, group, name, NULL) ? (unsigned) g_key_file_get_uint64(file, group, name, NULL)
                                                       : otherwise;
}

static const char *const *origins(configuration *config, GKeyFile *file)
{
    char **list = g_key_file_get_string_list(file, "server", "origins", NULL, NULL);
    GPtrArray *all = g_ptr_array_new();

    for (char **origin = list; origin && *origin; origin++) {
        g_ptr_array_add(all, *origin);
        g_ptr_array_add(config->strings, *origin);
    }
    g_free(list);
    g_ptr_array_add(all, NULL);
    const char *const *result = (const char *const *) g_ptr_array_free(all, FALSE);
    g_ptr_array_add(config->strings, (void *) result);
    return result;
}

static cg_session_limits limits(GKeyFile *file)
{
    return (cg_session_limits){
        .max_message_bytes = number(file, "limits", "max_message_bytes", 65536),
        .messages_per_second = number(file, "limits", "messages_per_second", 1000),
        .message_burst = number(file, "limits", "message_burst", 1000),
        .connections_per_ip = number(file, "limits", "connections_per_ip", 10000),
        .connections_per_account = number(file, "limits", "connections_per_account", 10000),
        .heartbeat_interval_ms = number(file, "limits", "heartbeat_interval_ms", 5000),
        .heartbeat_timeout_ms = number(file, "limits", "heartbeat_timeout_ms", 25000),
        .listen_timeout_ms = number(file, "limits", "listen_timeout_ms", 10000),
        .resume_window_s = number(file, "limits", "resume_window_s", 30),
        .replay_bytes = number(file, "limits", "replay_bytes", 262144),
    };
}

static void add_account(cg_directory *directory, GKeyFile *file, const char *group)
{
    g_autofree char *sid = g_key_file_get_string(file, group, "sid", NULL);
    g_autofree char *key_sid = g_key_file_get_string(file, group, "key", NULL);
    g_autofree char *secret = g_key_file_get_string(file, group, "secret", NULL);
    g_autofree char *application_sid = g_key_file_get_string(file, group, "application", NULL);
    g_autofree char *error = NULL;
    cg_account account = {.name = (char *) group,
                          .suspended = g_key_file_get_boolean(file, group, "suspended", NULL),
                          .max_connections = number(file, group, "max_connections", 0)};
    cg_key key = {.algorithm = CG_ALGORITHM_HS256, .secret = secret};
    cg_application application = {.name = (char *) group};

    if (!cg_sid_parse(sid, "AC", &account.sid))
        g_error("%s: no account id", group);
    if (!cg_directory_add_account(directory, &account, &error))
        g_error("%s: %s", group, error);
    key.account = application.account = account.sid;
    if (key_sid && (!cg_sid_parse(key_sid, "SK", &key.sid) || !cg_directory_add_key(directory, &key, &error)))
        g_error("%s: key: %s", group, error ? error : "malformed");
    if (application_sid && (!cg_sid_parse(application_sid, "AP", &application.sid) ||
                            !cg_directory_add_application(directory, &application, &error)))
        g_error("%s: application: %s", group, error ? error : "malformed");
}

static cg_directory *read_directory(GKeyFile *file)
{
    cg_directory *directory = cg_directory_new();
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);

    for (char **group = groups; *group; group++)
        if (g_str_has_prefix(*group, "account"))
            add_account(directory, file, *group);
    return directory;
}

static void read_configuration(const char *path, configuration *ret_config)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) error = NULL;
    configuration *config = ret_config;

    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &error))
        g_error("%s: %s", path, error->message);
    *config = (configuration){.strings = g_ptr_array_new_with_free_func(g_free)};
    config->server = (cg_server_config){
        .listen_address = text(config, file, "server", "listen", "127.0.0.1"),
        .port = (uint16_t) number(file, "server", "port", 0),
        .tls_certificate = text(config, file, "server", "certificate", NULL),
        .tls_key = text(config, file, "server", "key", NULL),
        .allow_plain = g_key_file_get_boolean(file, "server", "allow_plain", NULL),
        .allowed_origins = origins(config, file),
        .web_root = text(config, file, "server", "web_root", NULL),
        .limits = limits(file),
        .region = "test",
    };
    config->tokens = (cg_token_policy){.leeway_s = number(file, "tokens", "leeway_s", 0), .max_ttl_s = 86400};
    config->directory = read_directory(file);
}

static void configuration_finish(configuration *config)
{
    g_ptr_array_unref(config->strings);
    cg_directory_unref(config->directory);
}

/* --- sessions --- */

/* The gateway's own data of a session: a timer that sends while the client may be away. */
typedef struct {
    cg_session *session;
    uv_timer_t timer;
    int64_t count;
} client;

static void tell(const char *event, cg_session *session)
{
    const char *identity = cg_session_grants(session)->identity;

    printf("%s %s %s\n", event, cg_session_id(session), identity ? identity : "-");
    fflush(stdout);
}

static void on_opened(cg_session *session, void *user)
{
    echo *program = user;
    client *data = g_new0(client, 1);

    tell("opened", session);
    data->session = session;
    data->timer.data = data;
    uv_timer_init(&program->loop, &data->timer);
    cg_session_set_data(session, data);
}

static void free_client(uv_handle_t *handle)
{
    g_free(handle->data);
}

static void on_closed(cg_session *session, void *user)
{
    client *data = cg_session_data(session);

    tell("closed", session);
    uv_close((uv_handle_t *) &data->timer, free_client);
}

static void on_detached(cg_session *session, void *user)
{
    g_assert(!cg_session_is_attached(session));
    tell("detached", session);
}

static void on_attached(cg_session *session, void *user)
{
    g_assert(cg_session_is_attached(session));
    tell("attached", session);
}

static void on_renewed(cg_session *session, void *user)
{
    tell("renewed", session);
}

static void on_expired(cg_session *session, void *user)
{
    g_assert(!cg_session_token_valid(session));
    tell("expired", session);
}

/* --- messages --- */

/* echo{...}: the payload comes back as a result. */
static void on_echo(cg_session *session, const cg_session_message *message, void *user)
{
    cg_json_writer *writer = cg_session_begin_result(session, message);
    size_t size;
    const char *raw = message->payload ? cg_json_raw(message->payload, &size) : NULL;

    if (raw)
        cg_json_write_raw(writer, "echo", raw, size);
    else
        cg_json_write_null(writer, "echo");
    cg_session_send(session);
}

static void send_data(cg_session *session, int64_t n, int64_t size)
{
    g_autofree char *filler = g_strnfill((gsize) size, 'x');
    cg_json_writer *writer = cg_session_begin(session, "data");

    cg_json_write_integer(writer, "n", n);
    cg_json_write_string(writer, "filler", filler);
    cg_session_send(session);
}

/* burst{count,size}: that many messages of that size. */
static void on_burst(cg_session *session, const cg_session_message *message, void *user)
{
    int64_t count = 1, size = 10;

    cg_json_integer(cg_json_get(message->payload, "count"), &count);
    cg_json_integer(cg_json_get(message->payload, "size"), &size);
    for (int64_t n = 1; n <= count; n++)
        send_data(session, n, size);
}

static void on_later(uv_timer_t *timer)
{
    const client *data = timer->data;

    for (int64_t n = 1; n <= data->count; n++)
        send_data(data->session, n, 10);
    tell("sent", data->session);
}

/* later{ms,count}: that many small messages after that time, attached or not. */
static void on_send_later(cg_session *session, const cg_session_message *message, void *user)
{
    client *data = cg_session_data(session);
    int64_t ms = 0;

    data->count = 1;
    cg_json_integer(cg_json_get(message->payload, "count"), &data->count);
    cg_json_integer(cg_json_get(message->payload, "ms"), &ms);
    uv_timer_start(&data->timer, on_later, (uint64_t) ms, 0);
}

/* bye{code}: the session ends from our side. */
static void on_bye(cg_session *session, const cg_session_message *message, void *user)
{
    int64_t code = 1000;

    cg_json_integer(cg_json_get(message->payload, "code"), &code);
    send_data(session, 1, 10); /* must still arrive */
    cg_session_close(session, (uint16_t) code, "bye");
    send_data(session, 2, 10); /* must not */
}

static const cg_session_message_handler messages[] = {
    {"echo", on_echo}, {"burst", on_burst}, {"later", on_send_later}, {"bye", on_bye}, {NULL, NULL},
};

static const cg_session_handlers handlers = {
    .messages = messages,
    .opened = on_opened,
    .detached = on_detached,
    .attached = on_attached,
    .renewed = on_renewed,
    .expired = on_expired,
    .closed = on_closed,
};

/* --- HTTP --- */

static void on_stats(const cg_http_request *request, cg_http_response *response, void *user)
{
    const echo *program = user;
    cg_server_stats stats;

    cg_server_stats_read(program->server, &stats);
    cg_json_writer *writer = cg_json_writer_new();
    cg_json_begin_object(writer, NULL);
    cg_json_write_integer(writer, "sessions", (int64_t) stats.sessions);
    cg_json_write_integer(writer, "sockets", (int64_t) stats.sockets);
    cg_json_write_integer(writer, "heartbeat_timeouts", (int64_t) stats.heartbeat_timeouts_total);
    cg_json_write_integer(writer, "resumes", (int64_t) stats.resumes_total);
    cg_json_write_integer(writer, "resume_failures", (int64_t) stats.resume_failures_total);
    cg_json_write_integer(writer, "send_queue_bytes", (int64_t) stats.send_queue_bytes);
    cg_json_begin_array(writer, "rejected");
    for (size_t i = 0; i < G_N_ELEMENTS(stats.rejected_total); i++)
        cg_json_write_integer(writer, NULL, (int64_t) stats.rejected_total[i]);
    cg_json_end_array(writer);
    cg_json_end_object(writer);
    cg_http_respond_json(response, 200, cg_json_writer_steal(writer, NULL));
    cg_json_writer_free(writer);
}

/* What arrived, as the handler sees it. */
static void on_request(const cg_http_request *request, cg_http_response *response, void *user)
{
    cg_json_writer *writer = cg_json_writer_new();

    cg_json_begin_object(writer, NULL);
    cg_json_write_string(writer, "method", request->method);
    cg_json_write_string(writer, "path", request->path);
    cg_json_write_string(writer, "query", request->query);
    cg_json_write_string(writer, "type", request->content_type);
    cg_json_write_string(writer, "authorization", request->authorization);
    cg_json_write_string(writer, "body", request->body);
    cg_json_write_integer(writer, "size", (int64_t) request->body_size);
    cg_json_write_string(writer, "peer", request->peer);
    cg_json_end_object(writer);
    cg_http_respond_json(response, 200, cg_json_writer_steal(writer, NULL));
    cg_json_writer_free(writer);
}

static const cg_http_route routes[] = {
    {.method = "GET", .path = "/stats", .loopback_only = true, .handle = on_stats},
    {.method = "POST", .path = "/request", .cross_origin = true, .handle = on_request},
    {.method = "GET", .path = "/below/*", .handle = on_request},
    {.method = "POST", .path = "/below/*", .handle = on_request},
    {0},
};

/* --- commands --- */

static void on_server_closed(void *user)
{
    printf("closed\n");
    fflush(stdout);
}

static void reload(echo *program)
{
    g_autofree char *error = NULL;
    configuration config;

    read_configuration(program->path, &config);
    if (cg_server_reload(program->server, &config.server, config.directory, &config.tokens, &error))
        printf("reloaded\n");
    else
        printf("refused %s\n", error);
    fflush(stdout);
    configuration_finish(&config);
}

static void on_command(echo *program, const char *command)
{
    if (strcmp(command, "reload") == 0) {
        reload(program);
    } else if (strcmp(command, "drain") == 0) {
        cg_server_drain(program->server);
        printf("draining\n");
        fflush(stdout);
    } else if (strcmp(command, "close") == 0) {
        cg_server_close(program->server, on_server_closed, program);
        uv_close((uv_handle_t *) &program->input, NULL);
    }
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buffer)
{
    echo *program = handle->data;

    *ret_buffer = uv_buf_init(program->input_bytes, sizeof(program->input_bytes));
}

static void on_input(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
    echo *program = stream->data;

    if (size < 0) { /* the test is gone */
        on_command(program, "close");
        return;
    }
    for (ssize_t i = 0; i < size && !uv_is_closing((uv_handle_t *) stream); i++) {
        if (buffer->base[i] != '\n') {
            g_string_append_c(program->line, buffer->base[i]);
            continue;
        }
        on_command(program, program->line->str);
        g_string_truncate(program->line, 0);
    }
}

static int start(echo *program)
{
    g_autofree char *error = NULL;
    configuration config;

    read_configuration(program->path, &config);
    program->server = cg_server_new(&program->loop, &config.server, config.directory, &config.tokens, &handlers, routes,
                                    program, &error);
    configuration_finish(&config);
    if (!program->server) {
        printf("failed %s\n", error);
        return 1;
    }
    printf("port %u\n", cg_server_port(program->server));
    fflush(stdout);
    uv_pipe_init(&program->loop, &program->input, 0);
    program->input.data = program;
    uv_pipe_open(&program->input, 0);
    uv_read_start((uv_stream_t *) &program->input, give_buffer, on_input);
    return 0;
}

int main(int argc, char **argv)
{
    echo program = {.path = argc > 1 ? argv[1] : "signal-echo.conf"};

    program.line = g_string_new(NULL);
    uv_loop_init(&program.loop);
    int status = start(&program);
    uv_run(&program.loop, UV_RUN_DEFAULT);
    g_assert_cmpint(uv_loop_close(&program.loop), ==, 0); /* a handle that is left is a leak */
    g_string_free(program.line, TRUE);
    return status;
}
