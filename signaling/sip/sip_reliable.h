/* Provisional responses that are acknowledged (RFC 3262). nua sends them where an INVITE requires it, holds the 200
 * back until the last is acknowledged, and acknowledges those of others; what that means for offers and answers is
 * here. */
#pragma once

#include <sofia-sip/sip.h>
#include <stdbool.h>

struct cg_sip_dialog;

/* What requests of ours say. "100rel" is not among it unless a peer insists: nua then hangs up on the branch of a
 * forked call that answers, if another one has rung reliably. */
#define CG_SIP_SUPPORTED "replaces, norefersub"

typedef struct {
    bool required;      /* the peer's INVITE requires them, or it wants ours to say that we can */
    bool awaited;       /* a PRACK that our 180 waits for; our 200 waits along */
    bool authenticated; /* a PRACK was challenged, and has answered */
    char *tag, *sdp; /* owned; of the early dialog that has answered our offer for good, and that answer; NULL: none */
} cg_sip_reliable;

/* The peer's INVITE. */
void cg_sip_reliable_take(struct cg_sip_dialog *dialog, const sip_t *invite);
/* Whether it may hear that it rings: a first reliable response would have to have the offer that the INVITE has not
 * (RFC 3261 section 13.2.1), and nobody has said yet what that may be. */
bool cg_sip_reliable_may_ring(const struct cg_sip_dialog *dialog);

/* Ours was refused (421) for not saying that we can: it says so now. Once in a call. */
bool cg_sip_reliable_insist(struct cg_sip_dialog *dialog, int status, const sip_t *response);
/* A provisional response with that body. */
void cg_sip_reliable_note(struct cg_sip_dialog *dialog, const sip_t *response, const char *sdp);
/* The answer that the final response has or had, g_free; NULL: the early dialog's is still good. */
char *cg_sip_reliable_answer(struct cg_sip_dialog *dialog, const sip_t *response);
/* An offer has been answered since in the early dialog: the answer from before is none any more. */
void cg_sip_reliable_supersede(struct cg_sip_dialog *dialog);
void cg_sip_reliable_clear(struct cg_sip_dialog *dialog);
