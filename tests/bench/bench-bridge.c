/* CPU per forwarded packet: a number of calls through one media worker on loopback, each way a packet every 20 ms with
 * 80 octets of payload. Counts the CPU of the worker's thread alone (the peers here live on another).
 *
 *     bench-bridge [calls] [seconds] */
#include "base/clock.h"
#include "bridge/bridge_stats.h"
#include "tests/lib-native/webrtc_peer.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/utsname.h>

enum { PACKET_US = 20000, PAYLOAD = 80, MAX_EVENTS = 64 };

typedef struct {
    webrtc_peer *peer;
    cg_leg_id leg;
    uint16_t sequence;
    int64_t next_us;
} bench_peer;

typedef struct {
    cg_mailbox *control;
    cg_bridge *bridge;
    peer_identity *identity;
    bench_peer *peers;
    unsigned count, connected;
    uint64_t received;
    int epoll;
} bench;

static void on_event(const cg_leg_event *event, void *user)
{
    bench *b = user;
    b->connected += event->kind == CG_LEG_EVENT_CONNECTED;
    if (event->kind == CG_LEG_EVENT_ENDED)
        g_error("a leg ended: %s", cg_leg_end_name(event->end));
}

static void on_rtp(webrtc_peer *peer, const cg_rtp_header *header, const uint8_t *packet, void *user)
{
    ((bench *) user)->received++;
}

static void add_peer(bench *b, unsigned index, const cg_candidate *gateway)
{
    bench_peer *added = &b->peers[index];
    cg_media_description local;
    webrtc_peer_config config = {.address = "127.0.0.1", .identity = b->identity, .on_rtp = on_rtp, .user = b};
    added->peer = webrtc_peer_new(&config);
    added->leg = cg_bridge_leg_open(b->bridge, 0, CG_LEG_ANSWERS, &local);
    const cg_media_description *remote = webrtc_peer_description(added->peer);
    memcpy(local.formats, remote->formats, sizeof local.formats);
    local.format_count = remote->format_count;
    local.direction = CG_DIRECTION_SENDRECV;
    cg_bridge_leg_connect(b->bridge, added->leg, &local, remote);
    webrtc_peer_set_remote(added->peer, &local, &gateway->address);
    if (index % 2 == 1)
        cg_bridge_link(b->bridge, added->leg, b->peers[index - 1].leg);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = added->peer};
    g_assert(epoll_ctl(b->epoll, EPOLL_CTL_ADD, webrtc_peer_fd(added->peer), &event) == 0);
}

static void step(bench *b)
{
    struct epoll_event events[MAX_EVENTS];
    int ready = epoll_wait(b->epoll, events, MAX_EVENTS, 1);
    for (int i = 0; i < ready; i++) {
        if (events[i].data.ptr == NULL)
            cg_mailbox_deliver(b->control, NULL);
        else
            webrtc_peer_receive(events[i].data.ptr, cg_clock_monotonic_us());
    }
}

static void send_due(bench *b, int64_t now_us)
{
    static const uint8_t payload[PAYLOAD];
    for (unsigned i = 0; i < b->count; i++) {
        bench_peer *p = &b->peers[i];
        webrtc_peer_tick(p->peer, now_us);
        for (; p->next_us <= now_us; p->next_us += PACKET_US, p->sequence++) {
            webrtc_peer_packet packet = {.payload_type = 111,
                                         .sequence = p->sequence,
                                         .timestamp = p->sequence * 960u,
                                         .payload = payload,
                                         .payload_size = sizeof payload};
            webrtc_peer_send_rtp(p->peer, &packet);
        }
    }
}

