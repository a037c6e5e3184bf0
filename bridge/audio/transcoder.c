/* The pump between jitter buffer and encoder. Sound waits in `pcm` until there is enough for a packet; every piece that
 * is put there comes from a frame of the jitter buffer, decoded, concealed or made up. */
#include "bridge/audio/transcoder.h"

#include "bridge/audio/comfort_noise.h"
#include "bridge/audio/resampler.h"
#include "bridge/audio/time_scale.h"

#include <glib.h>
#include <string.h>

enum {
    REST_US = 1000000,      /* without a packet; Opus' DTX sends one every 400 ms */
    STALL_US = 100000,      /* our own lateness, beyond which time is skipped instead of made up for */
    SHORTEN_US = 15000,     /* excess delay from which sound is shortened where it is not heard, ... */
    SHORTEN_NOW_US = 60000, /* ... and from which it is shortened anyway */
    LENGTHEN_US = 5000,
    LENGTHEN_NOW_US = 10000,
    PCM_ROOM = CG_PCM_MAX_RATE / 1000 * (CG_CODEC_PACKET_MAX_MS + 2 * CG_CODEC_MAX_MS),
};

typedef struct {
    cg_decoder *decoder;     /* NULL: this codec does not come in */
    cg_resampler *resampler; /* NULL: the rate is right */
} voice;

struct cg_transcoder {
    cg_transcoder_config config;
    uint32_t ssrc;
    uint32_t rate; /* Hz of the PCM that is encoded */
    size_t frame;  /* samples of a packet */
    cg_jitter_buffer buffer;
    voice voices[CG_CODEC_COUNT];
    const voice *speaking; /* of the last packet; NULL: none yet */
    cg_comfort_noise noise;
    bool noisy; /* the sender is silent and has said how its silence sounds */
    cg_encoder *encoder;
    cg_dtmf_listener *listener; /* not owned; NULL: none */
    int16_t pcm[PCM_ROOM];
    size_t count;         /* samples in it */
    uint32_t source_ssrc; /* of the packets that come in */
    int64_t due_us;       /* of the next step, while it does not rest */
    int64_t heard_us;     /* last packet with sound */
    bool resting;
    bool first;                   /* the next packet begins a talk spurt */
    uint32_t sequence, timestamp; /* of the next packet; the latter stands for `due_us` */
    uint8_t payload[CG_CODEC_MAX_PAYLOAD];
};

/* The rate of the codec that goes out; Opus takes the highest that comes in. */
static uint32_t choose_rate(const cg_transcoder_config *config)
{
    uint32_t rate = cg_codec_pcm_rate(config->to);
    if (rate != 0)
        return rate;
    for (cg_codec codec = 0; codec < CG_CODEC_COUNT; codec++)
        if (config->from[codec])
            rate = MAX(rate, cg_codec_pcm_rate(codec));
    return rate != 0 ? rate : CG_PCM_MAX_RATE;
}

static void make_voice(cg_transcoder *transcoder, cg_codec codec)
{
    voice *v = &transcoder->voices[codec];
    v->decoder = cg_decoder_new(codec, transcoder->rate);
    uint32_t rate = cg_decoder_rate(v->decoder);
    if (rate != transcoder->rate)
        v->resampler = cg_resampler_new(rate, transcoder->rate);
}

cg_transcoder *cg_transcoder_new(const cg_transcoder_config *config, uint32_t ssrc)
{
    cg_transcoder *transcoder = g_new0(cg_transcoder, 1);
    transcoder->config = *config;
    transcoder->ssrc = ssrc;
    transcoder->rate = choose_rate(config);
    transcoder->frame =
        transcoder->rate / 1000 * cg_codec_packet_ms(config->to, config->ptime_ms, config->max_ptime_ms);
    for (cg_codec codec = 0; codec < CG_CODEC_COUNT; codec++)
        if (config->from[codec])
            make_voice(transcoder, codec);
    transcoder->encoder = cg_encoder_new(config->to, transcoder->rate, &config->wishes);
    transcoder->sequence = 1 << 16; /* as cg_reception_count begins: there is room below */
    cg_transcoder_pause(transcoder);
    return transcoder;
}

void cg_transcoder_free(cg_transcoder *transcoder)
{
    if (transcoder == NULL)
        return;
    for (cg_codec codec = 0; codec < CG_CODEC_COUNT; codec++) {
        cg_decoder_free(transcoder->voices[codec].decoder);
        cg_resampler_free(transcoder->voices[codec].resampler);
    }
    cg_encoder_free(transcoder->encoder);
    g_free(transcoder);
}

const cg_transcoder_config *cg_transcoder_get_config(const cg_transcoder *transcoder)
{
    return &transcoder->config;
}

uint32_t cg_transcoder_ssrc(const cg_transcoder *transcoder)
{
    return transcoder->ssrc;
}

