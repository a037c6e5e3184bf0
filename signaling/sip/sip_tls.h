/* What Sofia's TLS transport reads its certificates from: a directory with agent.pem and cafile.pem. Ours leads to
 * memory, so that no second copy of the key comes onto a disk. */
#pragma once

#include "signaling/sip/sip.h"

typedef struct {
    char *directory; /* owned; NULL: there is none */
    int agent, ca;   /* descriptors; -1: none */
} cg_sip_tls;

/* False, and nothing is open, if a file cannot be read, or this machine's OpenSSL is set to take less than TLS 1.2. */
bool cg_sip_tls_open(cg_sip_tls *tls, const cg_sip_config *config);
void cg_sip_tls_close(cg_sip_tls *tls); /* once the stack has read it */
