/* Keys out of sound: the tones of a phone that has no telephone-event. Costs a few microseconds a packet, and decoding,
 * so only legs that need it have one.
 *
 * Sound is taken packet by packet, in the order in which it was said. A packet that is missing is waited for until
 * CG_DTMF_PATIENCE later ones are there; then it is left out: the tone goes on where it was, as one tone. So long no
 * jitter buffer waits: where sound is translated, keys are still heard in the packets as they come. */
#pragma once

#include "base/media.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CG_DTMF_PATIENCE 6 /* packets: 120 ms, as most phones have them */
#define CG_DTMF_HEARD 8    /* keys that as many packets can hold */

typedef struct cg_dtmf_listener cg_dtmf_listener;

cg_dtmf_listener *cg_dtmf_listener_new(void);
void cg_dtmf_listener_free(cg_dtmf_listener *listener);

/* PCM of 8000 or 16000 Hz, `count` samples of at most CG_CODEC_MAX_SAMPLES; a stream keeps its rate. Gives the keys
 * that were pressed in it, each once, when it has sounded long enough to be one. */
void cg_dtmf_listen(cg_dtmf_listener *listener, const int16_t *pcm, size_t count, uint32_t rate,
                    char ret_digits[static CG_DTMF_HEARD + 1]);

/* Packets of that codec may come; PCMU and PCMA need not be said. */
void cg_dtmf_listener_expect(cg_dtmf_listener *listener, cg_codec codec);

/* The same of a packet of speech. Those that come too late are left out, and those that nobody expects. */
void cg_dtmf_listen_packet(cg_dtmf_listener *listener, cg_codec codec, uint32_t sequence, const uint8_t *payload,
                           size_t size, char ret_digits[static CG_DTMF_HEARD + 1]);

/* Another source: its sequence numbers have nothing to do with those before. */
void cg_dtmf_listener_restart(cg_dtmf_listener *listener);

/* What the other party is about to hear: a packet that is passed on, or sound that is translated, in its turn. */
void cg_dtmf_listener_watch_packet(cg_dtmf_listener *listener, cg_codec codec, uint32_t sequence,
                                   const uint8_t *payload, size_t size);
void cg_dtmf_listener_watch(cg_dtmf_listener *listener, const int16_t *pcm, size_t count, uint32_t rate);
/* In that, a key is sounding, or begins to: one block was like one, as hardly any of speech is. */
bool cg_dtmf_listener_hears(const cg_dtmf_listener *listener);
