/* Each key is taken once, told to the control thread, and given to the partner: by letting the event pass, or the
 * tone, where the partner takes that form, or as a key of our own making. */
#include "bridge/leg/leg.h"

#include "bridge/rtp/red.h"
#include "bridge/worker/worker.h"

#include <string.h>

/* Told to the control thread: no hand and no dialler is faster. */
static const cg_budget_limit limit = {.burst = 32, .earning_us = 50000};

static bool takes_events(const cg_leg *leg)
{
    return leg->media.events != CG_CODEC_COUNT && leg->keys.form != CG_KEYS_SIGNALLED;
}

static bool takes_tones(const cg_leg *leg)
{
    return leg->keys.form == CG_KEYS_AUTO && leg->described && leg->media.events == CG_CODEC_COUNT &&
           leg->media.speech != CG_CODEC_COUNT;
}

static void update_speaker(cg_leg_keys *keys, bool wanted, cg_codec codec)
{
    if (keys->speaker != NULL && (!wanted || cg_dtmf_speaker_codec(keys->speaker) != codec))
        g_clear_pointer(&keys->speaker, cg_dtmf_speaker_free);
    if (wanted && keys->speaker == NULL)
        keys->speaker = cg_dtmf_speaker_new(codec);
}

void cg_leg_keys_update(cg_leg *leg)
{
    bool tones = takes_tones(leg);
    update_speaker(&leg->keys, tones, leg->media.speech);
    if (!tones)
        g_clear_pointer(&leg->keys.listener, cg_dtmf_listener_free);
    else if (leg->keys.listener == NULL)
        leg->keys.listener = cg_dtmf_listener_new();
    for (unsigned i = 0; tones && i < leg->media.preference_count; i++)
        cg_dtmf_listener_expect(leg->keys.listener, leg->media.preferences[i]);
    if (leg->transcoder != NULL)
        cg_transcoder_set_listener(leg->transcoder, leg->keys.listener);
}

void cg_leg_keys_clear(cg_leg *leg)
{
    g_clear_pointer(&leg->keys.speaker, cg_dtmf_speaker_free);
    g_clear_pointer(&leg->keys.listener, cg_dtmf_listener_free);
}

/* --- pressed by the peer --- */

/* True if the key is to be given to the partner. */
static bool take(cg_worker *worker, cg_leg *leg, cg_key_form form, char digit, int64_t now_us)
{
    if (!cg_dtmf_is_new(&leg->keys.said, form, digit, now_us))
        return false;
    cg_leg_event told = {.kind = CG_LEG_EVENT_DIGIT, .leg = leg->id, .digit = digit};
    cg_events_post(worker->config.events, &told);
    return true;
}

static bool can_give(const cg_leg *leg)
{
    const cg_leg *to = leg->partner;
    return to != NULL && cg_leg_may_flow(leg, to) && (takes_events(to) || to->keys.speaker != NULL);
}

static void give(cg_worker *worker, cg_leg *leg, char digit, int64_t now_us)
{
    cg_leg_keys_push(worker, leg->partner, (char[]){digit, '\0'}, now_us);
}

static void hold_back(cg_leg *leg, uint32_t timestamp)
{
    leg->keys.replaying = true;
    leg->keys.replayed_timestamp = timestamp;
}

/* The partner hears a key as a new one of our making where it cannot hear this event: it takes events at another clock
 * only, or tones, a key of ours is sounding there, or the stream around it is translated and keeps a time of its own.
 */
static void replay_if_needed(cg_worker *worker, cg_leg *leg, const cg_rtp_header *header, char digit, int64_t now_us)
{
    const cg_leg *to = leg->partner;
    if (to != NULL && to->keys.form == CG_KEYS_SIGNALLED)
        hold_back(leg, header->timestamp);
    if (to == NULL || to->state != CG_LEG_CONNECTED || !can_give(leg))
        return;
    bool passes = leg->transcoder == NULL && leg->to_partner.payload_type[header->payload_type] != CG_RED_DROP;
    if (passes && cg_dtmf_sender_due(&to->keys.out) == INT64_MAX)
        return;
    hold_back(leg, header->timestamp);
    give(worker, leg, digit, now_us);
}

void cg_leg_keys_receive_event(cg_worker *worker, cg_leg *leg, const cg_rtp_header *header, const uint8_t *data,
                               int64_t now_us)
{
    cg_dtmf_event event;
    if (!cg_dtmf_event_read(data + header->payload_offset, header->payload_size, &event))
        return;
    char digit = cg_dtmf_receive(&leg->keys.in, header->timestamp, &event, now_us);
    if (digit == '\0' || !cg_budget_take(&leg->keys.budget, &limit, now_us))
        return;
    leg->keys.replaying = false;
    if (take(worker, leg, CG_KEY_EVENT, digit, now_us))
        replay_if_needed(worker, leg, header, digit, now_us);
    else
        hold_back(leg, header->timestamp);
}

bool cg_leg_keys_is_replayed(const cg_leg *leg, uint32_t timestamp)
{
    return leg->keys.replaying && (int32_t) (timestamp - leg->keys.replayed_timestamp) >= 0;
}

