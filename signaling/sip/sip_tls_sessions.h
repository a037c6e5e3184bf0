/* What Sofia leaves out of TLS: hosts are not told which name they are called by (SNI, RFC 6066 section 3), nobody
 * hears why one was not spoken with, what waits for such a one waits until it times out, sessions are never freed, and
 * a certificate is for ever. On the SIP thread. */
#pragma once

#include "signaling/tls_certificate.h"

typedef struct cg_sip_tls_sessions cg_sip_tls_sessions;

cg_sip_tls_sessions *cg_sip_tls_sessions_new(void);
void cg_sip_tls_sessions_free(cg_sip_tls_sessions *sessions);

/* What every later handshake shows, ours and theirs (taken). */
void cg_sip_tls_sessions_show(cg_sip_tls_sessions *sessions, cg_tls_certificate *certificate);

/* From now on this thread's sessions are cared for. NULL: no more. */
void cg_sip_tls_sessions_watch(cg_sip_tls_sessions *sessions);
