/* The pool with real threads, one mailbox that owns all legs, and OpenSSL servers driven by the test's thread. */
#include "bridge/dtls/dtls_pool.h"

#include "base/clock.h"
#include "dtls_server.h"

#include <glib.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROFILE "SRTP_AES128_CM_SHA1_80"
#define PATIENCE_MS 20000

typedef struct {
    uint64_t id;
    dtls_server *server;
    cg_srtp_keys keys;
    unsigned ends, sends;
    unsigned answered, rank; /* its number in the order of second flights, of ends; from 1 */
    cg_dtls_event_kind end;  /* the last one */
    uint32_t duration_us;
    char detail[96];
} leg;

typedef struct {
    cg_mailbox *mailbox;
    cg_dtls_pool *pool;
    GHashTable *legs; /* id -> leg, owned */
    unsigned answered, ended;
    bool deaf; /* what the client sends is lost */
    bool slow; /* what the servers answer stays with them */
} fixture;

static void carry_to_client(fixture *f, leg *l)
{
    GBytes *datagram;
    while ((datagram = dtls_server_take(l->server))) {
        size_t size;
        const uint8_t *data = g_bytes_get_data(datagram, &size);
        cg_dtls_pool_receive(f->pool, l->id, data, size);
        g_bytes_unref(datagram);
    }
}

/* A first flight, perhaps repeated: RFC 6347 section 4.2.2. */
static bool is_client_hello(const cg_dtls_event *event)
{
    enum { HANDSHAKE = 22, RECORD_HEADER = 13, CLIENT_HELLO = 1 };
    return event->size > RECORD_HEADER && event->data[0] == HANDSHAKE && event->data[RECORD_HEADER] == CLIENT_HELLO;
}

static void on_event(const cg_dtls_event *event, void *owner)
{
    fixture *f = owner;
    leg *l = g_hash_table_lookup(f->legs, &event->leg);
    g_assert_nonnull(l);
    if (event->kind == CG_DTLS_SEND) {
        g_assert_cmpuint(event->size, >, 0);
        g_assert_cmpuint(l->ends, ==, 0); /* the end is the last event */
        l->sends++;
        if (f->deaf)
            return;
        if (!is_client_hello(event) && l->answered == 0)
            l->answered = ++f->answered;
        dtls_server_receive(l->server, event->data, event->size);
        if (!f->slow)
            carry_to_client(f, l);
        return;
    }
    l->ends++;
    l->end = event->kind;
    l->keys = event->keys;
    l->duration_us = event->duration_us;
    g_strlcpy(l->detail, event->detail, sizeof l->detail);
    l->rank = ++f->ended;
}

static void leg_free(void *data)
{
    leg *l = data;
    dtls_server_free(l->server);
    g_free(l);
}

static void fixture_init(fixture *f, unsigned threads, unsigned queue_limit, unsigned timeout_ms)
{
    g_autofree char *error = NULL;
    *f = (fixture){.mailbox = cg_mailbox_new()};
    f->legs = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, leg_free);
    f->pool = cg_dtls_pool_new(
        &(cg_dtls_pool_config){
            .threads = threads, .queue_limit = queue_limit, .timeout_ms = timeout_ms, .on_event = on_event},
        &error);
    g_assert_null(error);
    g_assert_nonnull(f->pool);
}

static void fixture_clear(fixture *f)
{
    cg_dtls_pool_free(f->pool);
    cg_mailbox_free(f->mailbox);
    g_hash_table_unref(f->legs);
}

static leg *start(fixture *f, uint64_t id, bool right_fingerprint)
{
    leg *l = g_new0(leg, 1);
    cg_fingerprint fingerprint;
    l->id = id;
    l->server = dtls_server_new(&(dtls_server_config){.srtp_profiles = PROFILE});
    g_hash_table_insert(f->legs, &l->id, l);
    dtls_server_fingerprint(l->server, CG_HASH_SHA256, &fingerprint);
    fingerprint.digest[0] ^= !right_fingerprint;
    cg_dtls_pool_start(f->pool, id, &fingerprint, f->mailbox);
    return l;
}

static void repeat_flights(fixture *f)
{
    GHashTableIter iterator;
    void *value;
    g_hash_table_iter_init(&iterator, f->legs);
    while (g_hash_table_iter_next(&iterator, NULL, &value)) {
        dtls_server_time_passes(((leg *) value)->server);
        carry_to_client(f, value);
    }
}

/* Delivers events until `count` handshakes have ended; in silence the servers repeat themselves. */
static void await_ends(fixture *f, unsigned count)
{
    int64_t patience_us = cg_clock_monotonic_us() + PATIENCE_MS * 1000;
    while (f->ended < count) {
        if (!cg_mailbox_wait(f->mailbox, 200))
            repeat_flights(f);
        cg_mailbox_deliver(f->mailbox, f);
        g_assert_cmpint(cg_clock_monotonic_us(), <, patience_us);
    }
}

