/* fork, exec and a key file in a temporary directory. */
#include "tests/bench/gateway_process.h"

#include "auth/mint.h"
#include "base/clock.h"
#include "tests/bench/bench_loop.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define READY "listening on http://127.0.0.1:"

enum { TOKEN_LIFE_S = 3600, MAX_LOG_SHOWN = 4000 };

struct gateway_process {
    pid_t pid;
    uint16_t port;
    int output; /* its standard output; open as long as it lives */
    char *directory, *config_path, *log_path;
    cg_sid account, key, application;
    char *secret;
};

static char *configuration(const gateway_process *gateway, bool suspended)
{
    return g_strdup_printf("[server]\nlisten = 127.0.0.1\nport = 0\ndrain_timeout_s = 0\n"
                           "[limits]\nmessages_per_second = 100000\nmessage_burst = 100000\n"
                           "connections_per_ip = 100000\nconnections_per_account = 100000\n"
                           "[media]\nworkers = 1\nload_limit = 0\nudp_port = 0\naddresses = 127.0.0.1\n"
                           "[account %s]\nname = bench\nsuspended = %s\n"
                           "[key %s]\naccount = %s\nalgorithm = HS256\nsecret = %s\n"
                           "[application %s]\naccount = %s\nmode = direct\n",
                           gateway->account.text, suspended ? "true" : "false", gateway->key.text,
                           gateway->account.text, gateway->secret, gateway->application.text, gateway->account.text);
}

static void write_configuration(const gateway_process *gateway, bool suspended)
{
    g_autofree char *text = configuration(gateway, suspended);
    if (!g_file_set_contents(gateway->config_path, text, -1, NULL))
        bench_fail("cannot write %s", gateway->config_path);
}

static void write_files(gateway_process *gateway)
{
    gateway->directory = g_dir_make_tmp("callgate-bench-XXXXXX", NULL);
    if (gateway->directory == NULL)
        bench_fail("no temporary directory: %s", g_strerror(errno));
    gateway->config_path = g_build_filename(gateway->directory, "callgate.conf", NULL);
    gateway->log_path = g_build_filename(gateway->directory, "log", NULL);
    write_configuration(gateway, false);
}

static void remove_files(gateway_process *gateway)
{
    g_unlink(gateway->config_path);
    g_unlink(gateway->log_path);
    g_rmdir(gateway->directory);
}

/* Between fork and exec, in a process that had one thread. */
static void become_gateway(const gateway_process *gateway, const char *program, int output)
{
    int log = open(gateway->log_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (log >= 0 && dup2(output, STDOUT_FILENO) >= 0 && dup2(log, STDERR_FILENO) >= 0)
        execl(program, program, "serve", "--config", gateway->config_path, NULL);
    dprintf(STDERR_FILENO, "%s: %s\n", program, g_strerror(errno));
    _exit(127);
}

static void fail_with_log(gateway_process *gateway, const char *what)
{
    g_autofree char *log = NULL;
    gsize size = 0;
    g_file_get_contents(gateway->log_path, &log, &size, NULL);
    remove_files(gateway);
    bench_fail("the gateway %s; the end of its log:\n%s", what,
               log == NULL ? "" : log + (size > MAX_LOG_SHOWN ? size - MAX_LOG_SHOWN : 0));
}

/* The ready line names the port. */
static void wait_until_ready(gateway_process *gateway)
{
    char line[256] = "";
    size_t size = 0;
    while (size < sizeof line - 1 && strchr(line, '\n') == NULL) {
        ssize_t got = read(gateway->output, line + size, sizeof line - 1 - size);
        if (got <= 0)
            break;
        size += (size_t) got;
        line[size] = '\0';
    }
    if (!g_str_has_prefix(line, READY))
        fail_with_log(gateway, "did not start");
    gateway->port = (uint16_t) g_ascii_strtoull(line + strlen(READY), NULL, 10);
}

gateway_process *gateway_process_new(const char *program)
{
    int ends[2];
    gateway_process *gateway = g_new0(gateway_process, 1);
    gateway->account = cg_sid_new("AC");
    gateway->key = cg_sid_new("SK");
    gateway->application = cg_sid_new("AP");
    gateway->secret = g_strdup(cg_sid_new("SK").text + 2);
    write_files(gateway);
    g_assert(pipe2(ends, O_CLOEXEC) == 0);
    gateway->pid = fork();
    g_assert(gateway->pid >= 0);
    if (gateway->pid == 0)
        become_gateway(gateway, program, ends[1]);
    close(ends[1]);
    gateway->output = ends[0];
    wait_until_ready(gateway);
    return gateway;
}

void gateway_process_free(gateway_process *gateway)
{
    int status;
    kill(gateway->pid, SIGTERM);
    if (waitpid(gateway->pid, &status, 0) != gateway->pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_with_log(gateway, "did not end in good order");
    close(gateway->output);
    remove_files(gateway);
    g_free(gateway->directory);
    g_free(gateway->config_path);
    g_free(gateway->log_path);
    g_free(gateway->secret);
    g_free(gateway);
}

void gateway_process_suspend_account(gateway_process *gateway)
{
    write_configuration(gateway, true);
    kill(gateway->pid, SIGHUP);
}

pid_t gateway_process_pid(const gateway_process *gateway)
{
    return gateway->pid;
}

uint16_t gateway_process_port(const gateway_process *gateway)
{
    return gateway->port;
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
