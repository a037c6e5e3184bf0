/* A DTLS 1.2 server on OpenSSL, as a browser is towards the gateway (a=setup:passive): use_srtp, a self-signed
 * certificate, keys exported. Datagrams in, datagrams out through a callback; no socket, no thread. */
#pragma once

#include "base/media.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PEER_SRTP_MASTER_SIZE 30

typedef struct peer_identity peer_identity; /* a certificate; one may serve many peers */

peer_identity *peer_identity_new(void);
void peer_identity_free(peer_identity *identity);
const cg_fingerprint *peer_identity_fingerprint(const peer_identity *identity);

typedef struct peer_dtls peer_dtls;
typedef void peer_dtls_send(const uint8_t *data, size_t size, void *user);

typedef struct {
    bool short_tag;                        /* AES128_CM_SHA1_32, else _80 */
    uint8_t local[PEER_SRTP_MASTER_SIZE];  /* server write */
    uint8_t remote[PEER_SRTP_MASTER_SIZE]; /* client write */
    cg_fingerprint client;                 /* sha-256 of the certificate that the client showed */
} peer_dtls_keys;

typedef enum { PEER_DTLS_PENDING, PEER_DTLS_DONE, PEER_DTLS_FAILED } peer_dtls_state;

peer_dtls *peer_dtls_new(peer_identity *identity, peer_dtls_send *send, void *user);
void peer_dtls_free(peer_dtls *dtls);
peer_dtls_state peer_dtls_receive(peer_dtls *dtls, const uint8_t *data, size_t size);
void peer_dtls_tick(peer_dtls *dtls); /* repeats a flight when its time has come; call every 100 ms or so */
const peer_dtls_keys *peer_dtls_get_keys(const peer_dtls *dtls); /* once DONE */
