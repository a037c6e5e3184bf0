/* Speech codecs as sound: payloads into PCM and back, one channel of 16 bits. A codec has the PCM rate that is its own;
 * Opus takes whichever it is given, so that what is translated from or to it is hardly ever resampled.
 *
 * Everything is allocated when a decoder or encoder is made. */
#pragma once

#include "base/media.h"

#define CG_PCM_MAX_RATE 16000     /* Hz; between two different codecs there is never more to carry */
#define CG_CODEC_PACKET_MAX_MS 60 /* of one of ours */
#define CG_CODEC_MAX_MS 120       /* of one packet, RFC 7587 section 4.2 */
#define CG_CODEC_MAX_PAYLOAD 1275 /* octets of one Opus frame, RFC 6716 section 3.4; others are shorter */
#define CG_CODEC_MAX_SAMPLES (CG_PCM_MAX_RATE / 1000 * CG_CODEC_MAX_MS)

typedef struct cg_decoder cg_decoder;
typedef struct cg_encoder cg_encoder;

/* Hz of its PCM; 0: any of 8000 and 16000. */
uint32_t cg_codec_pcm_rate(cg_codec codec);

/* How long a payload sounds, in the clock of its timestamps; 0: malformed, or longer than CG_CODEC_MAX_MS. */
uint32_t cg_codec_duration(cg_codec codec, const uint8_t *payload, size_t size);

/* How long our packets are for whoever wants `ptime_ms` (0: it does not say) and takes `max_ptime_ms` at the most (0:
 * it does not say): the longest of 10 to 60 ms that is no longer; less than 10 cannot be had. Opus has no frames of 30
 * and 50 (RFC 6716 section 2.1.4). */
unsigned cg_codec_packet_ms(cg_codec codec, unsigned ptime_ms, unsigned max_ptime_ms);

/* `rate` counts for codecs that can have any; 8000 or 16000. */
cg_decoder *cg_decoder_new(cg_codec codec, uint32_t rate);
void cg_decoder_free(cg_decoder *decoder);
uint32_t cg_decoder_rate(const cg_decoder *decoder);

/* Returns how many samples it wrote; 0: malformed. */
size_t cg_decoder_decode(cg_decoder *decoder, const uint8_t *payload, size_t size,
                         int16_t ret_pcm[static CG_CODEC_MAX_SAMPLES]);
/* In place of `count` samples that were lost: what the payload that followed them knows of them (Opus' in-band FEC),
 * else something that is like what was heard before and fades. `next` may be NULL. */
void cg_decoder_conceal(cg_decoder *decoder, const uint8_t *next, size_t next_size, size_t count,
                        int16_t ret_pcm[static CG_CODEC_MAX_SAMPLES]);

/* What a receiver of Opus asks for (RFC 7587 section 6.1). */
typedef struct {
    bool fec, dtx;
    uint32_t max_bitrate; /* bits per second; 0: not said */
} cg_opus_wishes;

cg_opus_wishes cg_opus_read_wishes(const char *fmtp);

cg_encoder *cg_encoder_new(cg_codec codec, uint32_t rate, const cg_opus_wishes *wishes);
void cg_encoder_free(cg_encoder *encoder);

/* Whether a stream that goes over from one encoder to another is heard wrong at first: the decoder's state is of the
 * former. */
bool cg_codec_has_memory(cg_codec codec);
/* Takes over a stream that `decoder`, of the same codec and rate, has heard so far, so that nothing is heard wrong. */
void cg_encoder_follow(cg_encoder *encoder, const cg_decoder *decoder);

/* `count` samples are a packet's: 10, 20, 30, 40, 50 or 60 ms, of Opus not 30 or 50. Returns octets; 0: silence that
 * need not be sent. */
size_t cg_encoder_encode(cg_encoder *encoder, const int16_t *pcm, size_t count,
                         uint8_t ret_payload[static CG_CODEC_MAX_PAYLOAD]);
