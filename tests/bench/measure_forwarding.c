/* CPU of the gateway per packet it forwards, beside the floor: a process that only receives and sends as many datagrams
 * of the same size from as many sockets at the same pace. The two take turns, so that whatever else the machine does
 * meets both. */
#include "base/clock.h"
#include "tests/bench/bench_call.h"
#include "tests/bench/floor.h"
#include "tests/bench/measures.h"
#include "tests/bench/process_usage.h"

#include <math.h>

enum {
    PACKET_US = 20000,
    DRAIN_US = 200000,
    TURNS = 4,
    TURN_PATIENCE_US = 30000000,
    DATAGRAM = 12 + TALKER_PAYLOAD + 10 /* RTP, payload, tag */
};

typedef struct {
    uint64_t sent, received;
    cpu_reading cpu;
} traffic;

typedef struct {
    bench_world world;
    GPtrArray *clients, *calls;
    floor_relay *relay;
    traffic gateway, floor;
} forwarding;

static void count_talkers(const GPtrArray *calls, uint64_t *ret_sent, uint64_t *ret_received)
{
    *ret_sent = *ret_received = 0;
    for (guint i = 0; i < calls->len; i++) {
        const bench_call *call = calls->pdata[i];
        *ret_sent += call->talkers[0]->sent + call->talkers[1]->sent;
        *ret_received += call->talkers[0]->received + call->talkers[1]->received;
    }
}

/* Each talker sends so many; spread evenly over the interval, as calls that know nothing of each other are. */
static void send_packets(const GPtrArray *calls, unsigned packets)
{
    int64_t start_us = cg_clock_monotonic_us();
    for (guint i = 0; i < 2 * calls->len; i++) {
        const bench_call *call = calls->pdata[i / 2];
        talker_send(call->talkers[i % 2], packets, PACKET_US, start_us + (int64_t) PACKET_US * i / (2 * calls->len));
    }
}

static bool talkers_are_silent(void *user)
{
    const GPtrArray *calls = ((const forwarding *) user)->calls;
    for (guint i = 0; i < 2 * calls->len; i++)
        if (((const bench_call *) calls->pdata[i / 2])->talkers[i % 2]->left > 0)
            return false;
    return true;
}

static bool relay_is_silent(void *user)
{
    return floor_relay_is_silent(((const forwarding *) user)->relay);
}

/* Until all is sent, and what is on its way has arrived. */
static void run_until(forwarding *f, bool (*silent)(void *user))
{
    if (!bench_loop_until(f->world.loop, silent, f, TURN_PATIENCE_US))
        bench_fail("this machine is too busy to send at this pace");
    bench_loop_run(f->world.loop, DRAIN_US);
}

static void forward(forwarding *f, unsigned packets)
{
    uint64_t sent, received;
    pid_t pid = gateway_process_pid(f->world.gateway);
    count_talkers(f->calls, &sent, &received);
    cpu_reading before = cpu_read(pid);
    send_packets(f->calls, packets);
    run_until(f, talkers_are_silent);
    cpu_add_since(&f->gateway.cpu, pid, &before);
    f->gateway.sent -= sent;
    f->gateway.received -= received;
    count_talkers(f->calls, &sent, &received);
    f->gateway.sent += sent;
    f->gateway.received += received;
}

static void relay(forwarding *f, unsigned packets)
{
    pid_t pid = floor_relay_pid(f->relay);
    cpu_reading before = cpu_read(pid);
    floor_relay_send(f->relay, packets, PACKET_US);
    run_until(f, relay_is_silent);
    cpu_add_since(&f->floor.cpu, pid, &before);
    floor_relay_count(f->relay, &f->floor.sent, &f->floor.received);
}

static void start(forwarding *f, const measure_options *options)
{
    bench_world_init(&f->world, options->program);
    f->clients = bench_clients_new();
    f->calls = g_ptr_array_new_with_free_func((GDestroyNotify) bench_call_free);
    bench_clients_add(&f->world, f->clients, 2 * options->forwarding_calls);
    for (unsigned i = 0; i < options->forwarding_calls; i++)
        g_ptr_array_add(f->calls,
                        bench_call_new(&f->world, f->clients->pdata[2 * i], f->clients->pdata[2 * i + 1], PACKET_US));
    send_packets(f->calls, 0);
    f->relay = floor_relay_new(f->world.loop, 2 * options->forwarding_calls, DATAGRAM);
    bench_loop_run(f->world.loop, DRAIN_US);
}

static void finish(forwarding *f)
{
    floor_relay_free(f->relay);
    g_ptr_array_unref(f->calls);
    g_ptr_array_unref(f->clients);
    bench_world_finish(&f->world);
}

static double add_cpu_row(bench_report *report, const char *key, const char *label, const traffic *t)
{
    cpu_time used = cpu_split(&t->cpu);
    double packets = (double) MAX(t->received, 1);
    double values[] = {used.total_us / packets, used.user_us / packets, used.system_us / packets};
    report_row(report, key, label, "us", values);
    return values[0];
}

static void add_packet_row(bench_report *report, const char *key, const char *label, const traffic *t)
{
    double values[] = {(double) t->sent, (double) t->received, (double) t->sent - (double) t->received};
    report_row(report, key, label, "packets", values);
}

static void add_rows(bench_report *report, const forwarding *f)
{
    static const char *const cpu_columns[] = {"total", "user", "system"};
    static const char *const packet_columns[] = {"sent", "received", "lost"};
    g_autofree char *title = g_strdup_printf("CPU per packet, %u calls", f->calls->len);
    report_section(report, "cpu", title, 3, cpu_columns);
    double gateway = add_cpu_row(report, "gateway_us", "gateway", &f->gateway);
    double floor = add_cpu_row(report, "floor_us", "floor: recvfrom and sendto alone", &f->floor);
    double ratio[] = {gateway / floor, NAN, NAN}; /* the kernel samples user and system too coarsely for one of each */
    report_row(report, "gateway_to_floor", "gateway to floor", "times", ratio);
    report_section(report, "packets", "Packets", 3, packet_columns);
    add_packet_row(report, "gateway", "through the gateway", &f->gateway);
    add_packet_row(report, "floor", "through the floor", &f->floor);
}

void measure_forwarding(const measure_options *options, bench_report *report)
{
    forwarding f = {0};
    unsigned packets = options->forwarding_s * 1000000 / PACKET_US / TURNS; /* of each talker, in one turn */
    start(&f, options);
    for (unsigned turn = 0; turn < TURNS; turn++) {
        forward(&f, packets);
        relay(&f, packets);
    }
    add_rows(report, &f);
    finish(&f);
}
