/* Packets are put into their order; the detector gets what they hold, and hears of those that never came. */
#include "bridge/dtmf/dtmf_listen.h"

#include "bridge/audio/codec.h"
#include "bridge/audio/resampler.h"
#include "bridge/dtmf/dtmf_detect.h"

#include <glib.h>
#include <spandsp.h>
#include <string.h>

/* A packet that came before one that was said earlier. */
typedef struct {
    bool used;
    cg_codec codec;
    uint16_t size;
    uint8_t payload[CG_CODEC_MAX_PAYLOAD];
} waiting_packet;

/* Sound of any rate and who listens to it. */
typedef struct {
    cg_dtmf_detector *detector; /* owned */
    cg_resampler *halver;       /* owned; from 16000 Hz */
} ear;

struct cg_dtmf_listener {
    ear keys;  /* what is found here are the keys */
    ear alarm; /* of what is passed on, when it is: it must be judged at once, while an earlier packet is waited for */
    bool alarmed; /* it has had the last sound */
    uint32_t alarm_sequence;
    cg_decoder *decoders[CG_CODEC_COUNT]; /* owned; NULL: not expected, or none is needed */
    cg_codec codec;                       /* of the last packet, of which ... */
    size_t count;                         /* ... so many samples came */
    bool started;
    uint32_t sequence;                        /* extended, of the last packet that was listened to, or left out */
    waiting_packet waiting[CG_DTMF_PATIENCE]; /* by sequence number modulo their count */
};

static ear make_ear(void)
{
    return (ear){.detector = cg_dtmf_detector_new(), .halver = cg_resampler_new(CG_PCM_MAX_RATE, CG_DTMF_RATE)};
}

static void free_ear(ear *e)
{
    cg_dtmf_detector_free(e->detector);
    cg_resampler_free(e->halver);
}

cg_dtmf_listener *cg_dtmf_listener_new(void)
{
    cg_dtmf_listener *listener = g_new0(cg_dtmf_listener, 1);
    listener->keys = make_ear();
    listener->alarm = make_ear();
    return listener;
}

void cg_dtmf_listener_free(cg_dtmf_listener *listener)
{
    if (listener == NULL)
        return;
    free_ear(&listener->keys);
    free_ear(&listener->alarm);
    for (cg_codec codec = 0; codec < CG_CODEC_COUNT; codec++)
        cg_decoder_free(listener->decoders[codec]);
    g_free(listener);
}

/* Adds to `digits` what is heard. */
static void hear(ear *e, const int16_t *pcm, size_t count, uint32_t rate, char digits[static CG_DTMF_HEARD + 1])
{
    int16_t half[CG_CODEC_MAX_SAMPLES];
    size_t before = strlen(digits);
    g_assert(count <= CG_CODEC_MAX_SAMPLES && (rate == CG_DTMF_RATE || rate == CG_PCM_MAX_RATE));
    if (rate != CG_DTMF_RATE) {
        count = cg_resampler_run(e->halver, pcm, count, half, G_N_ELEMENTS(half));
        pcm = half;
    }
    size_t found = cg_dtmf_detector_hear(e->detector, pcm, count, digits + before, CG_DTMF_HEARD - before);
    digits[before + found] = '\0';
}

static void miss(ear *e, bool blurs, char digits[static CG_DTMF_HEARD + 1])
{
    size_t before = strlen(digits);
    size_t found = cg_dtmf_detector_miss(e->detector, blurs, digits + before, CG_DTMF_HEARD - before);
    digits[before + found] = '\0';
}

void cg_dtmf_listen(cg_dtmf_listener *listener, const int16_t *pcm, size_t count, uint32_t rate,
                    char ret_digits[static CG_DTMF_HEARD + 1])
{
    ret_digits[0] = '\0';
    hear(&listener->keys, pcm, count, rate, ret_digits);
}

static bool is_g711(cg_codec codec)
{
    return codec == CG_CODEC_PCMU || codec == CG_CODEC_PCMA;
}

void cg_dtmf_listener_expect(cg_dtmf_listener *listener, cg_codec codec)
{
    if (!is_g711(codec) && listener->decoders[codec] == NULL)
        listener->decoders[codec] = cg_decoder_new(codec, CG_DTMF_RATE);
}

/* Nothing is known of the sound round it: no concealment. */
static size_t decode_g711(cg_codec codec, const uint8_t *payload, size_t size,
                          int16_t ret_pcm[static CG_CODEC_MAX_SAMPLES])
{
    size_t count = MIN(size, CG_CODEC_MAX_SAMPLES);
    for (size_t i = 0; i < count; i++)
        ret_pcm[i] = codec == CG_CODEC_PCMA ? alaw_to_linear(payload[i]) : ulaw_to_linear(payload[i]);
    return count;
}

