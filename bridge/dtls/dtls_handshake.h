/* One DTLS-SRTP handshake (RFC 5764, client role) on mbedTLS as a protocol core: datagrams and `now` in, datagrams and
 * a state out. No threads, no sockets, no clock. */
#pragma once

#include "bridge/dtls/dtls_certificate.h"
#include "bridge/dtls/dtls_pool.h"

#define CG_DTLS_MAX_DATAGRAM 2048 /* larger ones are ignored */

typedef struct cg_dtls_handshake cg_dtls_handshake;

typedef enum {
    CG_DTLS_GOING,
    CG_DTLS_ENDED_DONE,
    CG_DTLS_ENDED_FAILED,
    CG_DTLS_ENDED_MISMATCH,
    CG_DTLS_ENDED_TIMED_OUT,
} cg_dtls_state;

typedef struct {
    cg_dtls_identity *identity;   /* this thread's; outlives the handshake */
    const cg_fingerprint *remote; /* from the peer's SDP; copied */
    int64_t now_us;
    int64_t deadline_us;
    /* Called during the calls below with each datagram for the peer. */
    void (*send)(const uint8_t *data, size_t size, void *user);
    void *user;
} cg_dtls_handshake_config;

/* NULL if mbedTLS refuses the configuration. Nothing is sent before the first cg_dtls_handshake_advance. */
cg_dtls_handshake *cg_dtls_handshake_new(const cg_dtls_handshake_config *config);
void cg_dtls_handshake_free(cg_dtls_handshake *handshake);

/* Sends the ClientHello first, later whatever is due (retransmissions); to be called at the time `next` says. */
cg_dtls_state cg_dtls_handshake_advance(cg_dtls_handshake *handshake, int64_t now_us);

/* A datagram from the peer's address. What does not belong to the handshake is ignored; once it has ended, all is. */
cg_dtls_state cg_dtls_handshake_receive(cg_dtls_handshake *handshake, int64_t now_us, const uint8_t *data, size_t size);

int64_t cg_dtls_handshake_next(const cg_dtls_handshake *handshake);

/* After CG_DTLS_ENDED_DONE. */
const cg_srtp_keys *cg_dtls_handshake_keys(const cg_dtls_handshake *handshake);

/* After any other end: what went wrong, for the log. */
const char *cg_dtls_handshake_detail(const cg_dtls_handshake *handshake);
