/* spandsp looks at blocks of 102 samples and takes two alike for a key, or for its end. Where a packet is left out the
 * phase of a tone jumps: the block there is begun anew. */
#include "bridge/dtmf_listen.h"

#include "bridge/codec.h"
#include "bridge/resampler.h"

#include <glib.h>
#include <spandsp.h>
#include <string.h>

#define RATE 8000 /* spandsp's; no tone is above 1633 Hz */

/* A packet that came before one that was said earlier. */
typedef struct {
    bool used;
    cg_codec codec;
    uint16_t size;
    uint8_t payload[CG_CODEC_MAX_PAYLOAD];
} waiting_packet;

struct cg_dtmf_listener {
    dtmf_rx_state_t *detector; /* owned; what it finds are the keys */
    /* Packets of G.711 as they come: what is passed on must be judged at once, while an earlier packet is waited for.
     */
    dtmf_rx_state_t *alarm; /* owned */
    bool alarmed;           /* it has had the last sound */
    uint32_t alarm_sequence;
    cg_resampler *halver;                 /* owned; from 16000 Hz */
    cg_decoder *decoders[CG_CODEC_COUNT]; /* owned; NULL: not expected, or none is needed */
    bool started;
    uint32_t sequence;                        /* extended, of the last packet that was listened to, or left out */
    waiting_packet waiting[CG_DTMF_PATIENCE]; /* by sequence number modulo their count */
};

cg_dtmf_listener *cg_dtmf_listener_new(void)
{
    cg_dtmf_listener *listener = g_new0(cg_dtmf_listener, 1);
    listener->detector = dtmf_rx_init(NULL, NULL, NULL);
    listener->alarm = dtmf_rx_init(NULL, NULL, NULL);
    listener->halver = cg_resampler_new(CG_PCM_MAX_RATE, RATE);
    g_assert(listener->detector != NULL && listener->alarm != NULL);
    return listener;
}

void cg_dtmf_listener_free(cg_dtmf_listener *listener)
{
    if (listener == NULL)
        return;
    dtmf_rx_free(listener->detector);
    dtmf_rx_free(listener->alarm);
    cg_resampler_free(listener->halver);
    for (cg_codec codec = 0; codec < CG_CODEC_COUNT; codec++)
        cg_decoder_free(listener->decoders[codec]);
    g_free(listener);
}

/* Adds to `digits` what is heard. */
static void detect(cg_dtmf_listener *listener, const int16_t *pcm, size_t count, char digits[static CG_DTMF_HEARD + 1])
{
    size_t before = strlen(digits);
    dtmf_rx(listener->detector, pcm, (int) count);
    size_t found = dtmf_rx_get(listener->detector, digits + before, (int) (CG_DTMF_HEARD - before));
    digits[before + found] = '\0';
}

static void hear(cg_dtmf_listener *listener, const int16_t *pcm, size_t count, uint32_t rate,
                 char digits[static CG_DTMF_HEARD + 1])
{
    int16_t half[CG_CODEC_MAX_SAMPLES];
    g_assert(count <= CG_CODEC_MAX_SAMPLES && (rate == RATE || rate == CG_PCM_MAX_RATE));
    if (rate == RATE) {
        detect(listener, pcm, count, digits);
    } else {
        size_t halved = cg_resampler_run(listener->halver, pcm, count, half, G_N_ELEMENTS(half));
        detect(listener, half, halved, digits);
    }
}

void cg_dtmf_listen(cg_dtmf_listener *listener, const int16_t *pcm, size_t count, uint32_t rate,
                    char ret_digits[static CG_DTMF_HEARD + 1])
{
    ret_digits[0] = '\0';
    listener->alarmed = false;
    hear(listener, pcm, count, rate, ret_digits);
}

static bool is_g711(cg_codec codec)
{
    return codec == CG_CODEC_PCMU || codec == CG_CODEC_PCMA;
}

void cg_dtmf_listener_expect(cg_dtmf_listener *listener, cg_codec codec)
{
    if (!is_g711(codec) && listener->decoders[codec] == NULL)
        listener->decoders[codec] = cg_decoder_new(codec, RATE);
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
    if (decoder == NULL)
        detect(listener, pcm, decode_g711(codec, payload, size, pcm), digits);
    else
        hear(listener, pcm, cg_decoder_decode(decoder, payload, size, pcm), cg_decoder_rate(decoder), digits);
}

/* The packet behind the last one, if it is there; else it is left out. */
static void take_next(cg_dtmf_listener *listener, char digits[static CG_DTMF_HEARD + 1])
{
    waiting_packet *next = &listener->waiting[++listener->sequence % CG_DTMF_PATIENCE];
    if (next->used)
        hear_packet(listener, next->codec, next->payload, next->size, digits);
    else
        cg_dtmf_listener_skip(listener);
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

static void alarm_by(cg_dtmf_listener *listener, cg_codec codec, uint32_t sequence, const uint8_t *payload, size_t size)
{
    int16_t pcm[CG_CODEC_MAX_SAMPLES];
    char unused[CG_DTMF_HEARD];
    listener->alarmed = is_g711(codec);
    if (!listener->alarmed)
        return;
    if (sequence != listener->alarm_sequence + 1)
        dtmf_rx_fillin(listener->alarm, 0);
    listener->alarm_sequence = sequence;
    dtmf_rx(listener->alarm, pcm, (int) decode_g711(codec, payload, size, pcm));
    dtmf_rx_get(listener->alarm, unused, sizeof unused);
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
    alarm_by(listener, codec, sequence, payload, size);
    make_room(listener, sequence, ret_digits);
    wait_with(listener, codec, sequence, payload, size);
    while (listener->waiting[(listener->sequence + 1) % CG_DTMF_PATIENCE].used)
        take_next(listener, ret_digits);
}

void cg_dtmf_listener_skip(cg_dtmf_listener *listener)
{
    dtmf_rx_fillin(listener->detector, 0);
}

void cg_dtmf_listener_restart(cg_dtmf_listener *listener)
{
    listener->started = false;
    for (unsigned i = 0; i < CG_DTMF_PATIENCE; i++)
        listener->waiting[i].used = false;
}

bool cg_dtmf_listener_hears(const cg_dtmf_listener *listener)
{
    return dtmf_rx_status(listener->alarmed ? listener->alarm : listener->detector) != 0;
}
