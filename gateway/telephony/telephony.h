/* Telephony: the SIP side of the gateway. Takes calls to numbers and SIP addresses to the account's trunks, and calls
 * that come in over trunks to the clients they are for. */
#pragma once

#include "gateway/call/calls.h"
#include "gateway/telephony/routes.h"
#include "gateway/telephony/sip_leg.h"
#include "gateway/telephony/trunk_peers.h"
#include "gateway/telephony/trunk_stats.h"

struct cg_telephony {
    cg_sip *sip; /* owned; NULL: SIP is off */
    cg_calls *calls;
    const cg_directory *directory; /* replaced on reload */
    cg_routes *routes;             /* a reference; replaced on reload */
    bool draining;                 /* no new calls are taken */
    GHashTable *legs;              /* cg_sip_dialog_id * -> cg_sip_leg * */
    cg_trunk_stats stats;
    cg_trunk_peers peers;
};

/* Listens as `config` says, or not at all if it names no address. NULL and a message (free with g_free) if it cannot.
 */
cg_telephony *cg_telephony_new(const cg_sip_config *config, cg_mailbox *control, const cg_directory *directory,
                               cg_routes *routes, char **ret_error);
void cg_telephony_free(cg_telephony *telephony);  /* after the calls */
void cg_telephony_close(cg_telephony *telephony); /* before them: dialogs get a short time for their last words */

/* Another configuration is in force, for calls from now on. */
void cg_telephony_set_routes(cg_telephony *telephony, const cg_directory *directory, cg_routes *routes);

/* The certificate of TLS from now on (taken); NULL: as before. */
void cg_telephony_set_certificate(cg_telephony *telephony, cg_tls_certificate *certificate);

/* Destinations: "tel:<number>" and "sip:<user>@<host>". */
cg_call_end cg_telephony_dial_number(cg_call *call, const char *number, cg_telephony *telephony);
cg_call_end cg_telephony_dial_address(cg_call *call, const char *address, cg_telephony *telephony);

/* --- for INVITEs with Replaces --- */

/* A leg from an INVITE of the trunk's. NULL: it cannot be taken, and has been refused. */
cg_sip_leg *cg_telephony_take_caller(cg_telephony *telephony, const cg_incoming_route *route,
                                     const cg_sip_event *event);
/* What its call knows of it. */
cg_form *cg_telephony_parameters(const cg_sip_event *event, const char *called);
/* It is refused with `status`: counts and logs that. `trunk` may be NULL. */
void cg_telephony_note_refused(cg_telephony *telephony, const cg_sip_event *event, const cg_trunk *trunk,
                               const char *reason, unsigned status);

/* Why no call at the word of a trunk of the account is placed now; NONE: it may be. */
cg_call_end cg_telephony_refusal(const cg_telephony *telephony, const cg_sid *account);

/* A leg is told of its dialog's events while it is remembered; forgetting sets `leg->dialog` to 0. */
void cg_telephony_remember(cg_telephony *telephony, cg_sip_leg *leg);
void cg_telephony_forget(cg_telephony *telephony, cg_sip_leg *leg);
