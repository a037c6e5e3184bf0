/* UPDATE (RFC 3311): the peer's, with an offer or as a mere refresh, and ours, which are refreshes only. */
#pragma once

#include <sofia-sip/sip.h>
#include <stdbool.h>

struct cg_sip_dialog;

/* Of a request within a call: what it carries cannot be read, and it was answered so. */
bool cg_sip_dialog_refuse_body(struct cg_sip_dialog *dialog, const sip_t *message);

/* The peer's. */
void cg_sip_dialog_on_update(struct cg_sip_dialog *dialog, const sip_t *message);
void cg_sip_dialog_say_later(struct cg_sip_dialog *dialog); /* 500 with Retry-After, to the request that is told of */
/* Says that to an UPDATE that waits for it, with our description or without; false: none does. */
bool cg_sip_dialog_answer_update(struct cg_sip_dialog *dialog, const char *sdp);
bool cg_sip_dialog_reject_update(struct cg_sip_dialog *dialog, unsigned status, const char *warning);
void cg_sip_dialog_forget_update(struct cg_sip_dialog *dialog);

/* Ours. */
void cg_sip_dialog_send_update(struct cg_sip_dialog *dialog);
void cg_sip_dialog_on_update_response(struct cg_sip_dialog *dialog, int status, const sip_t *message);
