/* The acceptor's thread: an epoll loop over two listening sockets, its mailbox, and connections that have not said yet
 * whose they are. */
#include "bridge/tcp/tcp_acceptor.h"

#include "base/clock.h"
#include "bridge/ice/ice_lite.h"
#include "bridge/ice/worker_ufrag.h"
#include "bridge/stats.h"
#include "bridge/tcp/tcp_listeners.h"
#include "bridge/tcp/tcp_unclaimed.h"

#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { LISTENERS = 2, EVENTS = 64, ACCEPTS_AT_ONCE = 16 };

/* What an event is of: a listener, the mailbox, or (from PLACES on) a place. */
enum { MAILBOX = LISTENERS, PLACES };

#define PAUSE_US 1000000          /* of accepting, when the process is out of descriptors */
#define TELL_INTERVAL_US 10000000 /* log lines about refusals, per reason */

struct cg_tcp_acceptor {
    cg_tcp_acceptor_config config;
    cg_tcp_listeners listeners;
    int epoll_fd;
    cg_mailbox *mailbox;
    GThread *thread;
    bool quitting;
    int64_t paused_until_us; /* 0: accepting */
    cg_tcp_unclaimed unclaimed;
    cg_counter accepted, refused[CG_TCP_REFUSAL_COUNT];
    int64_t told_us[CG_TCP_REFUSAL_COUNT];
    uint64_t untold[CG_TCP_REFUSAL_COUNT];
};

const char *cg_tcp_refusal_name(cg_tcp_refusal refusal)
{
    static const char *const names[CG_TCP_REFUSAL_COUNT] = {
        [CG_TCP_REFUSED_ADDRESS] = "address",     [CG_TCP_REFUSED_NETWORK] = "network_limit",
        [CG_TCP_REFUSED_TOO_MANY] = "too_many",   [CG_TCP_REFUSED_TIMEOUT] = "timeout",
        [CG_TCP_REFUSED_CLOSED] = "closed",       [CG_TCP_REFUSED_MALFORMED] = "malformed",
        [CG_TCP_REFUSED_CHECK] = "check_refused",
    };
    g_assert((unsigned) refusal < CG_TCP_REFUSAL_COUNT);
    return names[refusal];
}

/* --- refusing --- */

static void count_refused(cg_tcp_acceptor *acceptor, cg_tcp_refusal refusal, const cg_path *path)
{
    int64_t now_us = cg_clock_monotonic_us();
    cg_counter_add(&acceptor->refused[refusal], 1);
    acceptor->untold[refusal]++;
    if (acceptor->told_us[refusal] != 0 && now_us - acceptor->told_us[refusal] < TELL_INTERVAL_US)
        return;
    char peer[CG_PATH_TEXT_SIZE];
    cg_path_format(path, peer);
    CG_EVENTS_LOG(acceptor->config.events, "media.connection_refused", CG_LOG_TEXT("peer", peer),
                  CG_LOG_TEXT("reason", cg_tcp_refusal_name(refusal)),
                  CG_LOG_NUMBER("connections", acceptor->untold[refusal]));
    acceptor->told_us[refusal] = now_us;
    acceptor->untold[refusal] = 0;
}

static void refuse(cg_tcp_acceptor *acceptor, cg_tcp_connection *connection, cg_tcp_refusal refusal)
{
    count_refused(acceptor, refusal, &connection->path);
    cg_tcp_connection_free(connection);
}

static void refuse_place(cg_tcp_acceptor *acceptor, unsigned place, cg_tcp_refusal refusal)
{
    refuse(acceptor, cg_tcp_unclaimed_hand_over(&acceptor->unclaimed, place), refusal);
    cg_tcp_unclaimed_leave(&acceptor->unclaimed, place);
}

static void refuse_late(cg_tcp_acceptor *acceptor, int64_t now_us, int64_t *ret_next_us)
{
    for (int place; (place = cg_tcp_unclaimed_find_late(&acceptor->unclaimed, now_us, ret_next_us)) >= 0;)
        refuse_place(acceptor, (unsigned) place, CG_TCP_REFUSED_TIMEOUT);
}

/* --- accepting --- */

static bool watch(const cg_tcp_acceptor *acceptor, int operation, int fd, uint32_t events, uint32_t what)
{
    struct epoll_event event = {.events = events, .data.u32 = what};
    return epoll_ctl(acceptor->epoll_fd, operation, fd, &event) == 0;
}

static void watch_listeners(const cg_tcp_acceptor *acceptor, int operation, uint32_t events)
{
    for (uint32_t i = 0; i < LISTENERS; i++)
        if (acceptor->listeners.fds[i] >= 0)
            watch(acceptor, operation, acceptor->listeners.fds[i], events, i);
}

