/* mbedTLS as a DTLS-SRTP client for one handshake: what it may negotiate, what it is told (records, time) and tells
 * (datagrams, timers), the judgement of the peer's certificate, and the keys at the end. */
#pragma once

#include "bridge/dtls/dtls_handshake.h"

#include <mbedtls/ssl.h>

#define CG_DTLS_MASTER_SECRET 48
#define CG_DTLS_RANDOM 32

typedef struct {
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config conf;
    cg_fingerprint remote;
    void (*send)(const uint8_t *data, size_t size, void *user);
    void *user;
    unsigned sent_count; /* datagrams */

    int64_t now_us;                /* as the caller said last */
    int64_t timer_us;              /* when to retransmit; 0: never */
    int64_t timer_intermediate_us; /* mbedTLS wants to know when a quarter of the interval has passed */

    uint8_t input[CG_DTLS_MAX_DATAGRAM]; /* the record mbedTLS is to read */
    size_t input_size;                   /* 0: it has read it */

    bool fingerprint_matched; /* set by the judgement alone: without a certificate both stay false */
    bool fingerprint_mismatched;
    uint8_t master_secret[CG_DTLS_MASTER_SECRET];
    uint8_t randoms[2 * CG_DTLS_RANDOM]; /* client's, server's */
    mbedtls_tls_prf_types prf;
} cg_dtls_context;

/* False if mbedTLS refuses; to be cleared all the same. It stays where it is: mbedTLS points to it. */
bool cg_dtls_context_init(cg_dtls_context *context, const cg_dtls_handshake_config *config);
void cg_dtls_context_clear(cg_dtls_context *context);

/* Tells the peer that its certificate is not the one expected (RFC 8122 section 6.2), once mbedTLS has given up. */
void cg_dtls_context_refuse_certificate(cg_dtls_context *context);

/* After the handshake. False if no SRTP profile was agreed upon. */
bool cg_dtls_context_derive_keys(cg_dtls_context *context, cg_srtp_keys *ret_keys);
