/* What translating one direction of a call costs the processor, beside the libraries' decoding and encoding alone (the
 * floor). Packets of 20 ms of something like speech, without network and encryption. */
#include "bridge/audio/codec.h"
#include "bridge/audio/transcoder.h"
#include "tests/bench/recording.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SECONDS = 60, PACKETS = SECONDS * RECORDING_PER_S, REPEATS = 3 };

static int64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static uint32_t rate_for(cg_codec one, cg_codec other)
{
    uint32_t rate = cg_codec_pcm_rate(one);
    return rate != 0 ? rate : cg_codec_pcm_rate(other);
}

/* Nanoseconds per packet of decoding and encoding with nothing in between; for G.722 and G.711, at different rates,
 * that leaves out what resampling costs. */
static double measure_floor(const recording *r, cg_codec to)
{
    cg_decoder *decoder = cg_decoder_new(r->codec, rate_for(r->codec, to));
    uint32_t rate = rate_for(to, r->codec);
    cg_encoder *encoder = cg_encoder_new(to, rate, &(cg_opus_wishes){.fec = true});
    int16_t pcm[CG_CODEC_MAX_SAMPLES] = {0};
    uint8_t payload[CG_CODEC_MAX_PAYLOAD];
    int64_t start = cpu_ns();
    for (unsigned i = 0; i < PACKETS; i++) {
        cg_decoder_decode(decoder, r->data[i], r->sizes[i], pcm);
        cg_encoder_encode(encoder, pcm, rate / RECORDING_PER_S, payload);
    }
    int64_t spent = cpu_ns() - start;
    cg_decoder_free(decoder);
    cg_encoder_free(encoder);
    return (double) spent / PACKETS;
}

static double measure_transcoder(const recording *r, cg_codec to)
{
    cg_transcoder_config config = {.to = to, .wishes = {.fec = true}};
    config.from[r->codec] = true;
    cg_transcoder *transcoder = cg_transcoder_new(&config, 1);
    unsigned sent = 0;
    int64_t start = cpu_ns();
    for (unsigned i = 0; i < PACKETS; i++) {
        cg_transcoder_packet packet = {.codec = r->codec,
                                       .ssrc = 1,
                                       .sequence = i,
                                       .timestamp = i * r->step,
                                       .payload = r->data[i],
                                       .size = r->sizes[i]};
        cg_transcoder_frame frame;
        cg_transcoder_put(transcoder, &packet, (i + 1) * RECORDING_PACKET_US);
        while (cg_transcoder_due(transcoder) < (i + 2) * RECORDING_PACKET_US)
            sent += cg_transcoder_step(transcoder, cg_transcoder_due(transcoder), &frame);
    }
    int64_t spent = cpu_ns() - start;
    g_assert_cmpuint(sent, >=, PACKETS - 2);
    cg_transcoder_free(transcoder);
    return (double) spent / PACKETS;
}

static void measure(cg_codec from, cg_codec to)
{
    recording *r = recording_new(from, rate_for(from, to), SECONDS);
    double floor_ns = 1e18, ns = 1e18;
    for (unsigned i = 0; i < REPEATS; i++) { /* in turn: what else the machine does falls on both */
        floor_ns = MIN(floor_ns, measure_floor(r, to));
        ns = MIN(ns, measure_transcoder(r, to));
    }
    printf("%-5s to %-5s %8.1f us a packet %8.1f us floor   ratio %.2f   %.2f %% of a core a direction\n",
           cg_codec_get_info(from)->name, cg_codec_get_info(to)->name, ns / 1000, floor_ns / 1000, ns / floor_ns,
           ns / (RECORDING_PACKET_US * 10.0));
    recording_free(r);
}

int main(void)
{
    static const cg_codec all[] = {CG_CODEC_OPUS, CG_CODEC_G722, CG_CODEC_PCMU, CG_CODEC_PCMA};
    for (unsigned i = 0; i < G_N_ELEMENTS(all); i++)
        for (unsigned j = 0; j < G_N_ELEMENTS(all); j++)
            if (i != j)
                measure(all[i], all[j]);
    return 0;
}
