/* One direction of a link whose legs have no codec in common: packets of one side in, packets of the other out. Between
 * them lie a jitter buffer, a decoder, perhaps a resampler, and an encoder, paced by a clock of our own: one packet
 * goes out every `ptime`, whatever came in. After a second of nothing it rests, until the next packet comes,
 * unless the last one was comfort noise, which goes on.
 *
 * A core without I/O: packets, payloads and `now` in; due times and payloads out. All it needs is allocated when it is
 * made. */
#pragma once

#include "bridge/audio/codec.h"
#include "bridge/audio/jitter_buffer.h"
#include "bridge/dtmf/dtmf_listen.h"

typedef struct {
    bool from[CG_CODEC_COUNT]; /* speech codecs that may come in */
    cg_codec to;
    cg_opus_wishes wishes; /* of who hears it */
    unsigned ptime_ms;     /* wanted by who hears it; 0: 20 */
    unsigned max_ptime_ms; /* the longest that it takes; 0: not said. Less than 10 cannot be had */
} cg_transcoder_config;

typedef struct {
    cg_codec codec; /* speech, CN, or events: these are not translated, but their numbers are not lost either */
    uint32_t ssrc;
    uint32_t sequence; /* extended */
    uint32_t timestamp;
    const uint8_t *payload;
    size_t size;
} cg_transcoder_packet;

typedef struct {
    uint32_t sequence, timestamp;
    bool first; /* of a talk spurt */
    size_t size;
    const uint8_t *payload; /* valid until the next step */
} cg_transcoder_frame;

typedef struct cg_transcoder cg_transcoder;

cg_transcoder *cg_transcoder_new(const cg_transcoder_config *config, uint32_t ssrc);
void cg_transcoder_free(cg_transcoder *transcoder);
const cg_transcoder_config *cg_transcoder_get_config(const cg_transcoder *transcoder);
uint32_t cg_transcoder_ssrc(const cg_transcoder *transcoder); /* of the stream it makes, as it was given */
const cg_jitter_stats *cg_transcoder_jitter_stats(const cg_transcoder *transcoder);

/* Watches what comes in as it is taken from the jitter buffer. Stays the caller's; NULL: nobody. */
void cg_transcoder_set_listener(cg_transcoder *transcoder, cg_dtmf_listener *listener);

void cg_transcoder_put(cg_transcoder *transcoder, const cg_transcoder_packet *packet, int64_t now_us);
/* Forgets what has come and rests. */
void cg_transcoder_pause(cg_transcoder *transcoder);
/* When the next step is due; INT64_MAX while it rests. */
int64_t cg_transcoder_due(const cg_transcoder *transcoder);
/* One packet's worth of time. True if there is a packet to send; false for silence that is not sent. */
bool cg_transcoder_step(cg_transcoder *transcoder, int64_t now_us, cg_transcoder_frame *ret_frame);
