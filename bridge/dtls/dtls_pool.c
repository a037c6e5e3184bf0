/* The handshake pool: which thread serves which leg, and what a peer can make us hold: handshakes up to queue_limit,
 * datagrams that wait for a thread up to WAITING_LIMIT per group of legs. A handshake stays on one thread. */
#include "bridge/dtls/dtls_pool.h"

#include "bridge/dtls/dtls_handshake.h"
#include "bridge/dtls/dtls_thread.h"

#include <glib.h>

#define WAITING_LIMIT 32 /* copied and not yet looked at; a server's flight has one to six */
#define WAITING_GROUPS 256

struct cg_dtls_pool {
    cg_dtls_pool_config config;
    cg_dtls_certificate certificate;
    cg_dtls_thread **threads;
    unsigned thread_count;
    gint depth;                   /* atomic */
    gint waiting[WAITING_GROUPS]; /* atomic */
};

/* Leg ids count up in their upper and their lower bits. */
static uint32_t hash_leg(uint64_t leg)
{
    return (uint32_t) ((leg * 0x9e3779b97f4a7c15) >> 32);
}

static cg_dtls_thread *thread_of(const cg_dtls_pool *pool, uint64_t leg)
{
    return pool->threads[hash_leg(leg) % pool->thread_count];
}

static bool add_thread(cg_dtls_pool *pool)
{
    cg_dtls_thread *thread = cg_dtls_thread_new(&(cg_dtls_thread_config){
        .certificate = &pool->certificate,
        .timeout_ms = pool->config.timeout_ms,
        .depth = &pool->depth,
        .on_event = pool->config.on_event,
    });
    if (thread)
        pool->threads[pool->thread_count++] = thread;
    return thread != NULL;
}

cg_dtls_pool *cg_dtls_pool_new(const cg_dtls_pool_config *config, char **ret_error)
{
    cg_dtls_pool *pool = g_new0(cg_dtls_pool, 1);
    g_assert(config->threads >= 1 && config->on_event);
    pool->config = *config;
    pool->threads = g_new0(cg_dtls_thread *, config->threads);
    bool ok = cg_dtls_certificate_make(&pool->certificate);
    while (ok && pool->thread_count < config->threads)
        ok = add_thread(pool);
    if (ok)
        return pool;
    cg_dtls_pool_free(pool);
    if (ret_error)
        *ret_error = g_strdup("mbedTLS could not make the DTLS certificate");
    return NULL;
}

void cg_dtls_pool_free(cg_dtls_pool *pool)
{
    if (!pool)
        return;
    for (unsigned i = 0; i < pool->thread_count; i++)
        cg_dtls_thread_free(pool->threads[i]);
    cg_dtls_certificate_clear(&pool->certificate);
    g_free(pool->threads);
    g_free(pool);
}

const cg_fingerprint *cg_dtls_pool_fingerprint(const cg_dtls_pool *pool)
{
    return &pool->certificate.fingerprint;
}

void cg_dtls_pool_start(cg_dtls_pool *pool, uint64_t leg, const cg_fingerprint *remote, cg_mailbox *owner)
{
    if ((unsigned) g_atomic_int_add(&pool->depth, 1) < pool->config.queue_limit) {
        cg_dtls_thread_start(thread_of(pool, leg), leg, remote, owner);
        return;
    }
    g_atomic_int_add(&pool->depth, -1);
    cg_dtls_event event = {.kind = CG_DTLS_FAILED, .leg = leg};
    g_strlcpy(event.detail, "too many handshakes at once", sizeof event.detail);
    cg_dtls_event_post(&event, owner, pool->config.on_event);
}

void cg_dtls_pool_receive(cg_dtls_pool *pool, uint64_t leg, const uint8_t *data, size_t size)
{
    gint *waiting = &pool->waiting[hash_leg(leg) % WAITING_GROUPS];
    if (size == 0 || size > CG_DTLS_MAX_DATAGRAM)
        return;
    if (g_atomic_int_add(waiting, 1) < WAITING_LIMIT)
        cg_dtls_thread_receive(thread_of(pool, leg), leg, data, size, waiting);
    else
        g_atomic_int_add(waiting, -1);
}

void cg_dtls_pool_cancel(cg_dtls_pool *pool, uint64_t leg)
{
    cg_dtls_thread_cancel(thread_of(pool, leg), leg);
}

size_t cg_dtls_pool_depth(const cg_dtls_pool *pool)
{
    return (size_t) g_atomic_int_get(&pool->depth);
}