static void assert_done(const leg *l)
{
    g_assert_cmpuint(l->ends, ==, 1);
    g_assert_cmpint(l->end, ==, CG_DTLS_DONE);
    g_assert_cmpuint(l->duration_us, >, 0);
    cg_srtp_keys expected = dtls_server_expected_keys(l->server);
    g_assert_cmpint(l->keys.profile, ==, expected.profile);
    g_assert_cmpmem(l->keys.local, sizeof l->keys.local, expected.local, sizeof expected.local);
    g_assert_cmpmem(l->keys.remote, sizeof l->keys.remote, expected.remote, sizeof expected.remote);
}

static void test_many(void)
{
    enum { LEGS = 24 };
    leg *legs[LEGS];
    fixture f;
    fixture_init(&f, 3, LEGS, 15000);
    for (unsigned i = 0; i < LEGS; i++)
        legs[i] = start(&f, ((uint64_t) i << 40) + 1, true); /* ids that differ in high bits only */
    await_ends(&f, LEGS);
    const cg_fingerprint *ours = cg_dtls_pool_fingerprint(f.pool);
    for (unsigned i = 0; i < LEGS; i++) {
        cg_fingerprint shown = dtls_server_client_fingerprint(legs[i]->server);
        assert_done(legs[i]);
        g_assert_cmpmem(shown.digest, shown.size, ours->digest, ours->size);
    }
    g_assert_cmpuint(cg_dtls_pool_depth(f.pool), ==, 0);
    fixture_clear(&f);
}

static void await_first_flights(fixture *f, leg **legs, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        while (legs[i]->sends == 0) {
            cg_mailbox_wait(f->mailbox, PATIENCE_MS);
            cg_mailbox_deliver(f->mailbox, f);
        }
    }
}

/* The pool's thread stands in a signal handler between hold_pool and release_pool. */
static int held[2], released[2];

static void stand_still(int number)
{
    char byte = 0;
    if (write(held[1], &byte, 1) != 1 || read(released[0], &byte, 1) != 1)
        abort();
}

static pid_t find_thread(const char *name)
{
    g_autoptr(GDir) tasks = g_dir_open("/proc/self/task", 0, NULL);
    for (const char *task; (task = g_dir_read_name(tasks)) != NULL;) {
        g_autofree char *comm = NULL, *path = g_build_filename("/proc/self/task", task, "comm", NULL);
        if (g_file_get_contents(path, &comm, NULL, NULL) && strcmp(g_strchomp(comm), name) == 0)
            return atoi(task);
    }
    g_error("there is no thread named %s", name);
}

static void hold_pool(void)
{
    char byte;
    struct sigaction action = {.sa_handler = stand_still, .sa_flags = SA_RESTART};
    g_assert_true(pipe(held) == 0 && pipe(released) == 0 && sigaction(SIGUSR1, &action, NULL) == 0);
    g_assert_cmpint(tgkill(getpid(), find_thread("dtls"), SIGUSR1), ==, 0);
    g_assert_cmpint(read(held[0], &byte, 1), ==, 1);
}

static void release_pool(void)
{
    g_assert_cmpint(write(released[1], "", 1), ==, 1);
}

/* All servers' flights are there at once, the youngest handshake's first. The oldest is served first all the same, and
 * is among the first to end: when exactly depends on when this thread runs to answer it. */
static void test_oldest_first(void)
{
    enum { LEGS = 60 };
    leg *legs[LEGS];
    fixture f;
    fixture_init(&f, 1, LEGS, 60000);
    f.slow = true;
    for (unsigned i = 0; i < LEGS; i++)
        legs[i] = start(&f, i + 1, true);
    await_first_flights(&f, legs, LEGS);
    f.slow = false;
    hold_pool();
    for (unsigned i = LEGS; i-- > 0;)
        carry_to_client(&f, legs[i]);
    release_pool();
    while (legs[0]->ends == 0)
        await_ends(&f, f.ended + 1);
    g_test_message("the oldest was number %u to end; %u had been served by then", legs[0]->rank, f.answered);
    g_assert_cmpuint(legs[0]->answered, ==, 1);
    g_assert_cmpuint(legs[0]->rank, <, LEGS / 2);
    await_ends(&f, LEGS);
    for (unsigned i = 0; i < LEGS; i++)
        assert_done(legs[i]);
    g_assert_cmpuint(cg_dtls_pool_depth(f.pool), ==, 0);
    fixture_clear(&f);
}

