/* The session timer of a dialog (RFC 4028). nua has timers of its own, and they are off: they would refresh by a
 * re-INVITE with a description of long ago, and know one Min-SE for all. It does not know of the option "timer": what
 * has to do with it passes nua unread, and is written and read here. */
#pragma once

#include "signaling/sip/session_timer.h"

#include <sofia-sip/sip.h>
#include <sofia-sip/su_wait.h>
#include <stdbool.h>

struct cg_sip_dialog;

/* A tag: nua must not take it for a Supported of its own, or its timers would run. */
#define CG_SIP_SUPPORTED_TIMER SIPTAG_UNKNOWN_STR("Supported: timer")

typedef struct {
    unsigned wanted_s;            /* an interval that we ask for; 0: none */
    unsigned min_s;               /* the largest Min-SE of a 422; 0: none */
    cg_session_terms asked;       /* what the peer's last request said */
    cg_session_timer timer;       /* what is settled */
    bool takes_update;            /* the peer does, by its Allow */
    bool refreshing;              /* an UPDATE of ours, or an offer that was asked for, is under way */
    bool authenticated;           /* it was challenged, and has answered */
    su_timer_t *refresh, *expiry; /* owned; NULL: none so far */
} cg_sip_session;

cg_session_terms cg_sip_session_read(const sip_t *message);

/* Of a request of ours: header lines; g_free; NULL: none. */
char *cg_sip_session_ask(const struct cg_sip_dialog *dialog);
/* A request of ours was answered 2xx: the timer runs, anew. */
void cg_sip_session_answered(struct cg_sip_dialog *dialog, const sip_t *response);
/* A 422 that another try may overcome: ask() asks for more now. Once in a call. */
bool cg_sip_session_raise(struct cg_sip_dialog *dialog, int status, const sip_t *response);

/* Of the peer's requests: keeps what one asks for. False: it is too short and was answered 422. */
bool cg_sip_session_take(struct cg_sip_dialog *dialog, const sip_t *request);
/* It is answered 2xx: the timer runs, anew. Header lines of the answer; g_free; NULL: none. */
char *cg_sip_session_accept(struct cg_sip_dialog *dialog);

/* A response to what we refresh with. */
void cg_sip_session_refreshed(struct cg_sip_dialog *dialog, int status, const sip_t *response);
void cg_sip_session_stop(struct cg_sip_dialog *dialog);
