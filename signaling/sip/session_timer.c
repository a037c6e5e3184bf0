/* The tables of RFC 4028, section 9 and section 7.2, as code. */
#include "signaling/sip/session_timer.h"

#include <glib.h>

#define MARGIN_MS 32000 /* before a session expires in which it is ended, at most: section 10 */

bool cg_session_timer_too_short(const cg_session_terms *asked, unsigned min_s)
{
    return asked->supported && asked->expires_s != 0 && asked->expires_s < min_s;
}

/* Ours where the peer cannot, or says so. Who asks for a timer and does not say is taken to refresh. */
static bool refreshed_by_us(const cg_session_terms *asked)
{
    if (!asked->supported || asked->refresher == CG_SESSION_REFRESHER_UAS)
        return true;
    return asked->refresher == CG_SESSION_REFRESHER_NONE && asked->expires_s == 0;
}

cg_session_timer cg_session_timer_accept(const cg_session_terms *asked, unsigned wanted_s, unsigned min_s)
{
    unsigned floor_s = MAX(min_s, asked->min_s);
    unsigned wanted = wanted_s != 0 ? MAX(wanted_s, floor_s) : 0;
    /* A proxy's, for a peer without timers: it can be left out, and must not be made longer. */
    unsigned interval = asked->expires_s < min_s ? 0 : asked->expires_s;
    if (interval == 0 && asked->expires_s == 0)
        interval = wanted;
    else if (wanted != 0)
        interval = MIN(interval, wanted);
    return (cg_session_timer){interval, interval != 0 && refreshed_by_us(asked), interval != 0 && asked->supported};
}

cg_session_timer cg_session_timer_conclude(const cg_session_terms *answered, unsigned asked_s, unsigned min_s)
{
    if (answered->expires_s == 0)
        return (cg_session_timer){asked_s, asked_s != 0, false};
    return (cg_session_timer){MAX(answered->expires_s, min_s), answered->refresher != CG_SESSION_REFRESHER_UAS, true};
}

unsigned cg_session_timer_refresh_ms(const cg_session_timer *timer)
{
    return timer->interval_s * 500;
}

unsigned cg_session_timer_expiry_ms(const cg_session_timer *timer)
{
    unsigned interval_ms = timer->interval_s * 1000;
    return interval_ms - MIN(MARGIN_MS, interval_ms / 3);
}

char *cg_session_timer_write(const cg_session_timer *timer, bool in_request)
{
    return g_strdup_printf("%u;refresher=%s", timer->interval_s, timer->ours == in_request ? "uac" : "uas");
}
