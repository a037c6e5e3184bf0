/* One thread of the handshake pool: its handshakes, its mailbox. Everything here but new and free may be called from
 * any thread. */
#pragma once

#include "bridge/dtls/dtls_certificate.h"
#include "bridge/dtls/dtls_pool.h"

#include <glib.h>

typedef struct cg_dtls_thread cg_dtls_thread;

typedef struct {
    const cg_dtls_certificate *certificate; /* needed during cg_dtls_thread_new only */
    unsigned timeout_ms;
    gint *depth; /* atomic; counted down when a handshake started here is over */
    void (*on_event)(const cg_dtls_event *event, void *owner);
} cg_dtls_thread_config;

/* NULL if mbedTLS does not take the certificate. */
cg_dtls_thread *cg_dtls_thread_new(const cg_dtls_thread_config *config);

/* Joins it. Handshakes under way are forgotten. */
void cg_dtls_thread_free(cg_dtls_thread *thread);

void cg_dtls_thread_start(cg_dtls_thread *thread, uint64_t leg, const cg_fingerprint *remote, cg_mailbox *owner);

/* Copies the datagram; `*waiting` (atomic) is counted down when the copy is gone. */
void cg_dtls_thread_receive(cg_dtls_thread *thread, uint64_t leg, const uint8_t *data, size_t size, gint *waiting);

void cg_dtls_thread_cancel(cg_dtls_thread *thread, uint64_t leg);

/* Posts an event to its owner; `event->data` and the keys are copied. */
void cg_dtls_event_post(const cg_dtls_event *event, cg_mailbox *owner,
                        void (*on_event)(const cg_dtls_event *event, void *owner));