/* Nanoseconds of CPU that the thread of that name has used, from /proc/self/task. */
static uint64_t thread_cpu_ns(const char *name)
{
    uint64_t used = 0;
    g_autoptr(GDir) tasks = g_dir_open("/proc/self/task", 0, NULL);
    for (const char *task; (task = g_dir_read_name(tasks)) != NULL;) {
        g_autofree char *comm = NULL, *schedstat = NULL;
        g_autofree char *comm_path = g_build_filename("/proc/self/task", task, "comm", NULL);
        g_autofree char *schedstat_path = g_build_filename("/proc/self/task", task, "schedstat", NULL);
        if (g_file_get_contents(comm_path, &comm, NULL, NULL) && strcmp(g_strchomp(comm), name) == 0 &&
            g_file_get_contents(schedstat_path, &schedstat, NULL, NULL))
            used += strtoull(schedstat, NULL, 10);
    }
    return used;
}

static void measure(bench *b, unsigned seconds)
{
    cg_worker_stats before, after;
    int64_t start_us = cg_clock_monotonic_us(), now_us = start_us;
    for (unsigned i = 0; i < b->count; i++) /* spread over the interval, as independent callers are */
        b->peers[i].next_us = start_us + (int64_t) i * PACKET_US / b->count;
    uint64_t cpu = thread_cpu_ns("media-0");
    cg_bridge_worker_stats(b->bridge, 0, &before);
    for (; now_us < start_us + seconds * INT64_C(1000000); now_us = cg_clock_monotonic_us()) {
        send_due(b, now_us);
        step(b);
    }
    cpu = thread_cpu_ns("media-0") - cpu;
    cg_bridge_worker_stats(b->bridge, 0, &after);
    uint64_t forwarded = after.packets_forwarded - before.packets_forwarded;
    printf("%u calls, %u s: %" G_GUINT64_FORMAT " packets forwarded, %.0f/s, %.2f us of CPU each, worker at %.1f %%\n",
           b->count / 2, seconds, forwarded, (double) forwarded / seconds,
           forwarded > 0 ? (double) cpu / 1000 / (double) forwarded : 0, (double) cpu / 1e7 / seconds);
}

int main(int argc, char **argv)
{
    static const char *const loopback[] = {"127.0.0.1", NULL};
    struct utsname host;
    char *error = NULL;
    unsigned calls = argc > 1 ? (unsigned) atoi(argv[1]) : 50, seconds = argc > 2 ? (unsigned) atoi(argv[2]) : 5;
    bench b = {.count = 2 * calls, .peers = g_new0(bench_peer, 2 * calls), .epoll = epoll_create1(EPOLL_CLOEXEC)};
    cg_bridge_config config = {.workers = 1, .addresses = loopback};
    uname(&host);
    printf("%s %s, %s, %u processors\n", host.sysname, host.release, host.machine, g_get_num_processors());
    webrtc_peer_global_init();
    b.control = cg_mailbox_new();
    b.identity = peer_identity_new();
    b.bridge = cg_bridge_new(&config, b.control, on_event, &b, &error);
    if (b.bridge == NULL)
        g_error("%s", error);
    struct epoll_event event = {.events = EPOLLIN};
    g_assert(epoll_ctl(b.epoll, EPOLL_CTL_ADD, cg_mailbox_fd(b.control), &event) == 0);
    size_t candidates;
    int64_t start_us = cg_clock_monotonic_us();
    for (unsigned i = 0; i < b.count; i++)
        add_peer(&b, i, cg_bridge_candidates(b.bridge, 0, &candidates));
    while (b.connected < b.count) {
        int64_t now_us = cg_clock_monotonic_us();
        for (unsigned i = 0; i < b.count; i++)
            webrtc_peer_tick(b.peers[i].peer, now_us);
        step(&b);
    }
    printf("%u legs connected in %.0f ms\n", b.count, (double) (cg_clock_monotonic_us() - start_us) / 1000);
    measure(&b, seconds);
    cg_bridge_free(b.bridge);
    for (unsigned i = 0; i < b.count; i++)
        webrtc_peer_free(b.peers[i].peer);
    cg_mailbox_free(b.control);
    peer_identity_free(b.identity);
    g_free(b.peers);
    return 0;
}
