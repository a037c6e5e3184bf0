/* DTLS framing, as far as one must look before showing anything to mbedTLS: mbedTLS gives up a handshake for good on
 * the first malformed message or fatal alert, and before there are keys whoever can send from the peer's address can
 * forge one (CVE-2023-49786 and its kin). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CG_DTLS_RECORD_HEADER 13 /* RFC 6347 section 4.1 */

typedef enum {
    CG_DTLS_CHANGE_CIPHER_SPEC = 20,
    CG_DTLS_ALERT = 21,
    CG_DTLS_HANDSHAKE_MESSAGES = 22,
} cg_dtls_content;

typedef struct {
    const uint8_t *data; /* the whole record, header included */
    size_t size;
    uint8_t type; /* cg_dtls_content, or anything else */
    uint16_t epoch;
    const uint8_t *body;
    size_t body_size; /* not 0 */
} cg_dtls_record;

/* Takes the next record off a datagram. False if none is left or the rest is broken. */
bool cg_dtls_record_next(const uint8_t **data, size_t *size, cg_dtls_record *ret_record);

/* A handshake message or a fragment of one, with its header (RFC 6347 section 4.2.2). */
typedef struct {
    const uint8_t *data;
    size_t size;
} cg_dtls_fragment;

/* Takes the next fragment off the body of a record without protection. False if none is left, or the rest is broken
 * or nothing that a server sends a client between ServerHello and ServerHelloDone. */
bool cg_dtls_fragment_next(const uint8_t **body, size_t *size, cg_dtls_fragment *ret_fragment);
