/* fork, setns, exec and a temporary directory. */
#include "tests/bench/child_process.h"

#include "base/clock.h"
#include "tests/bench/bench_loop.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    MAX_LOG_SHOWN = 4000,
    LISTEN_TRIES = 1500,
    LISTEN_TRY_US = 10000,
    END_PATIENCE_US = 15000000,
    END_POLL_US = 10000,
};

struct child_process {
    char *name, *netns; /* netns NULL: that of this process */
    pid_t pid;
    int output; /* its standard output, open as long as it lives; -1: not heard */
    char *directory, *log_path;
    GPtrArray *files; /* paths, the log's too */
};

child_process *child_process_new(const char *name, const char *netns)
{
    child_process *child = g_new0(child_process, 1);
    child->name = g_strdup(name);
    child->netns = g_strdup(netns);
    child->output = -1;
    child->directory = g_dir_make_tmp("callgate-bench-XXXXXX", NULL);
    if (child->directory == NULL)
        bench_fail("no temporary directory: %s", g_strerror(errno));
    child->log_path = g_build_filename(child->directory, "log", NULL);
    child->files = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(child->files, g_strdup(child->log_path));
    return child;
}

static void remove_files(child_process *child)
{
    for (guint i = 0; i < child->files->len; i++)
        g_unlink(child->files->pdata[i]);
    g_rmdir(child->directory);
}

/* Janus with a thread per handle sometimes waits for one of them for ever. */
static bool wait_for_end(child_process *child, int *ret_status)
{
    int64_t deadline_us = cg_clock_monotonic_us() + END_PATIENCE_US;
    pid_t ended;
    while ((ended = waitpid(child->pid, ret_status, WNOHANG)) == 0 && cg_clock_monotonic_us() < deadline_us)
        cg_clock_sleep_until(cg_clock_monotonic_us() + END_POLL_US);
    return ended == child->pid;
}

bool child_process_free(child_process *child)
{
    int status;
    kill(child->pid, SIGTERM);
    bool ended = wait_for_end(child, &status);
    if (ended && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
        child_process_fail(child, "did not end in good order");
    if (!ended) {
        fprintf(stderr, "%s did not end when it was told to; killed\n", child->name);
        kill(child->pid, SIGKILL);
        waitpid(child->pid, &status, 0);
    }
    if (child->output >= 0)
        close(child->output);
    remove_files(child);
    g_ptr_array_unref(child->files);
    g_free(child->directory);
    g_free(child->log_path);
    g_free(child->netns);
    g_free(child->name);
    g_free(child);
    return ended;
}

const char *child_process_netns(const child_process *child)
{
    return child->netns;
}

const char *child_process_directory(const child_process *child)
{
    return child->directory;
}

const char *child_process_write(child_process *child, const char *name, const char *text)
{
    char *path = g_build_filename(child->directory, name, NULL);
    if (!g_file_set_contents(path, text, -1, NULL))
        bench_fail("cannot write %s", path);
    g_ptr_array_add(child->files, path);
    return path;
}

static void enter_netns(const char *name)
{
    g_autofree char *path = g_build_filename("/run/netns", name, NULL);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || setns(fd, CLONE_NEWNET) != 0)
        bench_fail("cannot enter the network namespace %s: %s", name, g_strerror(errno));
    close(fd);
}

int netns_socket(const char *name, int type)
{
    int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    g_assert(home >= 0);
    if (name != NULL)
        enter_netns(name);
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    g_assert(fd >= 0);
    g_assert(name == NULL || setns(home, CLONE_NEWNET) == 0);
    close(home);
    return fd;
}

/* Between fork and exec, in a process that had one thread. */
static G_GNUC_NORETURN void become(const child_process *child, const char *const *argv, int output)
{
    int log = open(child->log_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (child->netns != NULL)
        enter_netns(child->netns);
    if (log >= 0 && dup2(output >= 0 ? output : log, STDOUT_FILENO) >= 0 && dup2(log, STDERR_FILENO) >= 0)
        execvp(argv[0], (char *const *) argv);
    dprintf(STDERR_FILENO, "%s: %s\n", argv[0], g_strerror(errno));
    _exit(127);
}

void child_process_start(child_process *child, const char *const *argv, bool heard)
{
    int ends[2] = {-1, -1};
    if (heard)
        g_assert(pipe2(ends, O_CLOEXEC) == 0);
    child->pid = fork();
    g_assert(child->pid >= 0);
    if (child->pid == 0)
        become(child, argv, ends[1]);
    if (heard)
        close(ends[1]);
    child->output = ends[0];
}

pid_t child_process_pid(const child_process *child)
{
    return child->pid;
}

void child_process_read_line(child_process *child, char *ret_line, size_t size)
{
    size_t used = 0;
    ret_line[0] = '\0';
    while (used < size - 1 && strchr(ret_line, '\n') == NULL) {
        ssize_t got = read(child->output, ret_line + used, size - 1 - used);
        if (got <= 0)
            break;
        used += (size_t) got;
        ret_line[used] = '\0';
    }
}

static bool has_ended(const child_process *child)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t) child->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0;
}

void child_process_wait_end(child_process *child)
{
    int64_t deadline_us = cg_clock_monotonic_us() + END_PATIENCE_US;
    while (!has_ended(child)) {
        if (cg_clock_monotonic_us() > deadline_us)
            child_process_fail(child, "does not end");
        cg_clock_sleep_until(cg_clock_monotonic_us() + END_POLL_US);
    }
}

void child_process_wait_listening(child_process *child, const struct sockaddr_in *server)
{
    for (unsigned tries = 0; tries < LISTEN_TRIES && !has_ended(child); tries++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int result = connect(fd, (const struct sockaddr *) server, sizeof *server);
        close(fd);
        if (result == 0)
            return;
        g_usleep(LISTEN_TRY_US);
    }
    child_process_fail(child, "does not listen");
}

void child_process_fail(child_process *child, const char *what)
{
    g_autofree char *log = NULL;
    gsize size = 0;
    g_file_get_contents(child->log_path, &log, &size, NULL);
    remove_files(child);
    bench_fail("%s %s; the end of its log:\n%s", child->name, what,
               log == NULL ? "" : log + (size > MAX_LOG_SHOWN ? size - MAX_LOG_SHOWN : 0));
}
