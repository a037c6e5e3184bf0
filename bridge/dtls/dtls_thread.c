/* The inside of one pool thread: mails in, handshakes advanced, events out. When more has come in than can be done at
 * once, the oldest handshake is always served first: in a rush they end one after the other, where one datagram each in
 * turn would make all of them late together. A handshake is freed as soon as it has ended. Nothing more is owed to the
 * peer then: in a full handshake the server sends the last flight, and repeats it only if we repeat ours. */
#include "bridge/dtls/dtls_thread.h"

#include "base/clock.h"
#include "bridge/dtls/dtls_handshake.h"

#include <string.h>
#include <sys/resource.h>

enum { NICE = 10 };

struct cg_dtls_thread {
    cg_dtls_thread_config config;
    cg_mailbox *mailbox;
    GThread *thread;
    cg_dtls_identity identity;
    GHashTable *handshakes; /* leg -> entry, owned */
    GQueue line;            /* the entries, oldest first */
    int64_t next_us;        /* no entry that has nothing to do now has anything to do before */
    bool stopping;
};

typedef struct {
    gint64 leg;  /* key of the table */
    GList place; /* in the line */
    cg_dtls_thread *thread;
    cg_mailbox *owner;
    cg_fingerprint remote;
    int64_t started_us;
    bool counted;                 /* in the pool's depth */
    cg_dtls_handshake *handshake; /* NULL: its turn has not come yet */
    GQueue inbox;                 /* datagram_mail, owned: bounded by the pool's limit of what may wait */
} entry;

typedef struct {
    cg_mail mail;
    uint64_t leg;
    cg_fingerprint remote;
    cg_mailbox *owner;
    int64_t started_us;
} start_mail;

typedef struct {
    cg_mail mail;
    uint64_t leg;
    gint *waiting;
    size_t size;
    uint8_t data[];
} datagram_mail;

typedef struct {
    cg_mail mail;
    uint64_t leg;
} cancel_mail;

/* On the thread. */

/* Before the last event is posted: who sees it may start another handshake at once. */
static void uncount(entry *e)
{
    if (e->counted)
        g_atomic_int_add(e->thread->config.depth, -1);
    e->counted = false;
}

static void datagram_free(void *data)
{
    g_atomic_int_add(((datagram_mail *) data)->waiting, -1);
    g_free(data);
}

static void entry_free(void *data)
{
    entry *e = data;
    uncount(e);
    g_queue_unlink(&e->thread->line, &e->place);
    g_queue_clear_full(&e->inbox, datagram_free);
    cg_dtls_handshake_free(e->handshake);
    g_free(e);
}

static void post(const entry *e, const cg_dtls_event *event)
{
    cg_dtls_event_post(event, e->owner, e->thread->config.on_event);
}

static void send_datagram(const uint8_t *data, size_t size, void *user)
{
    const entry *e = user;
    post(e, &(cg_dtls_event){.kind = CG_DTLS_SEND, .leg = (uint64_t) e->leg, .data = data, .size = size});
}

static void post_end(const entry *e, cg_dtls_state state)
{
    static const cg_dtls_event_kind kinds[] = {[CG_DTLS_ENDED_DONE] = CG_DTLS_DONE,
                                               [CG_DTLS_ENDED_FAILED] = CG_DTLS_FAILED,
                                               [CG_DTLS_ENDED_MISMATCH] = CG_DTLS_FINGERPRINT_MISMATCH,
                                               [CG_DTLS_ENDED_TIMED_OUT] = CG_DTLS_TIMED_OUT};
    cg_dtls_event event = {.kind = kinds[state], .leg = (uint64_t) e->leg};
    event.duration_us = (uint32_t) MIN(cg_clock_monotonic_us() - e->started_us, UINT32_MAX);
    if (state == CG_DTLS_ENDED_DONE)
        event.keys = *cg_dtls_handshake_keys(e->handshake);
    else
        g_strlcpy(event.detail, cg_dtls_handshake_detail(e->handshake), sizeof event.detail);
    post(e, &event);
    explicit_bzero(&event.keys, sizeof event.keys);
}

