/* A DTLS-SRTP server on OpenSSL for tests, in memory: the other side of the handshakes under test, by another
 * implementation. */
#pragma once

#include "bridge/dtls/dtls_pool.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct dtls_server dtls_server;

typedef enum { DTLS_SERVER_P256, DTLS_SERVER_P384, DTLS_SERVER_RSA } dtls_server_key;

typedef struct {
    dtls_server_key key;
    const char *srtp_profiles; /* OpenSSL's names; NULL: no use_srtp */
    const char *ciphers;       /* NULL: OpenSSL's defaults */
    unsigned mtu;              /* 0: 1200 */
    int max_version;           /* 0: any */
    bool cookie;               /* sends HelloVerifyRequest */
    bool anonymous_client;     /* asks for no certificate */
    bool reject_client;        /* finds the client's certificate wrong */
} dtls_server_config;

dtls_server *dtls_server_new(const dtls_server_config *config);
void dtls_server_free(dtls_server *server);

/* A datagram from the client. */
void dtls_server_receive(dtls_server *server, const uint8_t *data, size_t size);

/* Repeats the server's flight if it waits for an answer. */
void dtls_server_time_passes(dtls_server *server);

/* The next datagram for the client; NULL if there is none. Free with g_bytes_unref. */
GBytes *dtls_server_take(dtls_server *server);

bool dtls_server_done(const dtls_server *server);
void dtls_server_fingerprint(const dtls_server *server, cg_hash hash, cg_fingerprint *ret_fingerprint);

/* The sha-256 fingerprint of the certificate the client showed; size 0 if it showed none. */
cg_fingerprint dtls_server_client_fingerprint(const dtls_server *server);

/* Exported keying material, client's view: what the client's cg_srtp_keys must be. */
cg_srtp_keys dtls_server_expected_keys(const dtls_server *server);

/* Description of the last fatal alert the client sent; -1 if none. */
int dtls_server_alert(const dtls_server *server);
