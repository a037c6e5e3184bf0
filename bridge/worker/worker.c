/* The worker's thread: a GMainContext over two sockets, the mailbox and one timer. Every wake-up deals with what is
 * there and then sends, in batches, what came of it. pacing.h says how soon the next one may be. */
#include "bridge/worker/worker.h"

#include "base/clock.h"
#include "base/thread_slice.h"
#include "bridge/worker/pacing.h"
#include "bridge/worker/prefetch.h"
#include "bridge/worker/worker_sockets.h"
#include "bridge/worker/worker_tcp.h"

#include <glib-unix.h>
#include <sys/prctl.h>

enum {
    MAX_BATCHES = 8,       /* of one socket per wake-up, then the others have their turn */
    TIMER_GRAIN_US = 5000, /* between two runs of the timer: legs due meanwhile are ticked together */
    TIMER_SLACK_NS = 1000, /* the kernel's default would add 50 us to each such wait */
};
#define NTP_EPOCH_S INT64_C(2208988800) /* from 1900 to 1970, RFC 3550 section 4 */

/* What does not leave through the worker's UDP sockets, and leaves or is copied at once. False: it does. */
static bool send_elsewhere(cg_worker *worker, const cg_path *path, const uint8_t *data, size_t size)
{
    bool sent = true;
    switch (path->transport) {
    case CG_TRANSPORT_TCP:
        cg_worker_tcp_send(worker, path, data, size);
        break;
    case CG_TRANSPORT_AGENT:
        sent = cg_leg_agent_send(worker, path, data, size);
        break;
    case CG_TRANSPORT_RTP:
        sent = cg_rtp_send(path, data, size);
        break;
    default:
        return false;
    }
    if (!sent)
        cg_counter_add(&worker->counters.send_failures, 1);
    return true;
}

void cg_worker_send(cg_worker *worker, const cg_path *path, const uint8_t *data, size_t size)
{
    if (!send_elsewhere(worker, path, data, size))
        cg_udp_send(path->ipv6 ? worker->ipv6 : worker->ipv4, path, data, size);
}

void cg_worker_send_copy(cg_worker *worker, const cg_path *path, const uint8_t *data, size_t size)
{
    if (!send_elsewhere(worker, path, data, size))
        cg_udp_send_copy(path->ipv6 ? worker->ipv6 : worker->ipv4, path, data, size);
}

uint8_t *cg_worker_buffer(cg_worker *worker, const cg_path *path)
{
    if (path->transport == CG_TRANSPORT_TCP)
        return cg_worker_tcp_buffer(worker);
    if (path->transport == CG_TRANSPORT_AGENT)
        return worker->agent_out;
    if (path->transport == CG_TRANSPORT_RTP)
        return cg_rtp_sockets_buffer(worker->rtp);
    return cg_udp_buffer(path->ipv6 ? worker->ipv6 : worker->ipv4);
}

void cg_worker_drop(cg_worker *worker, cg_drop_reason reason, const cg_path *from, int64_t now_us)
{
    cg_drop(&worker->counters, &worker->drops, reason, from, now_us);
}

static void flush_socket(cg_worker *worker, cg_udp *udp)
{
    if (udp == NULL)
        return;
    cg_udp_flush(udp);
    uint64_t failures = cg_udp_take_send_failures(udp);
    if (failures > 0)
        cg_counter_add(&worker->counters.send_failures, failures);
}

void cg_worker_flush(cg_worker *worker)
{
    flush_socket(worker, worker->ipv4);
    flush_socket(worker, worker->ipv6);
}

void cg_worker_catch_up(cg_worker *worker)
{
    if (cg_mailbox_depth(worker->mailbox) > 0)
        cg_mailbox_deliver(worker->mailbox, worker);
}

static bool is_for_us(const cg_worker *worker, const cg_path *path)
{
    return cg_addresses_contain(worker->config.addresses, path->ipv6 ? AF_INET6 : AF_INET, path->local);
}

/* Returns true if more may wait. */
static bool receive_batch(cg_worker *worker, cg_udp *udp)
{
    cg_datagram datagrams[CG_UDP_BATCH];
    bool more;
    unsigned malformed;
    size_t count = cg_udp_receive(udp, datagrams, &more, &malformed);
    worker->taken += (unsigned) count;
    cg_worker_catch_up(worker);
    int64_t now_us = cg_clock_monotonic_us();
    if (malformed > 0)
        cg_counter_add(&worker->counters.dropped_malformed, malformed);
    cg_prefetch_batch(worker, datagrams, count);
    for (size_t i = 0; i < count; i++) {
        if (is_for_us(worker, &datagrams[i].path))
            cg_worker_receive(worker, &datagrams[i], now_us);
        else
            cg_worker_drop(worker, CG_DROP_UNKNOWN_SOURCE, &datagrams[i].path, now_us);
    }
    cg_worker_flush(worker); /* before the buffers are used again */
    return more;
}