const cg_jitter_stats *cg_transcoder_jitter_stats(const cg_transcoder *transcoder)
{
    return &transcoder->buffer.stats;
}

void cg_transcoder_set_listener(cg_transcoder *transcoder, cg_dtmf_listener *listener)
{
    transcoder->listener = listener;
}

void cg_transcoder_pause(cg_transcoder *transcoder)
{
    cg_jitter_buffer_reset(&transcoder->buffer);
    transcoder->resting = true;
    transcoder->noisy = false;
    transcoder->count = 0;
}

int64_t cg_transcoder_due(const cg_transcoder *transcoder)
{
    return transcoder->resting ? INT64_MAX : transcoder->due_us;
}

/* Moves the next step without sending anything: the stream's time goes on by as much. */
static void move_due(cg_transcoder *transcoder, int64_t due_us)
{
    int64_t clock_rate = cg_codec_get_info(transcoder->config.to)->clock_rate;
    transcoder->timestamp += (uint32_t) ((due_us - transcoder->due_us) * clock_rate / 1000000);
    transcoder->due_us = due_us;
}

static int64_t in_us(const cg_transcoder *transcoder)
{
    return transcoder->buffer.step * 1000000 / transcoder->buffer.clock_rate;
}

static int64_t out_us(const cg_transcoder *transcoder)
{
    return (int64_t) transcoder->frame * 1000000 / transcoder->rate;
}

/* A packet that goes out takes sound of its whole length at once: the last of those that come in must be there by then,
 * which is so much before it would be heard, given what is `pending`. */
static int64_t lead_us(const cg_transcoder *transcoder, int64_t pending_us)
{
    return pending_us + (out_us(transcoder) - pending_us - 1) / in_us(transcoder) * in_us(transcoder);
}

static void wake(cg_transcoder *transcoder, int64_t now_us)
{
    int64_t wait_us = cg_jitter_buffer_target_us(&transcoder->buffer, now_us) + lead_us(transcoder, 0);
    move_due(transcoder, now_us + wait_us);
    transcoder->resting = false;
    transcoder->first = true;
}

void cg_transcoder_put(cg_transcoder *transcoder, const cg_transcoder_packet *packet, int64_t now_us)
{
    bool speech = cg_codec_get_info(packet->codec)->speech;
    cg_jitter_packet arrived = {
        .codec = packet->codec,
        .clock_rate = cg_codec_get_info(packet->codec)->clock_rate,
        .sequence = packet->sequence,
        .timestamp = packet->timestamp,
        .duration = speech ? cg_codec_duration(packet->codec, packet->payload, packet->size) : 0,
        .size = speech || packet->codec == CG_CODEC_CN ? packet->size : 0,
        .payload = packet->payload,
    };
    if (arrived.size > CG_CODEC_MAX_PAYLOAD || (speech && transcoder->voices[packet->codec].decoder == NULL))
        return;
    if (packet->ssrc != transcoder->source_ssrc)
        cg_jitter_buffer_reset(&transcoder->buffer);
    transcoder->source_ssrc = packet->ssrc;
    if (arrived.duration == 0 && arrived.size == 0 && !transcoder->buffer.running)
        return; /* an event does not wake anybody */
    cg_jitter_buffer_put(&transcoder->buffer, &arrived, now_us);
    transcoder->heard_us = now_us;
    if (transcoder->resting)
        wake(transcoder, now_us);
}

/* Room for one more frame, at the end of what waits. */
static int16_t *end_of_pcm(cg_transcoder *transcoder)
{
    g_assert(PCM_ROOM - transcoder->count >= CG_CODEC_MAX_SAMPLES);
    return transcoder->pcm + transcoder->count;
}

static size_t add_resampled(cg_transcoder *transcoder, const voice *v, const int16_t *pcm, size_t count)
{
    int16_t *end = end_of_pcm(transcoder);
    if (v->resampler != NULL)
        return cg_resampler_run(v->resampler, pcm, count, end, CG_CODEC_MAX_SAMPLES);
    memcpy(end, pcm, count * sizeof *pcm);
    return count;
}

static size_t add_noise(cg_transcoder *transcoder, const cg_jitter_frame *frame)
{
    size_t count = (size_t) frame->duration * transcoder->rate / transcoder->buffer.clock_rate;
    cg_comfort_noise_fill(&transcoder->noise, end_of_pcm(transcoder), count);
    return count;
}

