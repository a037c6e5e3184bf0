/* What the control thread asks of a worker, as mails. Each copies its arguments; one for a leg that is gone does
 * nothing. */
#pragma once

#include "bridge/worker/worker.h"

void cg_worker_post_open(cg_worker *worker, cg_leg_id leg, cg_leg_role role, const cg_ice_credentials *local,
                         uint32_t ssrc);
void cg_worker_post_candidate(cg_worker *worker, cg_leg_id leg, const cg_candidate *candidate);
void cg_worker_post_open_rtp(cg_worker *worker, cg_leg_id leg, const int fds[static CG_RTP_PORT_COUNT],
                             uint32_t ssrc); /* takes the descriptors */
void cg_worker_post_describe(cg_worker *worker, cg_leg_id leg, const cg_media_description *local,
                             const cg_media_description *remote);
void cg_worker_post_restart(cg_worker *worker, cg_leg_id leg, const cg_ice_credentials *local);
void cg_worker_post_link(cg_worker *worker, cg_leg_id a, cg_leg_id b); /* one of them may be 0 */
void cg_worker_post_flow(cg_worker *worker, cg_leg_id leg, bool from_leg, bool to_leg);
void cg_worker_post_play(cg_worker *worker, cg_leg_id leg, cg_music *music); /* takes a reference; or NULL */
void cg_worker_post_digits(cg_worker *worker, cg_leg_id leg, const char *digits);
void cg_worker_post_ringing(cg_worker *worker, cg_leg_id leg, bool ringing);
void cg_worker_post_take_keys(cg_worker *worker, cg_leg_id leg, const char *digits);
void cg_worker_post_keys(cg_worker *worker, cg_leg_id leg, cg_keys_form form);
void cg_worker_post_stats(cg_worker *worker, cg_leg_id leg);
void cg_worker_post_close(cg_worker *worker, cg_leg_id leg);

/* Events of the handshake pool, with the worker as owner. */
void cg_worker_dtls_event(const cg_dtls_event *event, void *owner);
