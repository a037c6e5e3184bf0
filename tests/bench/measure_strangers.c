/* What an INVITE of somebody whom no trunk knows costs the gateway: dropped, and challenged. The floor is a process
 * that receives as many datagrams and looks at nothing. */
#include "base/clock.h"
#include "tests/bench/bench_loop.h"
#include "tests/bench/gateway_process.h"
#include "tests/bench/measures.h"
#include "tests/bench/process_usage.h"
#include "tests/bench/relay_process.h"

#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    SOURCES = 500, /* so many that none is challenged too often */
    BURST = 50,    /* less than a socket's buffer holds */
    PAUSE_US = 2000,
    SETTLE_US = 50000,
    GIVE_UP_US = 5000000,
};

typedef struct {
    int sockets[SOURCES];
    struct sockaddr_in to;
    uint64_t answers;
} strangers;

static void open_sockets(strangers *crowd)
{
    for (unsigned i = 0; i < SOURCES; i++) {
        struct sockaddr_in unused;
        g_autofree char *address = g_strdup_printf("127.%u.%u.1", 1 + i / 250, 1 + i % 250);
        crowd->sockets[i] = relay_open_socket(NULL, address, &unused);
    }
}

static void close_sockets(strangers *crowd)
{
    for (unsigned i = 0; i < SOURCES; i++)
        close(crowd->sockets[i]);
}

static char *write_invite(unsigned number)
{
    static const char sdp[] = "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n"
                              "m=audio 40000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
                              "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=sendrecv\r\n";
    return g_strdup_printf("INVITE sip:+15550000@192.0.2.1 SIP/2.0\r\n"
                           "Via: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK%u;rport\r\nMax-Forwards: 70\r\n"
                           "From: \"Nobody\" <sip:nobody@192.0.2.7>;tag=%u\r\nTo: <sip:+15550000@192.0.2.1>\r\n"
                           "Call-ID: %u@192.0.2.7\r\nCSeq: 1 INVITE\r\nContact: <sip:nobody@192.0.2.7:5060>\r\n"
                           "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\nUser-Agent: bench\r\n"
                           "Content-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n%s",
                           number, number, number, sizeof sdp - 1, sdp);
}

static void read_answers(strangers *crowd, int socket)
{
    char data[2048];
    while (recv(socket, data, sizeof data, 0) > 0)
        crowd->answers++;
}

static void send_all(strangers *crowd, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        g_autofree char *invite = write_invite(i);
        int socket = crowd->sockets[i % SOURCES];
        if (i % BURST == 0)
            g_usleep(PAUSE_US);
        read_answers(crowd, socket);
        sendto(socket, invite, strlen(invite), 0, (const struct sockaddr *) &crowd->to, sizeof crowd->to);
    }
}

/* --- the floor --- */

static void receive(int socket, atomic_uint_fast64_t *received)
{
    char data[2048];
    for (;;)
        if (recv(socket, data, sizeof data, 0) > 0)
            atomic_fetch_add(received, 1);
}

/* Waits for the last of `count`, or for as many as are not lost. */
static void settle(const atomic_uint_fast64_t *received, unsigned count)
{
    int64_t end_us = cg_clock_monotonic_us() + GIVE_UP_US;
    uint64_t before;
    do {
        before = atomic_load(received);
        g_usleep(SETTLE_US);
    } while (atomic_load(received) < count && atomic_load(received) != before && cg_clock_monotonic_us() < end_us);
}

static double measure_floor(unsigned count)
{
    strangers crowd = {0};
    cpu_reading used = {0};
    atomic_uint_fast64_t *received =
        mmap(NULL, sizeof *received, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int socket = relay_open_socket(NULL, "127.0.0.1", &crowd.to);
    g_assert(received != MAP_FAILED && fcntl(socket, F_SETFL, 0) == 0);
    pid_t pid = fork();
    g_assert(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        receive(socket, received);
    }
    open_sockets(&crowd);
    cpu_reading before = cpu_read(pid);
    send_all(&crowd, count);
    settle(received, count);
    cpu_add_since(&used, pid, &before);
    uint64_t handled = atomic_load(received);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close_sockets(&crowd);
    close(socket);
    munmap(received, sizeof *received);
    return cpu_split(&used).total_us / (double) MAX(handled, 1);
}

/* --- the gateway --- */

static uint64_t count_refused(const gateway_process *gateway)
{
    g_autofree char *metrics = gateway_process_metrics(gateway);
    const char *at = strstr(metrics, "\ncallgate_sip_refused_sources_total ");
    if (at == NULL)
        bench_fail("the gateway does not count strangers");
    return g_ascii_strtoull(strchr(at + 1, ' '), NULL, 10);
}

/* Answers are still under way when the last is sent. */
static void settle_answers(strangers *crowd, unsigned count)
{
    uint64_t before;
    do {
        before = crowd->answers;
        g_usleep(SETTLE_US);
        for (unsigned i = 0; i < SOURCES; i++)
            read_answers(crowd, crowd->sockets[i]);
    } while (crowd->answers < count && crowd->answers != before);
}

static double measure_gateway(const char *program, bool proving, unsigned count)
{
    strangers crowd = {0};
    cpu_reading used = {0};
    close(relay_open_socket(NULL, "127.0.0.1", &crowd.to)); /* its port is free now */
    gateway_process *gateway = gateway_process_new(&(gateway_options){
        .program = program, .trunk = "192.0.2.1", .sip_port = ntohs(crowd.to.sin_port), .proving = proving});
    open_sockets(&crowd);
    cpu_reading before = cpu_read(gateway_process_pid(gateway));
    send_all(&crowd, count);
    settle_answers(&crowd, count);
    cpu_add_since(&used, gateway_process_pid(gateway), &before);
    uint64_t handled = proving ? crowd.answers : count_refused(gateway);
    if (handled < count / 2 || (!proving && crowd.answers > 0))
        bench_fail("of %u strangers the gateway handled %" G_GUINT64_FORMAT ", answered %" G_GUINT64_FORMAT, count,
                   handled, crowd.answers);
    close_sockets(&crowd);
    gateway_process_free(gateway);
    return cpu_split(&used).total_us / (double) handled;
}

void measure_strangers(const measure_options *options, bench_report *report)
{
    static const char *const columns[] = {"CPU"};
    g_autofree char *title = g_strdup_printf("Strangers, %u INVITEs of %u addresses", options->strangers, SOURCES);
    double floor_us = measure_floor(options->strangers);
    double dropped_us = measure_gateway(options->program, false, options->strangers);
    double challenged_us = measure_gateway(options->program, true, options->strangers);
    report_section(report, "strangers", title, 1, columns);
    report_row(report, "floor_us", "floor: a process that only receives them", "us each", &floor_us);
    report_row(report, "dropped_us", "dropped", "us each", &dropped_us);
    report_row(report, "challenged_us", "challenged (digest), once and without a trace", "us each", &challenged_us);
}
