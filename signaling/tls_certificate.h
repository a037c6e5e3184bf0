/* The server's certificate: checked as a whole before anything of it is used, so that a reload with a bad file leaves
 * the old one in force. */
#pragma once

#include <openssl/types.h>
#include <stdbool.h>

typedef struct cg_tls_certificate cg_tls_certificate;

/* Reads a PEM chain (leaf first) and its private key. NULL and a message (free with g_free) if one cannot be read, the
 * key is protected by a passphrase, or the two do not belong together. */
cg_tls_certificate *cg_tls_certificate_load(const char *chain_file, const char *key_file, char **ret_error);
void cg_tls_certificate_free(cg_tls_certificate *certificate);

/* Whether a file has certificates of authorities, PEM. False and a message (free with g_free) if not. */
bool cg_tls_ca_check(const char *file, char **ret_error);

/* Makes it the one certificate of a connection whose handshake begins. */
bool cg_tls_certificate_use(const cg_tls_certificate *certificate, SSL *connection);
