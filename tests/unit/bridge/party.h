/* A party of a call, for tests of what is heard: says a tone in its codec, a packet every 20 ms, and keeps what it
 * hears. */
#pragma once

#include "tests/unit/bridge/bridge_world.h"

#include "bridge/audio/codec.h"

enum { PARTY_RATE = 16000, PARTY_EVENTS = 101 };

typedef struct {
    world_caller *caller;
    cg_codec codec;
    uint32_t rate; /* of what it says, Hz */
    cg_encoder *encoder;
    double tone;
    size_t said; /* samples */
    uint16_t sequence;
    uint32_t timestamp;
    unsigned lose_one_in; /* 0: none */
    int64_t next_us;
} party;

extern const cg_format party_formats[CG_CODEC_COUNT]; /* Opus, G722, PCMU, PCMA */

party party_new(world *w, cg_codec codec, double tone);
void party_end(party *p);

/* One packet. */
void party_say(party *p);
/* Both talk at their pace until each has heard `packets` more than now. */
void party_talk(world *w, party *a, party *b, unsigned packets);

/* What it heard is one stream, whose numbers go on without a gap, and its time with them. */
void party_assert_stream(const party *p);
/* ... with a marker on its first packet alone. */
void party_assert_spurt(const party *p);
/* `tone` and hardly anything else, in most tenths of a second after the second: how well it sounds, in a time that no
 * busy machine disturbs, is the business of other tests. */
void party_assert_hears(const party *p, double tone, double share);
