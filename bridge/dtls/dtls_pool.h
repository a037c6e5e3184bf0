/* DTLS handshakes (RFC 5764, client role always) on threads of their own, because one costs 4 to 6 ms of CPU and must
 * not stand between two media packets. A handshake is known by its leg; its datagrams travel through mailboxes both
 * ways. When there are more at once than a thread can serve, those started first end first. */
#pragma once

#include "base/mailbox.h"
#include "base/media.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    cg_srtp_profile profile;
    uint8_t local[CG_SRTP_MASTER_SIZE];  /* we protect with it (client write) */
    uint8_t remote[CG_SRTP_MASTER_SIZE]; /* we unprotect with it (server write) */
} cg_srtp_keys;

typedef enum {
    CG_DTLS_SEND,   /* send `data` to the leg's peer */
    CG_DTLS_DONE,   /* verified; `keys` are there */
    CG_DTLS_FAILED, /* alert, protocol error, no profile, pool full */
    CG_DTLS_FINGERPRINT_MISMATCH,
    CG_DTLS_TIMED_OUT,
} cg_dtls_event_kind;

typedef struct {
    cg_dtls_event_kind kind;
    uint64_t leg;
    const uint8_t *data; /* SEND: valid during the call */
    size_t size;
    cg_srtp_keys keys;    /* DONE */
    uint32_t duration_us; /* DONE: since start */
    char detail[96];      /* FAILED: what went wrong, for the log */
} cg_dtls_event;

typedef struct cg_dtls_pool cg_dtls_pool;

typedef struct {
    unsigned threads;                                          /* at least 1 */
    unsigned queue_limit;                                      /* handshakes under way or waiting; more fail at once */
    unsigned timeout_ms;                                       /* for one handshake */
    void (*on_event)(const cg_dtls_event *event, void *owner); /* on the thread that delivers the owner's mailbox */
} cg_dtls_pool_config;

/* Makes the certificate (ECDSA P-256, self-signed) and starts the threads. */
cg_dtls_pool *cg_dtls_pool_new(const cg_dtls_pool_config *config, char **ret_error);
void cg_dtls_pool_free(cg_dtls_pool *pool);
const cg_fingerprint *cg_dtls_pool_fingerprint(const cg_dtls_pool *pool); /* sha-256 of the certificate */

/* From any thread. Events of this handshake are posted to `owner`, which outlives the pool. Exactly one of DONE,
 * FAILED, MISMATCH, TIMED_OUT ends it, unless cancelled. */
void cg_dtls_pool_start(cg_dtls_pool *pool, uint64_t leg, const cg_fingerprint *remote, cg_mailbox *owner);
/* A DTLS datagram from the leg's peer; copied. Dropped, as on the network, if too many already wait. */
void cg_dtls_pool_receive(cg_dtls_pool *pool, uint64_t leg, const uint8_t *data, size_t size);
/* Forgets it; events already posted still come and must be ignored by leg id. */
void cg_dtls_pool_cancel(cg_dtls_pool *pool, uint64_t leg);
size_t cg_dtls_pool_depth(const cg_dtls_pool *pool); /* handshakes waiting or under way */
