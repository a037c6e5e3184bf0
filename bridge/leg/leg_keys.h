/* The keys of a leg: those that its peer presses, in whichever form it says them (events, tones, requests of its
 * signalling), and those that are pressed for it, in the one form that it takes. Part of leg.h; leg_keys.c. */
#pragma once

#include "bridge/bridge.h"
#include "bridge/dtmf/dtmf_listen.h"
#include "bridge/dtmf/dtmf_match.h"
#include "bridge/dtmf/dtmf_receive.h"
#include "bridge/dtmf/dtmf_send.h"
#include "bridge/dtmf/dtmf_speak.h"
#include "bridge/rtp/rtp.h"
#include "bridge/worker/budget.h"

typedef struct cg_worker cg_worker;
typedef struct cg_leg cg_leg;

typedef struct {
    cg_keys_form form;
    cg_dtmf_receiver in;        /* of events */
    cg_dtmf_listener *listener; /* owned; of tones; NULL: nobody listens for them */
    cg_dtmf_match said;
    cg_budget budget;
    bool replaying; /* events from `replayed_timestamp` to the next key are not passed on: the partner has the key */
    uint32_t replayed_timestamp;
    cg_dtmf_sender out;
    cg_dtmf_speaker *speaker; /* owned; the peer hears keys as tones; NULL: as events, or not from us */
} cg_leg_keys;

void cg_leg_keys_update(cg_leg *leg); /* after its media or the form changed */
void cg_leg_keys_clear(cg_leg *leg);

/* An event of the peer's. */
void cg_leg_keys_receive_event(cg_worker *worker, cg_leg *leg, const cg_rtp_header *header, const uint8_t *data,
                               int64_t now_us);
/* Its packets are not passed on. */
bool cg_leg_keys_is_replayed(const cg_leg *leg, uint32_t timestamp);
/* A packet of its sound, where there is a listener; it `passes`, or is translated. */
void cg_leg_keys_hear_packet(cg_worker *worker, cg_leg *leg, const cg_rtp_header *header, uint32_t sequence,
                             const uint8_t *data, bool passes, int64_t now_us);
/* Speech that the leg's peer is sent: tones go on from there. */
static inline void cg_leg_keys_follow(const cg_leg_keys *keys, cg_codec codec, const uint8_t *payload, size_t size)
{
    if (keys->speaker != NULL)
        cg_dtmf_speaker_follow(keys->speaker, codec, payload, size);
}
/* What the peer says now is a key that the partner gets in another form: it is not to hear the tone as well. */
bool cg_leg_keys_is_muted(const cg_leg *leg);
/* Keys of the peer's, told by its signalling. */
void cg_leg_keys_take(cg_worker *worker, cg_leg *leg, const char *digits, int64_t now_us);

/* Keys for the peer. */
void cg_leg_keys_push(cg_worker *worker, cg_leg *leg, const char *digits, int64_t now_us);
void cg_leg_keys_send(cg_worker *worker, cg_leg *leg, int64_t now_us); /* what is due */
int64_t cg_leg_keys_due(const cg_leg *leg);
