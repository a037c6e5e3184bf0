/* Where a host's name leads to by SRV (RFC 3263). Sofia-SIP looks that up, keeps it until its time to live is over, and
 * goes on from a target that is silent to the next; here is what it leaves out: one that answers, but is not in order,
 * gives way, too (section 4.3). The certificate that is expected stays that of the name, whichever target has it. */
#pragma once

#include "signaling/sip/sip_internal.h"

typedef struct sres_cache cg_sip_names; /* what Sofia-SIP knows of names */

cg_sip_names *cg_sip_names_new(void);
void cg_sip_names_free(cg_sip_names *names); /* the stack has a reference of its own */

/* Such a 5xx came from a target of `host`, as in cg_sip_invite: it is put behind the others for a while, or for so long
 * as it wants to be left alone. True: the same host leads elsewhere now, where none of `*tried` is. It is among them
 * then, and stays there until they are freed with g_clear_pointer(tried, g_ptr_array_unref); NULL: none. */
bool cg_sip_targets_next(cg_sip *sip, const char *host, const sip_t *refusal, GPtrArray **tried);