/* True if the handshake has ended; the caller removes its entry. */
static bool settle(entry *e, cg_dtls_state state)
{
    if (state == CG_DTLS_GOING) {
        e->thread->next_us = MIN(e->thread->next_us, cg_dtls_handshake_next(e->handshake));
        return false;
    }
    uncount(e);
    post_end(e, state);
    return true;
}

static void refuse(entry *e)
{
    cg_dtls_event event = {.kind = CG_DTLS_FAILED, .leg = (uint64_t) e->leg};
    g_strlcpy(event.detail, "mbedTLS cannot set a handshake up", sizeof event.detail);
    uncount(e);
    post(e, &event);
}

/* Sends the ClientHello. True if that was all, as of `settle`. */
static bool begin(entry *e)
{
    cg_dtls_thread *thread = e->thread;
    e->handshake = cg_dtls_handshake_new(&(cg_dtls_handshake_config){
        .identity = &thread->identity,
        .remote = &e->remote,
        .now_us = cg_clock_monotonic_us(),
        .deadline_us = e->started_us + (int64_t) thread->config.timeout_ms * 1000,
        .send = send_datagram,
        .user = e,
    });
    if (e->handshake)
        return settle(e, cg_dtls_handshake_advance(e->handshake, cg_clock_monotonic_us()));
    refuse(e);
    return true;
}

static bool receive(entry *e)
{
    datagram_mail *datagram = g_queue_pop_head(&e->inbox);
    int64_t now = cg_clock_monotonic_us();
    cg_dtls_state state = cg_dtls_handshake_receive(e->handshake, now, datagram->data, datagram->size);
    datagram_free(datagram);
    return settle(e, state);
}

static bool has_work(const entry *e)
{
    return !e->handshake || e->inbox.length > 0;
}

/* One piece of the oldest handshake's work; false if there is none of anybody's. A peer cannot hold the others up for
 * long: datagrams that are no progress cost little, and the leg passes on only so many (leg_connect.c). */
static bool serve_oldest(cg_dtls_thread *thread)
{
    GList *place = thread->line.head;
    while (place && !has_work(place->data))
        place = place->next;
    if (!place)
        return false;
    entry *e = place->data;
    if (e->handshake ? receive(e) : begin(e))
        g_hash_table_remove(thread->handshakes, &e->leg);
    return true;
}

/* What has come for a handshake goes before its timers: to repeat a flight whose answer is here would be more work for
 * both sides. Its turn to be served settles it. */
static gboolean advance_if_due(void *key, void *value, void *user)
{
    entry *e = value;
    int64_t now = *(const int64_t *) user;
    cg_dtls_state state = CG_DTLS_GOING;
    if (has_work(e))
        return FALSE;
    if (cg_dtls_handshake_next(e->handshake) <= now)
        state = cg_dtls_handshake_advance(e->handshake, now);
    return settle(e, state);
}

static void run_timers(cg_dtls_thread *thread)
{
    int64_t now = cg_clock_monotonic_us();
    if (now < thread->next_us)
        return;
    thread->next_us = INT64_MAX;
    g_hash_table_foreach_remove(thread->handshakes, advance_if_due, &now);
}

static int patience_ms(const cg_dtls_thread *thread)
{
    if (thread->next_us == INT64_MAX)
        return -1;
    int64_t left_us = thread->next_us - cg_clock_monotonic_us();
    return left_us <= 0 ? 0 : (int) MIN((left_us + 999) / 1000, INT_MAX);
}

/* A handshake is milliseconds of arithmetic that nobody hears; the packets of running calls go before. Linux keeps the
 * nice value of every thread apart. */
static void give_way(void)
{
    setpriority(PRIO_PROCESS, 0, NICE);
}

static void *run(void *data)
{
    cg_dtls_thread *thread = data;
    give_way();
    for (bool busy = false; !thread->stopping; run_timers(thread)) {
        if (!busy)
            cg_mailbox_wait(thread->mailbox, patience_ms(thread));
        cg_mailbox_deliver(thread->mailbox, thread);
        busy = serve_oldest(thread);
    }
    g_hash_table_remove_all(thread->handshakes);
    return NULL;
}

/* Mails, delivered on the thread. */