static void test_mismatch(void)
{
    fixture f;
    fixture_init(&f, 1, 10, 15000);
    leg *l = start(&f, 7, false);
    await_ends(&f, 1);
    g_assert_cmpint(l->end, ==, CG_DTLS_FINGERPRINT_MISMATCH);
    g_assert_cmpint(dtls_server_alert(l->server), ==, 42); /* bad_certificate, RFC 8122 section 6.2 */
    cg_srtp_keys none = {0};
    g_assert_cmpmem(&l->keys, sizeof l->keys, &none, sizeof none);
    fixture_clear(&f);
}

/* Beyond the limit a handshake fails at once; when others have ended there is room again. */
static void test_limit(void)
{
    fixture f;
    fixture_init(&f, 2, 2, 15000);
    f.deaf = true;
    leg *a = start(&f, 1, true), *b = start(&f, 2, true), *c = start(&f, 3, true);
    g_assert_cmpuint(cg_dtls_pool_depth(f.pool), ==, 2);
    await_ends(&f, 1);
    g_assert_cmpint(c->end, ==, CG_DTLS_FAILED);
    g_assert_cmpstr(c->detail, ==, "too many handshakes at once");
    g_assert_cmpuint(c->sends, ==, 0);
    f.deaf = false; /* the next ClientHello gets through */
    await_ends(&f, 3);
    assert_done(a);
    assert_done(b);
    g_assert_cmpuint(cg_dtls_pool_depth(f.pool), ==, 0);
    leg *d = start(&f, 4, true);
    await_ends(&f, 4);
    assert_done(d);
    fixture_clear(&f);
}

static void test_timeout(void)
{
    fixture f;
    fixture_init(&f, 1, 10, 100);
    f.deaf = true;
    leg *l = start(&f, 1, true);
    await_ends(&f, 1);
    g_assert_cmpint(l->end, ==, CG_DTLS_TIMED_OUT);
    g_assert_cmpuint(l->duration_us, >=, 100 * 1000);
    g_assert_cmpuint(l->sends, ==, 1);
    g_assert_cmpuint(cg_dtls_pool_depth(f.pool), ==, 0);
    fixture_clear(&f);
}

/* A cancelled handshake ends nowhere; the one behind it on the same thread shows that the thread has come past it. */
static void test_cancel(void)
{
    fixture f;
    fixture_init(&f, 1, 10, 15000);
    leg *cancelled = start(&f, 1, true);
    cg_dtls_pool_cancel(f.pool, 1);
    cg_dtls_pool_cancel(f.pool, 1);
    cg_dtls_pool_cancel(f.pool, 99);
    cg_dtls_pool_receive(f.pool, 1, (const uint8_t *) "\x16", 1);
    leg *l = start(&f, 2, true);
    await_ends(&f, 1);
    assert_done(l);
    g_assert_cmpuint(cancelled->ends, ==, 0);
    g_assert_cmpuint(cg_dtls_pool_depth(f.pool), ==, 0);
    fixture_clear(&f);
}

/* Garbage in any amount is dropped; the handshake goes on and the memory does not grow with it. */
static void test_garbage(void)
{
    fixture f;
    uint8_t garbage[4000];
    fixture_init(&f, 1, 10, 15000);
    leg *l = start(&f, 5, true);
    for (unsigned i = 0; i < 20000; i++) {
        size_t size = i % sizeof garbage;
        memset(garbage, (int) i, size);
        garbage[0] = (uint8_t) (20 + i % 44); /* what RFC 7983 calls DTLS */
        cg_dtls_pool_receive(f.pool, i % 2 ? 5 : 6, garbage, size);
    }
    await_ends(&f, 1);
    assert_done(l);
    fixture_clear(&f);
}

/* Freed in the middle of everything: what is posted and not delivered is discarded (LeakSanitizer watches). */
static void test_free_while_busy(void)
{
    fixture f;
    fixture_init(&f, 2, 100, 15000);
    for (uint64_t id = 1; id <= 20; id++)
        start(&f, id, true);
    cg_mailbox_wait(f.mailbox, 1000);
    cg_mailbox_deliver(f.mailbox, &f);
    fixture_clear(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dtls-pool/many", test_many);
    g_test_add_func("/dtls-pool/oldest-first", test_oldest_first);
    g_test_add_func("/dtls-pool/mismatch", test_mismatch);
    g_test_add_func("/dtls-pool/limit", test_limit);
    g_test_add_func("/dtls-pool/timeout", test_timeout);
    g_test_add_func("/dtls-pool/cancel", test_cancel);
    g_test_add_func("/dtls-pool/garbage", test_garbage);
    g_test_add_func("/dtls-pool/free-while-busy", test_free_while_busy);
    return g_test_run();
}