static size_t add_concealment(cg_transcoder *transcoder, const cg_jitter_frame *frame)
{
    const voice *v = transcoder->speaking;
    int16_t pcm[CG_CODEC_MAX_SAMPLES] = {0};
    if (v == NULL || transcoder->noisy)
        return add_noise(transcoder, frame);
    size_t count = (size_t) frame->duration * cg_decoder_rate(v->decoder) / transcoder->buffer.clock_rate;
    const cg_jitter_slot *next = frame->packet;
    bool usable = next != NULL && next->duration > 0 && &transcoder->voices[next->codec] == v;
    cg_decoder_conceal(v->decoder, usable ? next->payload : NULL, usable ? next->size : 0, count, pcm);
    if (transcoder->listener != NULL) /* a key that has hardly begun is made a longer one by this */
        cg_dtmf_listener_watch(transcoder->listener, pcm, count, cg_decoder_rate(v->decoder));
    return add_resampled(transcoder, v, pcm, count);
}

static size_t add_packet(cg_transcoder *transcoder, const cg_jitter_frame *frame)
{
    const cg_jitter_slot *packet = frame->packet;
    int16_t pcm[CG_CODEC_MAX_SAMPLES];
    if (packet->codec == CG_CODEC_CN) {
        cg_comfort_noise_set(&transcoder->noise, packet->payload, packet->size);
        transcoder->noisy = true;
    }
    if (packet->duration == 0)
        return 0;
    voice *v = &transcoder->voices[packet->codec];
    transcoder->speaking = v;
    transcoder->noisy = false;
    size_t count = cg_decoder_decode(v->decoder, packet->payload, packet->size, pcm);
    if (count == 0) {
        cg_jitter_frame hole = {.kind = CG_JITTER_LOST, .duration = frame->duration};
        return add_concealment(transcoder, &hole);
    }
    if (transcoder->listener != NULL)
        cg_dtmf_listener_watch(transcoder->listener, pcm, count, cg_decoder_rate(v->decoder));
    return add_resampled(transcoder, v, pcm, count);
}

/* Brings the delay nearer to its target. */
static size_t scale(cg_transcoder *transcoder, size_t count, int64_t excess_us)
{
    int16_t *pcm = transcoder->pcm + transcoder->count;
    /* By so much the delay changes when a packet goes out by itself, or needs one more, as what is pending has grown.
     */
    int64_t step_us = MIN(in_us(transcoder), out_us(transcoder));
    if (excess_us > MAX(SHORTEN_US, step_us))
        return cg_time_scale_shorten(pcm, count, transcoder->rate, excess_us > SHORTEN_NOW_US);
    bool room = PCM_ROOM - transcoder->count >= count + count / 2;
    if (excess_us < -LENGTHEN_US && room)
        return cg_time_scale_lengthen(pcm, count, transcoder->rate, excess_us < -LENGTHEN_NOW_US);
    return count;
}

static void fill(cg_transcoder *transcoder)
{
    while (transcoder->count < transcoder->frame) {
        int64_t pending_us = (int64_t) transcoder->count * 1000000 / transcoder->rate;
        cg_jitter_frame frame = cg_jitter_buffer_take(&transcoder->buffer, transcoder->due_us,
                                                      pending_us - lead_us(transcoder, pending_us));
        if (frame.kind == CG_JITTER_PACKET)
            transcoder->count += scale(transcoder, add_packet(transcoder, &frame), frame.excess_us);
        else
            transcoder->count += add_concealment(transcoder, &frame);
    }
}

static size_t encode(cg_transcoder *transcoder)
{
    size_t size = cg_encoder_encode(transcoder->encoder, transcoder->pcm, transcoder->frame, transcoder->payload);
    transcoder->count -= transcoder->frame;
    memmove(transcoder->pcm, transcoder->pcm + transcoder->frame, transcoder->count * sizeof *transcoder->pcm);
    return size;
}

/* Nothing has come for so long that nothing more is expected; but who has said how its silence sounds may be silent for
 * as long as it likes (RFC 3389 section 4). */
static bool is_over(const cg_transcoder *transcoder)
{
    return !transcoder->buffer.running || (!transcoder->noisy && transcoder->due_us - transcoder->heard_us > REST_US);
}

bool cg_transcoder_step(cg_transcoder *transcoder, int64_t now_us, cg_transcoder_frame *ret_frame)
{
    if (transcoder->resting)
        return false;
    if (now_us - transcoder->due_us > STALL_US)
        move_due(transcoder, now_us);
    if (is_over(transcoder)) {
        cg_transcoder_pause(transcoder);
        return false;
    }
    fill(transcoder);
    *ret_frame = (cg_transcoder_frame){
        .timestamp = transcoder->timestamp,
        .first = transcoder->first,
        .size = encode(transcoder),
        .payload = transcoder->payload,
    };
    move_due(transcoder, transcoder->due_us + (int64_t) transcoder->frame * 1000000 / transcoder->rate);
    if (ret_frame->size == 0) {
        transcoder->first = true;
        return false;
    }
    ret_frame->sequence = transcoder->sequence++;
    transcoder->first = false;
    return true;
}
