/* Session timers (RFC 4028): how long a session may go without being refreshed, and who refreshes it, as two parties
 * settle it by the headers of a request and its response. Knows no message, no clock and no network. */
#pragma once

#include <stdbool.h>

#define CG_SESSION_TIMER_MIN_S 90 /* what a Min-SE that is not there says (RFC 4028 section 5) */

typedef enum {
    CG_SESSION_REFRESHER_NONE, /* not said */
    CG_SESSION_REFRESHER_UAC,  /* who made the request */
    CG_SESSION_REFRESHER_UAS,
} cg_session_refresher;

/* What a message of the peer says. */
typedef struct {
    bool supported;     /* Supported: timer */
    unsigned expires_s; /* Session-Expires; 0: none */
    unsigned min_s;     /* Min-SE; 0: none */
    cg_session_refresher refresher;
} cg_session_terms;

/* What is settled. */
typedef struct {
    unsigned interval_s; /* 0: the session does not expire */
    bool ours;           /* we refresh */
    bool agreed;         /* the peer counts, too: the session is over when it has not been refreshed in time */
} cg_session_timer;

/* Whether a request is to be refused with 422: section 9, which spares those that could not do anything about it. */
bool cg_session_timer_too_short(const cg_session_terms *asked, unsigned min_s);

/* What a response of ours says to a request that `asked` (section 9). `wanted_s`: an interval of our own, 0 for none. A
 * peer without session timers is refreshed by us. */
cg_session_timer cg_session_timer_accept(const cg_session_terms *asked, unsigned wanted_s, unsigned min_s);

/* What a response to a request of ours means (section 7.2), in which we had asked for `asked_s`. */
cg_session_timer cg_session_timer_conclude(const cg_session_terms *answered, unsigned asked_s, unsigned min_s);

/* When we refresh (half of the interval), and when a session that was not refreshed is over (section 10). */
unsigned cg_session_timer_refresh_ms(const cg_session_timer *timer);
unsigned cg_session_timer_expiry_ms(const cg_session_timer *timer);

/* The value of Session-Expires in a request or response of ours; g_free. */
char *cg_session_timer_write(const cg_session_timer *timer, bool in_request);