/* A partner that takes tones hears them: the sound itself passes on, or is translated. */
static void take_heard(cg_worker *worker, cg_leg *leg, const char *digits, int64_t now_us)
{
    for (; *digits != '\0'; digits++) {
        if (!cg_budget_take(&leg->keys.budget, &limit, now_us))
            return;
        bool fresh = take(worker, leg, CG_KEY_TONE, *digits, now_us);
        if (fresh && can_give(leg) && leg->partner->keys.speaker == NULL)
            give(worker, leg, *digits, now_us);
    }
}

void cg_leg_keys_hear_packet(cg_worker *worker, cg_leg *leg, const cg_rtp_header *header, uint32_t sequence,
                             const uint8_t *data, bool passes, int64_t now_us)
{
    cg_codec codec = leg->media.codec_of[header->payload_type];
    const uint8_t *payload = data + header->payload_offset;
    char digits[CG_DTMF_HEARD + 1];
    if (!cg_codec_get_info(codec)->speech)
        return;
    if (passes)
        cg_dtmf_listener_watch_packet(leg->keys.listener, codec, sequence, payload, header->payload_size);
    cg_dtmf_listen_packet(leg->keys.listener, codec, sequence, payload, header->payload_size, digits);
    take_heard(worker, leg, digits, now_us);
}

bool cg_leg_keys_is_muted(const cg_leg *leg)
{
    return leg->keys.listener != NULL && cg_dtmf_listener_hears(leg->keys.listener) &&
           leg->partner->keys.speaker == NULL;
}

void cg_leg_keys_take(cg_worker *worker, cg_leg *leg, const char *digits, int64_t now_us)
{
    uint8_t code;
    for (; *digits != '\0'; digits++) {
        if (!cg_dtmf_code(*digits, &code) || !cg_budget_take(&leg->keys.budget, &limit, now_us))
            continue;
        if (take(worker, leg, CG_KEY_SIGNALLED, cg_dtmf_digit(code), now_us) && can_give(leg))
            give(worker, leg, *digits, now_us);
    }
}

/* --- pressed for the peer --- */

static bool may_send(const cg_leg *leg)
{
    return leg->state == CG_LEG_CONNECTED && leg->media.may_send && (takes_events(leg) || leg->keys.speaker != NULL);
}

void cg_leg_keys_push(cg_worker *worker, cg_leg *leg, const char *digits, int64_t now_us)
{
    if (leg->keys.form == CG_KEYS_SIGNALLED)
        return;
    /* One that takes neither: they would wait for ever. */
    bool deaf = leg->described && !takes_events(leg) && leg->keys.speaker == NULL;
    unsigned dropped = deaf ? cg_dtmf_count(digits) : cg_dtmf_sender_push(&leg->keys.out, digits, now_us);
    if (dropped > 0) {
        leg->stats.digits_dropped += dropped;
        cg_drop_digits(&worker->drops, leg->id, dropped, now_us);
    }
    cg_worker_schedule(worker, leg);
}

static void send_event(cg_worker *worker, cg_leg *leg, const cg_dtmf_packet *packet, int64_t now_us)
{
    const cg_path *path = cg_leg_path_out(leg);
    if (path == NULL)
        return;
    cg_rtp_header header = {
        .marker = packet->first,
        .payload_type = leg->media.payload_type_of[leg->media.events],
        .ssrc = leg->stream.ssrc,
    };
    header.sequence = packet->first ? cg_rtp_rewriter_insert(&leg->stream, now_us).sequence
                                    : cg_rtp_rewriter_insert_again(&leg->stream);
    header.timestamp = leg->stream.timestamp;
    uint8_t *data = cg_worker_buffer(worker, path);
    cg_rtp_write(data, &header);
    cg_dtmf_event_write(data + CG_RTP_HEADER_SIZE, &packet->event);
    cg_leg_send_rtp(worker, leg, data, CG_RTP_HEADER_SIZE + CG_DTMF_EVENT_SIZE, CG_DTMF_EVENT_SIZE);
}

/* Where an event's last packet is repeated, a tone is followed by silence: it is heard as ended whatever comes next. */
static void send_tone(cg_worker *worker, cg_leg *leg, const cg_dtmf_packet *packet, int64_t now_us)
{
    uint8_t payload[CG_CODEC_MAX_PAYLOAD];
    char digit = packet->repeated ? '\0' : cg_dtmf_digit(packet->event.code);
    if (packet->first)
        cg_leg_begin_own(leg);
    size_t size = cg_dtmf_speak(leg->keys.speaker, digit, payload);
    cg_leg_send_own(worker, leg, cg_dtmf_speaker_codec(leg->keys.speaker), payload, size, now_us);
}

void cg_leg_keys_send(cg_worker *worker, cg_leg *leg, int64_t now_us)
{
    cg_dtmf_packet packet;
    if (!may_send(leg))
        return;
    bool events = takes_events(leg);
    uint32_t clock_rate = cg_codec_get_info(events ? leg->media.events : leg->media.speech)->clock_rate;
    if (!cg_dtmf_sender_step(&leg->keys.out, clock_rate, now_us, &packet))
        return;
    if (events)
        send_event(worker, leg, &packet, now_us);
    else
        send_tone(worker, leg, &packet, now_us);
}

int64_t cg_leg_keys_due(const cg_leg *leg)
{
    return may_send(leg) ? cg_dtmf_sender_due(&leg->keys.out) : INT64_MAX;
}