static gboolean on_socket(gint fd, GIOCondition condition, gpointer user)
{
    cg_worker *worker = user;
    cg_udp *udp = worker->ipv4 != NULL && cg_udp_fd(worker->ipv4) == fd ? worker->ipv4 : worker->ipv6;
    for (unsigned i = 0; i < MAX_BATCHES && receive_batch(worker, udp); i++)
        ;
    return G_SOURCE_CONTINUE;
}

static bool receive_plain_batch(cg_worker *worker)
{
    cg_rtp_datagram datagrams[CG_UDP_BATCH];
    bool more;
    unsigned malformed;
    size_t count = cg_rtp_sockets_receive(worker->rtp, datagrams, &more, &malformed);
    worker->taken += (unsigned) count;
    cg_worker_catch_up(worker);
    int64_t now_us = cg_clock_monotonic_us();
    if (malformed > 0)
        cg_counter_add(&worker->counters.dropped_malformed, malformed);
    for (size_t i = 0; i < count; i++) {
        cg_leg *leg = cg_leg_table_find(worker->legs, datagrams[i].key);
        if (leg != NULL)
            cg_leg_receive_plain(worker, leg, datagrams[i].port, &datagrams[i].datagram, now_us);
    }
    cg_worker_flush(worker);
    return more;
}

static gboolean on_rtp_sockets(gint fd, GIOCondition condition, gpointer user)
{
    cg_worker *worker = user;
    for (unsigned i = 0; i < MAX_BATCHES && receive_plain_batch(worker); i++)
        ;
    return G_SOURCE_CONTINUE;
}

static gboolean on_mail(gint fd, GIOCondition condition, gpointer user)
{
    cg_worker *worker = user;
    cg_mailbox_deliver(worker->mailbox, worker);
    cg_worker_flush(worker);
    return G_SOURCE_CONTINUE;
}

static gboolean on_tcp(gint fd, GIOCondition condition, gpointer user)
{
    cg_worker_tcp_serve(user);
    return G_SOURCE_CONTINUE;
}

static void set_timer(cg_worker *worker, int64_t at_us)
{
    worker->timer_us = at_us;
    g_source_set_ready_time(worker->timer, at_us == INT64_MAX ? -1 : at_us);
}

void cg_worker_schedule(cg_worker *worker, const cg_leg *leg)
{
    int64_t due_us = cg_leg_due(worker, leg);
    cg_leg_table_due(worker->legs)[leg->slot] = due_us;
    if (due_us < worker->timer_us)
        set_timer(worker, MAX(due_us, cg_clock_monotonic_us()));
}

/* Ticks the legs that are due; returns when the next one is. */
static int64_t tick_legs(cg_worker *worker, int64_t now_us)
{
    const int64_t *due = cg_leg_table_due(worker->legs);
    int64_t next_us = INT64_MAX;
    for (uint32_t slot = 0; slot < cg_leg_table_slots(worker->legs); slot++) {
        if (due[slot] <= now_us)
            cg_leg_tick(worker, cg_leg_table_at(worker->legs, slot), now_us);
        next_us = MIN(next_us, due[slot]);
    }
    return next_us;
}

static gboolean on_timer(gpointer user)
{
    cg_worker *worker = user;
    int64_t now_us = cg_clock_monotonic_us();
    cg_counter_set(&worker->counters.loop_lag_us, (uint64_t) MAX(now_us - worker->timer_us, 0));
    worker->timer_us = 0; /* ticking legs schedule themselves; the timer is set once, below */
    int64_t next_us = tick_legs(worker, now_us);
    set_timer(worker, MAX(next_us, now_us + TIMER_GRAIN_US));
    cg_worker_flush(worker);
    return G_SOURCE_CONTINUE;
}

/* A source that is its ready time and nothing else. */
static gboolean dispatch_timer(GSource *source, GSourceFunc callback, gpointer user)
{
    return callback(user);
}

static const GSourceFuncs timer_functions = {.dispatch = dispatch_timer};

/* A source that is never ready: asked before and after every poll, it holds the next one back until it is time. */
typedef struct {
    GSource source;
    cg_worker *worker;
    cg_pacing pacing;
    int64_t next_poll_us;
} poll_pacer;

static gboolean hold_poll(GSource *source, gint *ret_timeout)
{
    int64_t next_us = ((poll_pacer *) source)->next_poll_us;
    *ret_timeout = -1;
    if (cg_clock_monotonic_us() < next_us)
        cg_clock_sleep_until(next_us);
    return FALSE;
}

static gboolean note_poll(GSource *source)
{
    poll_pacer *pacer = (poll_pacer *) source;
    pacer->next_poll_us = cg_pacing_polled(&pacer->pacing, pacer->worker->taken, cg_clock_monotonic_us());
    pacer->worker->taken = 0;
    return FALSE;
}

static const GSourceFuncs pacer_functions = {.prepare = hold_poll, .check = note_poll};

static void attach(cg_worker *worker, GSource *source)
{
    g_source_attach(source, worker->context);
    g_source_unref(source);
}

