/* A peer's payloads as sound: records of five octets and a payload through a transcoder, whose jitter buffer, decoders
 * and encoder meet what a peer can send. Octets: codec, sequence step, timestamp step (two), time step;
 * the low six bits of the last say how long the payload is, in units of four. */
#include "bridge/audio/transcoder.h"

#include <stdlib.h>

static void require(bool condition)
{
    if (!condition)
        abort();
}

static cg_transcoder *make(uint8_t choice)
{
    static const cg_codec speech[] = {CG_CODEC_OPUS, CG_CODEC_G722, CG_CODEC_PCMU, CG_CODEC_PCMA};
    cg_transcoder_config config = {
        .to = speech[choice & 3],
        .wishes = {.fec = choice & 4, .dtx = choice & 8},
        .ptime_ms = (choice >> 4) * 10u,
    };
    for (unsigned i = 0; i < 4; i++)
        config.from[speech[i]] = speech[i] != config.to;
    return cg_transcoder_new(&config, 1);
}

static void run_until(cg_transcoder *transcoder, int64_t now_us)
{
    cg_transcoder_frame frame;
    for (unsigned steps = 0; cg_transcoder_due(transcoder) <= now_us; steps++) {
        require(steps < 100);
        if (cg_transcoder_step(transcoder, now_us, &frame))
            require(frame.size > 0 && frame.size <= CG_CODEC_MAX_PAYLOAD);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { HEAD = 5 };
    if (size < 1)
        return 0;
    cg_transcoder *transcoder = make(data[0]);
    cg_transcoder_packet packet = {.ssrc = 1, .sequence = 1 << 16};
    int64_t now_us = 1000000;
    for (data++, size--; size >= HEAD; data += packet.size, size -= packet.size) {
        packet.codec = data[0] % CG_CODEC_COUNT;
        packet.ssrc += data[0] >= 250;
        packet.sequence += (uint32_t) (int8_t) data[1];
        packet.timestamp += (uint32_t) (data[2] << 8 | data[3]) << (data[0] >> 5);
        now_us += (data[4] >> 6) * 20000;
        size_t wanted = (data[4] & 0x3f) * 4;
        data += HEAD;
        size -= HEAD;
        packet.payload = data;
        packet.size = wanted < size ? wanted : size;
        cg_transcoder_put(transcoder, &packet, now_us);
        run_until(transcoder, now_us);
    }
    run_until(transcoder, now_us + 90000);
    cg_transcoder_free(transcoder);
    return 0;
}
