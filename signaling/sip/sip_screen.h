/* What comes in through the SIP port is looked at here before Sofia makes anything of it, as the last step of parsing
 * its headers: requests of strangers that belong to none of our calls go no further. They are counted, told of in the
 * log now and then, and not answered: over UDP the answer could go to somebody whose address was forged. On the SIP
 * thread. */
#pragma once

#include "signaling/sip/sip_internal.h"

#include <sofia-sip/msg_mclass.h>

/* Parses as `parser` does, which must outlive it, and looks. */
cg_sip_screen *cg_sip_screen_new(cg_sip *sip, const msg_mclass_t *parser);
void cg_sip_screen_free(cg_sip_screen *screen);

/* How messages are to be parsed (NTATAG_MCLASS); as long as the screen. */
const msg_mclass_t *cg_sip_screen_mclass(const cg_sip_screen *screen);

/* Requests with the Call-ID of one of our dialogs are let through, wherever they come from: the far end may be none
 * that the trunk names. They still are for some time after the dialog, as retransmissions may come. */
void cg_sip_screen_enter(cg_sip_screen *screen, const char *call_id, int64_t now_us);
void cg_sip_screen_leave(cg_sip_screen *screen, const char *call_id, int64_t now_us);
