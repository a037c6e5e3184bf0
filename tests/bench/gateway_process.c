/* Its configuration file, and tokens it accepts. */
#include "tests/bench/gateway_process.h"

#include "auth/mint.h"
#include "base/clock.h"
#include "tests/bench/bench_loop.h"
#include "tests/bench/child_process.h"

#include <arpa/inet.h>
#include <glib.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TOKEN_LIFE_S = 3600 };

struct gateway_process {
    child_process *process;
    const char *listen; /* static text */
    char *address;      /* of media, and where clients go */
    char *trunk;        /* of the options */
    unsigned numbers;
    unsigned sip_port;
    bool proving;
    const char *config_path; /* the process's */
    struct sockaddr_in server;
    cg_sid account, key, application;
    char *secret;
};

/* Clients of one machine, and thousands of them, are what the limits are there to prevent. */
static char *configuration(const gateway_process *gateway, bool suspended)
{
    return g_strdup_printf("[server]\nlisten = %s\nport = 0\nallow_plain = true\ndrain_timeout_s = 0\n"
                           "[limits]\nmessages_per_second = 100000\nmessage_burst = 100000\n"
                           "connections_per_ip = 100000\nconnections_per_account = 100000\n"
                           "[media]\nworkers = 1\nload_limit = 0\nudp_port = 0\naddresses = %s\n"
                           "[account %s]\nname = bench\nsuspended = %s\n"
                           "[key %s]\naccount = %s\nalgorithm = HS256\nsecret = %s\n"
                           "[application %s]\naccount = %s\nmode = direct\n",
                           gateway->listen, gateway->address, gateway->account.text, suspended ? "true" : "false",
                           gateway->key.text, gateway->account.text, gateway->secret, gateway->application.text,
                           gateway->account.text);
}

static void add_trunk(const gateway_process *gateway, GString *text)
{
    g_string_append_printf(
        text, "[sip]\nlisten = %s\nport = %u\n[trunk bench]\naccount = %s\nhosts = %s:9\nsources = %s\n",
        gateway->address, gateway->sip_port, gateway->account.text, gateway->address, gateway->trunk);
    if (gateway->proving)
        g_string_append(text, "inbound_user = bench\ninbound_password = bench\n");
    for (unsigned i = 0; i < gateway->numbers; i++)
        g_string_append_printf(text, "[number +1555000%u]\naccount = %s\nto = client:bench-%u\n", i,
                               gateway->account.text, i);
}

static void write_configuration(gateway_process *gateway, bool suspended)
{
    g_autofree char *base = configuration(gateway, suspended);
    g_autoptr(GString) text = g_string_new(base);
    if (gateway->trunk != NULL)
        add_trunk(gateway, text);
    gateway->config_path = child_process_write(gateway->process, "callgate.conf", text->str);
}

/* The ready line ends with the port: "listening on http://[::]:43210". */
static void wait_until_ready(gateway_process *gateway)
{
    char line[256];
    child_process_read_line(gateway->process, line, sizeof line);
    const char *port = strrchr(line, ':');
    if (!g_str_has_prefix(line, "listening on ") || port == NULL)
        child_process_fail(gateway->process, "did not start");
    gateway->server =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t) g_ascii_strtoull(port + 1, NULL, 10))};
    g_assert(inet_pton(AF_INET, gateway->address, &gateway->server.sin_addr) == 1);
}

gateway_process *gateway_process_new(const gateway_options *options)
{
    gateway_process *gateway = g_new0(gateway_process, 1);
    gateway->process = child_process_new("the gateway", options->netns);
    gateway->address = g_strdup(options->address != NULL ? options->address : "127.0.0.1");
    gateway->trunk = g_strdup(options->trunk);
    gateway->numbers = options->numbers;
    gateway->sip_port = options->sip_port != 0 ? options->sip_port : GATEWAY_SIP_PORT;
    gateway->proving = options->proving;
    gateway->listen = options->netns != NULL ? "::" : gateway->address;
    gateway->account = cg_sid_new("AC");
    gateway->key = cg_sid_new("SK");
    gateway->application = cg_sid_new("AP");
    gateway->secret = g_strdup(cg_sid_new("SK").text + 2);
    write_configuration(gateway, false);
    child_process_start(gateway->process,
                        (const char *[]){options->program, "serve", "--config", gateway->config_path, NULL}, true);
    wait_until_ready(gateway);
    return gateway;
}

void gateway_process_free(gateway_process *gateway)
{
    if (!child_process_free(gateway->process))
        bench_fail("the gateway hangs when it is told to end");
    g_free(gateway->address);
    g_free(gateway->trunk);
    g_free(gateway->secret);
    g_free(gateway);
}

void gateway_process_suspend_account(gateway_process *gateway)
{
    write_configuration(gateway, true);
    kill(child_process_pid(gateway->process), SIGHUP);
}

pid_t gateway_process_pid(const gateway_process *gateway)
{
    return child_process_pid(gateway->process);
}

const struct sockaddr_in *gateway_process_server(const gateway_process *gateway)
{
    return &gateway->server;
}

char *gateway_process_mint(const gateway_process *gateway, const char *identity)
{
    g_autofree char *error = NULL;
    cg_mint_request request = {
        .account = gateway->account,
        .key = gateway->key,
        .algorithm = CG_ALGORITHM_HS256,
        .secret = gateway->secret,
        .identity = identity,
        .incoming = true,
        .application = gateway->application,
        .issued_at = cg_clock_wall_ms() / 1000,
        .ttl_s = TOKEN_LIFE_S,
    };
    char *token = cg_token_mint(&request, &error);
    if (token == NULL)
        bench_fail("cannot mint a token: %s", error);
    return token;
}

/* To the end of the answer; /metrics is there for loopback only. */
char *gateway_process_metrics(const gateway_process *gateway)
{
    static const char request[] = "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    struct sockaddr_in loopback = gateway->server;
    char chunk[4096];
    ssize_t size;
    g_autoptr(GString) answer = g_string_new(NULL);
    int fd = netns_socket(child_process_netns(gateway->process), SOCK_STREAM);
    loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *) &loopback, sizeof loopback) != 0 || write(fd, request, sizeof request - 1) < 0)
        child_process_fail(gateway->process, "does not tell its metrics");
    while ((size = read(fd, chunk, sizeof chunk)) > 0)
        g_string_append_len(answer, chunk, size);
    close(fd);
    return g_string_free(g_steal_pointer(&answer), FALSE);
}
