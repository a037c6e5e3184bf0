/* Keys into sound: the tones (ITU-T Q.23) for a peer that takes no telephone-event, encoded as the speech it gets, 20
 * ms a packet. */
#pragma once

#include "bridge/audio/codec.h"

typedef struct cg_dtmf_speaker cg_dtmf_speaker;

cg_dtmf_speaker *cg_dtmf_speaker_new(cg_codec codec);
void cg_dtmf_speaker_free(cg_dtmf_speaker *speaker);
cg_codec cg_dtmf_speaker_codec(const cg_dtmf_speaker *speaker);

/* What else the peer is sent as speech, before it and between keys: in a codec with memory the tones are made to follow
 * it, or their beginning would be heard wrong, and keys be lost. */
void cg_dtmf_speaker_follow(cg_dtmf_speaker *speaker, cg_codec codec, const uint8_t *payload, size_t size);

/* The next packet's payload: a piece of the key's tones, or of silence if `digit` is '\0'. Returns octets. */
size_t cg_dtmf_speak(cg_dtmf_speaker *speaker, char digit, uint8_t ret_payload[static CG_CODEC_MAX_PAYLOAD]);
