/* spandsp looks at blocks of 102 samples and takes two alike for a key, or for its end. Where a packet is left out the
 * phase of a tone jumps: the block there is begun anew. */
#include "bridge/dtmf_listen.h"

#include "bridge/codec.h"
#include "bridge/resampler.h"

#include <glib.h>
#include <spandsp.h>
#include <string.h>

#define RATE 8000 /* spandsp's; no tone is above 1633 Hz */

struct cg_dtmf_listener {
    dtmf_rx_state_t *detector;            /* owned */
    cg_resampler *halver;                 /* owned; from 16000 Hz */
    cg_decoder *decoders[CG_CODEC_COUNT]; /* owned; NULL: not expected, or none is needed */
    bool started;
    uint32_t sequence; /* extended, of the last packet */
};

cg_dtmf_listener *cg_dtmf_listener_new(void)
{
    cg_dtmf_listener *listener = g_new0(cg_dtmf_listener, 1);
    listener->detector = dtmf_rx_init(NULL, NULL, NULL);
    listener->halver = cg_resampler_new(CG_PCM_MAX_RATE, RATE);
    g_assert(listener->detector != NULL);
    return listener;
}

void cg_dtmf_listener_free(cg_dtmf_listener *listener)
{
    if (listener == NULL)
        return;
    dtmf_rx_free(listener->detector);
    cg_resampler_free(listener->halver);
    for (cg_codec codec = 0; codec < CG_CODEC_COUNT; codec++)
        cg_decoder_free(listener->decoders[codec]);
    g_free(listener);
}

static void detect(cg_dtmf_listener *listener, const int16_t *pcm, size_t count,
                   char ret_digits[static CG_DTMF_HEARD + 1])
{
    dtmf_rx(listener->detector, pcm, (int) count);
    size_t found = dtmf_rx_get(listener->detector, ret_digits, CG_DTMF_HEARD);
    ret_digits[found] = '\0';
}

void cg_dtmf_listen(cg_dtmf_listener *listener, const int16_t *pcm, size_t count, uint32_t rate,
                    char ret_digits[static CG_DTMF_HEARD + 1])
{
    int16_t half[CG_CODEC_MAX_SAMPLES];
    g_assert(count <= CG_CODEC_MAX_SAMPLES && (rate == RATE || rate == CG_PCM_MAX_RATE));
    if (rate == RATE) {
        detect(listener, pcm, count, ret_digits);
    } else {
        size_t halved = cg_resampler_run(listener->halver, pcm, count, half, G_N_ELEMENTS(half));
        detect(listener, half, halved, ret_digits);
    }
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

void cg_dtmf_listen_packet(cg_dtmf_listener *listener, cg_codec codec, uint32_t sequence, const uint8_t *payload,
                           size_t size, char ret_digits[static CG_DTMF_HEARD + 1])
{
    int16_t pcm[CG_CODEC_MAX_SAMPLES];
    cg_decoder *decoder = listener->decoders[codec];
    ret_digits[0] = '\0';
    if ((!is_g711(codec) && (decoder == NULL || cg_codec_duration(codec, payload, size) == 0)))
        return;
    if (listener->started && (int32_t) (sequence - listener->sequence) <= 0)
        return;
    if (listener->started && sequence - listener->sequence > 1)
        cg_dtmf_listener_skip(listener);
    listener->started = true;
    listener->sequence = sequence;
    if (decoder == NULL)
        detect(listener, pcm, decode_g711(codec, payload, size, pcm), ret_digits);
    else
        cg_dtmf_listen(listener, pcm, cg_decoder_decode(decoder, payload, size, pcm), cg_decoder_rate(decoder),
                       ret_digits);
}

void cg_dtmf_listener_skip(cg_dtmf_listener *listener)
{
    dtmf_rx_fillin(listener->detector, 0);
}

void cg_dtmf_listener_restart(cg_dtmf_listener *listener)
{
    listener->started = false;
}

bool cg_dtmf_listener_hears(const cg_dtmf_listener *listener)
{
    return dtmf_rx_status(listener->detector) != 0;
}