static void pause_accepting(cg_tcp_acceptor *acceptor, int64_t now_us)
{
    acceptor->paused_until_us = now_us + PAUSE_US;
    watch_listeners(acceptor, EPOLL_CTL_MOD, 0);
}

static void resume_accepting(cg_tcp_acceptor *acceptor)
{
    acceptor->paused_until_us = 0;
    watch_listeners(acceptor, EPOLL_CTL_MOD, EPOLLIN);
}

static bool is_for_us(const cg_tcp_acceptor *acceptor, const cg_path *path)
{
    return cg_addresses_contain(acceptor->config.addresses, path->ipv6 ? AF_INET6 : AF_INET, path->local);
}

static void enter(cg_tcp_acceptor *acceptor, cg_tcp_connection *connection, int64_t now_us)
{
    void *displaced;
    cg_counter_add(&acceptor->accepted, 1);
    if (!is_for_us(acceptor, &connection->path)) {
        refuse(acceptor, connection, CG_TCP_REFUSED_ADDRESS);
        return;
    }
    int place = cg_tcp_unclaimed_enter(&acceptor->unclaimed, &connection->path, connection,
                                       now_us + acceptor->config.claim_timeout_us, &displaced);
    if (displaced != NULL)
        refuse(acceptor, displaced, CG_TCP_REFUSED_TOO_MANY);
    if (place < 0)
        refuse(acceptor, connection, CG_TCP_REFUSED_NETWORK);
    else if (!watch(acceptor, EPOLL_CTL_ADD, connection->fd, EPOLLIN, PLACES + (uint32_t) place))
        refuse_place(acceptor, (unsigned) place, CG_TCP_REFUSED_TOO_MANY);
}