static void attach_pacer(cg_worker *worker)
{
    GSource *pacer = g_source_new((GSourceFuncs *) &pacer_functions, sizeof(poll_pacer));
    ((poll_pacer *) pacer)->worker = worker;
    attach(worker, pacer);
}

static void attach_fd(cg_worker *worker, int fd, GUnixFDSourceFunc callback)
{
    GSource *source = g_unix_fd_source_new(fd, G_IO_IN);
    /* Else GLib takes the descriptor out of its poll set during every dispatch and wakes itself each time it does: two
     * writes and a read per packet. No callback here runs the loop, so nothing recurses. */
    g_source_set_can_recurse(source, TRUE);
    g_source_set_callback(source, G_SOURCE_FUNC(callback), worker, NULL);
    attach(worker, source);
}

static void end_all(cg_worker *worker)
{
    int64_t now_us = cg_clock_monotonic_us();
    for (uint32_t slot = 0; slot < cg_leg_table_slots(worker->legs); slot++) {
        cg_leg *leg = cg_leg_table_at(worker->legs, slot);
        if (leg != NULL)
            cg_leg_finish(worker, leg, CG_LEG_END_CLOSED, now_us);
    }
    cg_worker_flush(worker);
}

static gpointer run(gpointer user)
{
    cg_worker *worker = user;
    prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS);
    cg_thread_use_short_slices();
    worker->context = g_main_context_new();
    worker->loop = g_main_loop_new(worker->context, FALSE);
    g_main_context_push_thread_default(worker->context);
    if (worker->config.servers != NULL)
        worker->agents = cg_ice_agents_new(worker->context, worker->config.servers, worker->config.addresses,
                                           &cg_leg_agent_handlers, worker);
    worker->timer = g_source_new((GSourceFuncs *) &timer_functions, sizeof(GSource)); /* GLib only reads it */
    g_source_set_callback(worker->timer, on_timer, worker, NULL);
    set_timer(worker, INT64_MAX);
    attach(worker, worker->timer);
    attach_pacer(worker);
    attach_fd(worker, cg_mailbox_fd(worker->mailbox), on_mail);
    attach_fd(worker, cg_rtp_sockets_fd(worker->rtp), on_rtp_sockets);
    if (worker->ipv4 != NULL)
        attach_fd(worker, cg_udp_fd(worker->ipv4), on_socket);
    if (worker->ipv6 != NULL)
        attach_fd(worker, cg_udp_fd(worker->ipv6), on_socket);
    if (worker->tcp != NULL)
        attach_fd(worker, cg_worker_tcp_fd(worker->tcp), on_tcp);
    g_main_loop_run(worker->loop);
    end_all(worker);
    cg_ice_agents_free(worker->agents);
    g_main_context_pop_thread_default(worker->context);
    g_main_loop_unref(worker->loop);
    g_main_context_unref(worker->context);
    return NULL;
}

cg_worker *cg_worker_new(const cg_worker_config *config, char **ret_error)
{
    g_autofree cg_worker *worker = g_new0(cg_worker, 1);
    worker->config = *config;
    worker->drops.events = config->events;
    if (config->servers == NULL && !cg_worker_open_sockets(worker, ret_error))
        return NULL;
    worker->mailbox = cg_mailbox_new();
    worker->tcp = config->tcp ? cg_worker_tcp_new() : NULL;
    worker->rtp = cg_rtp_sockets_new();
    worker->legs = cg_leg_table_new(config->max_legs);
    worker->players = g_ptr_array_new();
    worker->timer_us = INT64_MAX;
    worker->ntp_offset_us = NTP_EPOCH_S * 1000000 + cg_clock_wall_ms() * 1000 - cg_clock_monotonic_us();
    return g_steal_pointer(&worker);
}

void cg_worker_start(cg_worker *worker, cg_dtls_pool *pool)
{
    g_autofree char *name = g_strdup_printf("media-%u", worker->config.index);
    worker->pool = pool;
    worker->thread = g_thread_new(name, run, worker);
}

static void quit(cg_mail *mail, void *owner)
{
    cg_worker *worker = owner;
    g_free(mail);
    g_main_loop_quit(worker->loop);
}

static void discard(cg_mail *mail)
{
    g_free(mail);
}

void cg_worker_stop(cg_worker *worker)
{
    if (worker->thread == NULL)
        return;
    cg_mail *mail = g_new0(cg_mail, 1);
    *mail = (cg_mail){.deliver = quit, .discard = discard};
    cg_mailbox_post(worker->mailbox, mail);
    g_thread_join(worker->thread);
    worker->thread = NULL;
}

void cg_worker_free(cg_worker *worker)
{
    if (worker == NULL)
        return;
    g_assert(worker->thread == NULL);
    cg_mailbox_free(worker->mailbox);
    cg_leg_table_free(worker->legs);
    g_ptr_array_unref(worker->players);
    cg_rtp_sockets_free(worker->rtp);
    cg_udp_free(worker->ipv4);
    cg_udp_free(worker->ipv6);
    cg_worker_tcp_free(worker->tcp);
    g_free(worker);
}