static void discard_mail(cg_mail *mail)
{
    g_free(mail);
}

static void discard_datagram(cg_mail *mail)
{
    datagram_free(mail);
}

static void deliver_start(cg_mail *mail, void *owner)
{
    cg_dtls_thread *thread = owner;
    const start_mail *start = (start_mail *) mail;
    entry *e = g_new0(entry, 1);
    *e = (entry){.leg = (gint64) start->leg,
                 .place.data = e,
                 .thread = thread,
                 .owner = start->owner,
                 .remote = start->remote,
                 .started_us = start->started_us,
                 .counted = true};
    g_assert(!g_hash_table_contains(thread->handshakes, &e->leg));
    g_hash_table_insert(thread->handshakes, &e->leg, e);
    g_queue_push_tail_link(&thread->line, &e->place);
    g_free(mail);
}

static void deliver_datagram(cg_mail *mail, void *owner)
{
    cg_dtls_thread *thread = owner;
    gint64 leg = (gint64) ((datagram_mail *) mail)->leg;
    entry *e = g_hash_table_lookup(thread->handshakes, &leg);
    if (e)
        g_queue_push_tail(&e->inbox, mail);
    else
        discard_datagram(mail);
}

static void deliver_cancel(cg_mail *mail, void *owner)
{
    cg_dtls_thread *thread = owner;
    gint64 leg = (gint64) ((cancel_mail *) mail)->leg;
    g_hash_table_remove(thread->handshakes, &leg);
    g_free(mail);
}

static void deliver_stop(cg_mail *mail, void *owner)
{
    cg_dtls_thread *thread = owner;
    thread->stopping = true;
    g_free(mail);
}

/* From any thread. */

cg_dtls_thread *cg_dtls_thread_new(const cg_dtls_thread_config *config)
{
    cg_dtls_thread *thread = g_new0(cg_dtls_thread, 1);
    thread->config = *config;
    if (!cg_dtls_identity_init(&thread->identity, config->certificate)) {
        g_free(thread);
        return NULL;
    }
    thread->mailbox = cg_mailbox_new();
    thread->handshakes = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, entry_free);
    thread->next_us = INT64_MAX;
    thread->thread = g_thread_new("dtls", run, thread);
    return thread;
}

void cg_dtls_thread_free(cg_dtls_thread *thread)
{
    cg_mail *stop = g_new(cg_mail, 1);
    *stop = (cg_mail){.deliver = deliver_stop, .discard = discard_mail};
    cg_mailbox_post(thread->mailbox, stop);
    g_thread_join(thread->thread);
    cg_mailbox_free(thread->mailbox);
    g_hash_table_unref(thread->handshakes);
    cg_dtls_identity_clear(&thread->identity);
    g_free(thread);
}

void cg_dtls_thread_start(cg_dtls_thread *thread, uint64_t leg, const cg_fingerprint *remote, cg_mailbox *owner)
{
    start_mail *start = g_new0(start_mail, 1);
    *start = (start_mail){.mail = {.deliver = deliver_start, .discard = discard_mail},
                          .leg = leg,
                          .remote = *remote,
                          .owner = owner,
                          .started_us = cg_clock_monotonic_us()};
    cg_mailbox_post(thread->mailbox, &start->mail);
}

void cg_dtls_thread_receive(cg_dtls_thread *thread, uint64_t leg, const uint8_t *data, size_t size, gint *waiting)
{
    datagram_mail *datagram = g_malloc(sizeof *datagram + size);
    *datagram = (datagram_mail){.mail = {.deliver = deliver_datagram, .discard = discard_datagram},
                                .leg = leg,
                                .waiting = waiting,
                                .size = size};
    memcpy(datagram->data, data, size);
    cg_mailbox_post(thread->mailbox, &datagram->mail);
}

void cg_dtls_thread_cancel(cg_dtls_thread *thread, uint64_t leg)
{
    cancel_mail *cancel = g_new0(cancel_mail, 1);
    *cancel = (cancel_mail){.mail = {.deliver = deliver_cancel, .discard = discard_mail}, .leg = leg};
    cg_mailbox_post(thread->mailbox, &cancel->mail);
}
