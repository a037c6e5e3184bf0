/* SRTP and SRTCP of one leg on libsrtp2, whose cipher and authentication primitives are replaced by faster ones
 *. One owner thread per session. */
#pragma once

#include "bridge/dtls/dtls_pool.h"

#include <stddef.h>
#include <stdint.h>

#define CG_SRTP_MAX_TRAILER 32 /* bytes that protect may add: tag, SRTCP index */

typedef struct cg_srtp_session cg_srtp_session;

typedef enum {
    CG_SRTP_OK,
    CG_SRTP_UNAUTHENTICATED,
    CG_SRTP_REPLAYED,
    CG_SRTP_MALFORMED, /* anything else: too short, broken header */
} cg_srtp_status;

/* Before the first session: initialises libsrtp and installs the primitives (libsrtp runs its self-tests on them). Does
 * so once per process; says every time whether it worked. */
bool cg_srtp_global_init(void);

/* NULL if libsrtp refuses the keys. Any remote SSRC is accepted; ours may be any too. */
cg_srtp_session *cg_srtp_session_new(const cg_srtp_keys *keys);

/* Other keys were agreed on (RFC 4568 section 7.1.4). A direction whose key and profile are as `before` goes on with
 * its packet indices; another begins anew, and packets under the old key are taken until one comes under the new.
 * False, and nothing changed, if libsrtp refuses the keys. */
bool cg_srtp_session_rekey(cg_srtp_session *session, const cg_srtp_keys *before, const cg_srtp_keys *after);

/* Asks the memory for what the next packet will need. */
void cg_srtp_session_prefetch(const cg_srtp_session *session);
void cg_srtp_session_free(cg_srtp_session *session);

/* In place. `*size` is the datagram's size in, the result's out. Protecting needs CG_SRTP_MAX_TRAILER bytes of room
 * behind. */
cg_srtp_status cg_srtp_unprotect_rtp(cg_srtp_session *session, uint8_t *data, size_t *size);
cg_srtp_status cg_srtp_unprotect_rtcp(cg_srtp_session *session, uint8_t *data, size_t *size);
cg_srtp_status cg_srtp_protect_rtp(cg_srtp_session *session, uint8_t *data, size_t *size);
cg_srtp_status cg_srtp_protect_rtcp(cg_srtp_session *session, uint8_t *data, size_t *size);