static void accept_some(cg_tcp_acceptor *acceptor, int listening_fd, int64_t now_us)
{
    for (unsigned i = 0; i < ACCEPTS_AT_ONCE; i++) {
        cg_tcp_connection *connection = cg_tcp_connection_accept(listening_fd);
        if (connection != NULL) {
            enter(acceptor, connection, now_us);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            pause_accepting(acceptor, now_us);
        return;
    }
}

/* --- the first frame --- */

static void take_first_frame(cg_tcp_acceptor *acceptor, unsigned place, const uint8_t *frame, size_t size)
{
    char ufrag[CG_ICE_UFRAG_MAX + 1];
    unsigned worker;
    if (!cg_stun_peek_ufrag(frame, size, ufrag)) {
        refuse_place(acceptor, place, CG_TCP_REFUSED_MALFORMED);
        return;
    }
    if (!cg_ufrag_get_worker(ufrag, &worker) || worker >= acceptor->config.worker_count) {
        refuse_place(acceptor, place, CG_TCP_REFUSED_CHECK);
        return;
    }
    cg_tcp_connection *connection = cg_tcp_unclaimed_hand_over(&acceptor->unclaimed, place);
    cg_tcp_frames_unread(&connection->frames, size);
    watch(acceptor, EPOLL_CTL_DEL, connection->fd, 0, 0);
    acceptor->config.hand_over(worker, connection, place, acceptor->config.user);
}

static void on_readable(cg_tcp_acceptor *acceptor, unsigned place)
{
    cg_tcp_connection *connection = acceptor->unclaimed.places[place].connection;
    const uint8_t *frame;
    size_t size;
    if (connection == NULL) /* ended by an event before this one */
        return;
    cg_tcp_read_status status = cg_tcp_connection_read(connection);
    if (status == CG_TCP_READ_END)
        refuse_place(acceptor, place, CG_TCP_REFUSED_CLOSED);
    if (status != CG_TCP_READ)
        return;
    switch (cg_tcp_frames_next(&connection->frames, &frame, &size)) {
    case CG_TCP_FRAME:
        take_first_frame(acceptor, place, frame, size);
        break;
    case CG_TCP_FRAME_TOO_LONG:
        refuse_place(acceptor, place, CG_TCP_REFUSED_MALFORMED);
        break;
    case CG_TCP_FRAME_PARTIAL:
        break;
    }
}

/* --- the thread --- */

static int wait_ms(const cg_tcp_acceptor *acceptor, int64_t next_us, int64_t now_us)
{
    if (acceptor->paused_until_us != 0)
        next_us = MIN(next_us, acceptor->paused_until_us);
    return next_us == INT64_MAX ? -1 : (int) (MAX(next_us - now_us, 0) / 1000 + 1);
}

static void handle(cg_tcp_acceptor *acceptor, uint32_t what, int64_t now_us)
{
    if (what < LISTENERS)
        accept_some(acceptor, acceptor->listeners.fds[what], now_us);
    else if (what == MAILBOX)
        cg_mailbox_deliver(acceptor->mailbox, acceptor);
    else
        on_readable(acceptor, what - PLACES);
}

static gpointer run(gpointer user)
{
    cg_tcp_acceptor *acceptor = user;
    struct epoll_event events[EVENTS];
    int64_t next_us = INT64_MAX, now_us = cg_clock_monotonic_us();
    while (!acceptor->quitting) {
        int count = epoll_wait(acceptor->epoll_fd, events, EVENTS, wait_ms(acceptor, next_us, now_us));
        now_us = cg_clock_monotonic_us();
        for (int i = 0; i < count; i++)
            handle(acceptor, events[i].data.u32, now_us);
        refuse_late(acceptor, now_us, &next_us);
        if (acceptor->paused_until_us != 0 && acceptor->paused_until_us <= now_us)
            resume_accepting(acceptor);
    }
    return NULL;
}

typedef struct {
    cg_mail mail;
    unsigned place;
    cg_path path;
    bool refused;
} verdict;

static void discard(cg_mail *mail)
{
    g_free(mail);
}

static void settle(cg_mail *mail, void *owner)
{
    cg_tcp_acceptor *acceptor = owner;
    const verdict *given = (const verdict *) mail;
    cg_tcp_unclaimed_leave(&acceptor->unclaimed, given->place);
    if (given->refused)
        count_refused(acceptor, CG_TCP_REFUSED_CHECK, &given->path);
    discard(mail);
}

void cg_tcp_acceptor_settle(cg_tcp_acceptor *acceptor, unsigned place, const cg_path *path, bool refused)
{
    verdict *given = g_new(verdict, 1);
    *given =
        (verdict){.mail = {.deliver = settle, .discard = discard}, .place = place, .path = *path, .refused = refused};
    cg_mailbox_post(acceptor->mailbox, &given->mail);
}

/* --- life --- */

cg_tcp_acceptor *cg_tcp_acceptor_new(const cg_tcp_acceptor_config *config, char **ret_error)
{
    cg_tcp_listeners listeners;
    if (!cg_tcp_listeners_open(&listeners, config->addresses, config->port, ret_error))
        return NULL;
    cg_tcp_acceptor *acceptor = g_new0(cg_tcp_acceptor, 1);
    acceptor->config = *config;
    acceptor->listeners = listeners;
    acceptor->mailbox = cg_mailbox_new();
    acceptor->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (acceptor->epoll_fd < 0)
        g_error("no epoll for TCP: %s", g_strerror(errno));
    watch_listeners(acceptor, EPOLL_CTL_ADD, EPOLLIN);
    watch(acceptor, EPOLL_CTL_ADD, cg_mailbox_fd(acceptor->mailbox), EPOLLIN, MAILBOX);
    return acceptor;
}

void cg_tcp_acceptor_start(cg_tcp_acceptor *acceptor)
{
    acceptor->thread = g_thread_new("media-tcp", run, acceptor);
}

static void quit(cg_mail *mail, void *owner)
{
    ((cg_tcp_acceptor *) owner)->quitting = true;
    discard(mail);
}

void cg_tcp_acceptor_stop(cg_tcp_acceptor *acceptor)
{
    if (acceptor == NULL || acceptor->thread == NULL)
        return;
    cg_mail *mail = g_new(cg_mail, 1);
    *mail = (cg_mail){.deliver = quit, .discard = discard};
    cg_mailbox_post(acceptor->mailbox, mail);
    g_thread_join(acceptor->thread);
    acceptor->thread = NULL;
}

void cg_tcp_acceptor_free(cg_tcp_acceptor *acceptor)
{
    if (acceptor == NULL)
        return;
    g_assert(acceptor->thread == NULL);
    for (unsigned i = 0; i < CG_TCP_UNCLAIMED; i++)
        cg_tcp_connection_free(acceptor->unclaimed.places[i].connection);
    cg_tcp_listeners_close(&acceptor->listeners);
    close(acceptor->epoll_fd);
    cg_mailbox_free(acceptor->mailbox);
    g_free(acceptor);
}

uint16_t cg_tcp_acceptor_port(const cg_tcp_acceptor *acceptor, int family)
{
    return acceptor->listeners.ports[family == AF_INET6];
}

void cg_tcp_acceptor_read_stats(const cg_tcp_acceptor *acceptor, cg_tcp_stats *ret_stats)
{
    ret_stats->accepted = cg_counter_read(&acceptor->accepted);
    for (unsigned i = 0; i < CG_TCP_REFUSAL_COUNT; i++)
        ret_stats->refused[i] = cg_counter_read(&acceptor->refused[i]);
}
