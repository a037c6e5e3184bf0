/* Running the gateway in the foreground until a signal ends it. */
#include "gateway/command/serve_command.h"

#include "gateway/gateway.h"
#include "gateway/http/demo.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#define NOT_GIVEN INT_MIN

typedef struct {
    char *config_path, *listen, *web_root, *log_level;
    gboolean demo;
    int port, udp_port; /* NOT_GIVEN: as configured */
    int demo_phones;    /* port of the first; NOT_GIVEN: there are none */
} serve_options;

static bool port_fits(int port)
{
    return port == NOT_GIVEN || (port >= 0 && port <= UINT16_MAX);
}

static bool check_values(const serve_options *options)
{
    cg_log_level level;
    if (!port_fits(options->port) || !port_fits(options->udp_port)) {
        fprintf(stderr, "callgate serve: a port is at least 0 and at most %d\n", UINT16_MAX);
        return false;
    }
    if (options->demo_phones != NOT_GIVEN && (options->demo_phones < 1 || options->demo_phones > UINT16_MAX - 2)) {
        fprintf(stderr, "callgate serve: --demo-phones is a port from 1 to %d\n", UINT16_MAX - 2);
        return false;
    }
    if (options->log_level != NULL && !cg_log_level_parse(options->log_level, &level)) {
        fprintf(stderr, "callgate serve: the log level is debug, info, warning or error, not \"%s\"\n",
                options->log_level);
        return false;
    }
    return true;
}

static bool parse(int *argc, char ***argv, serve_options *options)
{
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &options->config_path, "configuration file", "FILE"},
        {"demo", 0, 0, G_OPTION_ARG_NONE, &options->demo,
         "run with an embedded configuration on 127.0.0.1 that gives tokens to everyone who asks", NULL},
        {"demo-phones", 0, 0, G_OPTION_ARG_INT, &options->demo_phones,
         "demo: SIP phones listen on 127.0.0.1, an echo at PORT, a tone at PORT + 2 (gateway/run --sip-demo)", "PORT"},
        {"listen", 0, 0, G_OPTION_ARG_STRING, &options->listen, "address for HTTP and WebSocket", "ADDRESS"},
        {"port", 'p', 0, G_OPTION_ARG_INT, &options->port, "TCP port for HTTP and WebSocket, 0 for any", "PORT"},
        {"udp-port", 0, 0, G_OPTION_ARG_INT, &options->udp_port, "first UDP port for media, 0 for any", "PORT"},
        {"web-root", 0, 0, G_OPTION_ARG_FILENAME, &options->web_root, "directory of the web pages", "DIR"},
        {"log-level", 0, 0, G_OPTION_ARG_STRING, &options->log_level, "debug, info, warning or error", "LEVEL"},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("- run the gateway");
    g_autoptr(GError) error = NULL;
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, argc, argv, &error)) {
        fprintf(stderr, "callgate serve: %s\n", error->message);
        return false;
    }
    if (!check_values(options))
        return false;
    if (*argc > 1 || options->demo == (options->config_path != NULL)) {
        fprintf(stderr, "callgate serve: give either --config FILE or --demo; see callgate serve --help\n");
        return false;
    }
    if (options->demo_phones != NOT_GIVEN && !options->demo) {
        fprintf(stderr, "callgate serve: --demo-phones goes with --demo\n");
        return false;
    }
    return true;
}

/* What the command line says wins over the file, at start and on every reload. */
static void override(cg_config *config, const serve_options *options)
{
    if (options->listen != NULL)
        config->server.listen_address = options->listen;
    if (options->port != NOT_GIVEN)
        config->server.port = (uint16_t) options->port;
    if (options->udp_port != NOT_GIVEN)
        config->media.udp_port = (uint16_t) options->udp_port;
    if (options->web_root != NULL)
        config->server.web_root = options->web_root;
    else if (config->server.web_root == NULL && g_file_test(CALLGATE_WEB_ROOT, G_FILE_TEST_IS_DIR))
        config->server.web_root = CALLGATE_WEB_ROOT;
    if (options->log_level != NULL)
        cg_log_level_parse(options->log_level, &config->log_level);
}

static cg_config *load(void *user, char **ret_error)
{
    const serve_options *options = user;
    cg_config *config;
    if (options->demo) {
        g_autofree char *text =
            cg_demo_config_text(options->demo_phones != NOT_GIVEN ? (unsigned) options->demo_phones : 0);
        config = cg_config_parse(text, "/", "demo", ret_error);
    } else {
        config = cg_config_load(options->config_path, ret_error);
    }
    if (config != NULL)
        override(config, options);
    return config;
}

static void announce(const cg_gateway *gateway)
{
    const cg_server_config *server = &gateway->config->server;
    const char *scheme = server->tls_certificate != NULL ? "https" : "http";
    bool v6 = strchr(server->listen_address, ':') != NULL;
    printf("listening on %s://%s%s%s:%u\n", scheme, v6 ? "[" : "", server->listen_address, v6 ? "]" : "",
           cg_server_port(gateway->server));
    fflush(stdout);
}

/* A descriptor per client: the 1024 that a shell gives are for programs that use select(). */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int run(cg_config *config, serve_options *options)
{
    uv_loop_t loop;
    g_autofree char *error = NULL;
    /* Whoever reads our log or holds the other end of a socket may go away: that is an error of a write, not our end.
     */
    signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    uv_loop_init(&loop);
    cg_gateway *gateway = cg_gateway_new(&loop, config, options->demo ? NULL : load, options, &error);
    if (gateway == NULL) {
        fprintf(stderr, "callgate: %s\n", error);
        uv_run(&loop, UV_RUN_DEFAULT); /* what was opened before the fault is closed */
        uv_loop_close(&loop);
        return 1;
    }
    announce(gateway);
    uv_run(&loop, UV_RUN_DEFAULT);
    cg_gateway_free(gateway);
    int left = uv_loop_close(&loop);
    return left == 0 ? 0 : 1;
}

int cg_serve_command(int argc, char **argv)
{
    serve_options options = {.port = NOT_GIVEN, .udp_port = NOT_GIVEN, .demo_phones = NOT_GIVEN};
    g_autofree char *error = NULL;
    int status = 2;
    g_set_prgname("callgate serve");
    if (parse(&argc, &argv, &options)) {
        cg_config *config = load(&options, &error);
        if (config == NULL)
            fprintf(stderr, "callgate: %s\n", error);
        else
            status = run(config, &options);
    }
    g_free(options.config_path);
    g_free(options.listen);
    g_free(options.web_root);
    g_free(options.log_level);
    return status;
}
