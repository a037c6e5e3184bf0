/* DTLS record and handshake framing (RFC 6347 sections 4.1 and 4.2.2). Knows no state: what is well formed but out of
 * place is for mbedTLS to ignore. */
#include "bridge/dtls/dtls_record.h"

#define FRAGMENT_HEADER 12
#define MAX_MESSAGE (16384 - FRAGMENT_HEADER) /* what mbedTLS reassembles */

enum { SERVER_HELLO = 2, HELLO_VERIFY_REQUEST = 3, CERTIFICATE = 11, SERVER_HELLO_DONE = 14 };

static size_t read16(const uint8_t *at)
{
    return (size_t) at[0] << 8 | at[1];
}

static size_t read24(const uint8_t *at)
{
    return (size_t) at[0] << 16 | read16(at + 1);
}

bool cg_dtls_record_next(const uint8_t **data, size_t *size, cg_dtls_record *ret_record)
{
    const uint8_t *at = *data;
    if (*size <= CG_DTLS_RECORD_HEADER)
        return false;
    size_t body_size = read16(at + 11), record_size = CG_DTLS_RECORD_HEADER + body_size;
    if (body_size == 0 || record_size > *size || at[1] != 0xfe) /* the major version of DTLS 1.0 and 1.2 */
        return false;
    *ret_record = (cg_dtls_record){.data = at,
                                   .size = record_size,
                                   .type = at[0],
                                   .epoch = (uint16_t) read16(at + 3),
                                   .body = at + CG_DTLS_RECORD_HEADER,
                                   .body_size = body_size};
    *data += record_size;
    *size -= record_size;
    return true;
}

static bool is_server_message(uint8_t type)
{
    return type == SERVER_HELLO || type == HELLO_VERIFY_REQUEST || (type >= CERTIFICATE && type <= SERVER_HELLO_DONE);
}

bool cg_dtls_fragment_next(const uint8_t **body, size_t *size, cg_dtls_fragment *ret_fragment)
{
    const uint8_t *at = *body;
    if (*size < FRAGMENT_HEADER || !is_server_message(at[0]))
        return false;
    size_t length = read24(at + 1), offset = read24(at + 6), part = read24(at + 9);
    if (length > MAX_MESSAGE || offset > length || part > length - offset || part > *size - FRAGMENT_HEADER)
        return false;
    *ret_fragment = (cg_dtls_fragment){.data = at, .size = FRAGMENT_HEADER + part};
    *body += ret_fragment->size;
    *size -= ret_fragment->size;
    return true;
}