static void hear_packet(cg_dtmf_listener *listener, cg_codec codec, const uint8_t *payload, size_t size,
                        char digits[static CG_DTMF_HEARD + 1])
{
    int16_t pcm[CG_CODEC_MAX_SAMPLES];
    cg_decoder *decoder = listener->decoders[codec];
    listener->codec = codec;
    listener->count =
        decoder != NULL ? cg_decoder_decode(decoder, payload, size, pcm) : decode_g711(codec, payload, size, pcm);
    hear(&listener->keys, pcm, listener->count, decoder != NULL ? cg_decoder_rate(decoder) : CG_DTMF_RATE, digits);
}

/* A decoder with a state has to go on, or what follows the loss is heard wrong. */
static void miss_packet(cg_dtmf_listener *listener, char digits[static CG_DTMF_HEARD + 1])
{
    const waiting_packet *next = &listener->waiting[(listener->sequence + 1) % CG_DTMF_PATIENCE];
    cg_decoder *decoder = listener->decoders[listener->codec];
    int16_t pcm[CG_CODEC_MAX_SAMPLES];
    bool usable = next->used && next->codec == listener->codec;
    if (decoder != NULL)
        cg_decoder_conceal(decoder, usable ? next->payload : NULL, usable ? next->size : 0, listener->count, pcm);
    miss(&listener->keys, decoder != NULL, digits);
}

/* The packet behind the last one, if it is there; else it is left out. */
static void take_next(cg_dtmf_listener *listener, char digits[static CG_DTMF_HEARD + 1])
{
    waiting_packet *next = &listener->waiting[++listener->sequence % CG_DTMF_PATIENCE];
    if (next->used)
        hear_packet(listener, next->codec, next->payload, next->size, digits);
    else
        miss_packet(listener, digits);
    next->used = false;
}

/* Room for a packet so far ahead: nobody waits for those any more that are before all that wait. */
static void make_room(cg_dtmf_listener *listener, uint32_t sequence, char digits[static CG_DTMF_HEARD + 1])
{
    for (unsigned i = 0; i < CG_DTMF_PATIENCE && sequence - listener->sequence > CG_DTMF_PATIENCE; i++)
        take_next(listener, digits);
    if (sequence - listener->sequence > CG_DTMF_PATIENCE)
        listener->sequence = sequence - 1;
}

static void wait_with(cg_dtmf_listener *listener, cg_codec codec, uint32_t sequence, const uint8_t *payload,
                      size_t size)
{
    waiting_packet *place = &listener->waiting[sequence % CG_DTMF_PATIENCE];
    *place = (waiting_packet){.used = true, .codec = codec, .size = (uint16_t) size};
    memcpy(place->payload, payload, size);
}

static bool is_sound(const cg_dtmf_listener *listener, cg_codec codec, const uint8_t *payload, size_t size)
{
    return (is_g711(codec) || listener->decoders[codec] != NULL) && cg_codec_duration(codec, payload, size) > 0;
}

void cg_dtmf_listen_packet(cg_dtmf_listener *listener, cg_codec codec, uint32_t sequence, const uint8_t *payload,
                           size_t size, char ret_digits[static CG_DTMF_HEARD + 1])
{
    ret_digits[0] = '\0';
    if (!is_sound(listener, codec, payload, size))
        return;
    if (!listener->started)
        listener->sequence = sequence - 1;
    listener->started = true;
    if ((int32_t) (sequence - listener->sequence) <= 0)
        return;
    make_room(listener, sequence, ret_digits);
    wait_with(listener, codec, sequence, payload, size);
    while (listener->waiting[(listener->sequence + 1) % CG_DTMF_PATIENCE].used)
        take_next(listener, ret_digits);
}

void cg_dtmf_listener_watch(cg_dtmf_listener *listener, const int16_t *pcm, size_t count, uint32_t rate)
{
    char unused[CG_DTMF_HEARD + 1] = "";
    listener->alarmed = true;
    hear(&listener->alarm, pcm, count, rate, unused);
}

void cg_dtmf_listener_watch_packet(cg_dtmf_listener *listener, cg_codec codec, uint32_t sequence,
                                   const uint8_t *payload, size_t size)
{
    int16_t pcm[CG_CODEC_MAX_SAMPLES];
    char unused[CG_DTMF_HEARD + 1] = "";
    listener->alarmed = is_g711(codec);
    if (!listener->alarmed)
        return;
    if (sequence != listener->alarm_sequence + 1)
        miss(&listener->alarm, false, unused);
    listener->alarm_sequence = sequence;
    hear(&listener->alarm, pcm, decode_g711(codec, payload, size, pcm), CG_DTMF_RATE, unused);
}

void cg_dtmf_listener_restart(cg_dtmf_listener *listener)
{
    listener->started = false;
    for (unsigned i = 0; i < CG_DTMF_PATIENCE; i++)
        listener->waiting[i].used = false;
}

bool cg_dtmf_listener_hears(const cg_dtmf_listener *listener)
{
    return cg_dtmf_detector_hears(listener->alarmed ? listener->alarm.detector : listener->keys.detector);
}
