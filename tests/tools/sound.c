/* Real sound for phones that are written in JavaScript: payloads as lines of hexadecimal digits, one a packet of 20 ms.
 *
 *     sound say CODEC TONE PACKETS    writes the payloads of a tone, in Hz
 *     sound hear CODEC                reads payloads, writes the last second of them: samples of 16 bits at 8000 Hz
 *
 * CODEC is opus, G722, PCMU or PCMA. */
#include "tests/lib-native/sound.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void say(cg_codec codec, double tone, unsigned packets)
{
    uint8_t payload[SOUND_MAX_PAYLOAD];
    sound_mouth *mouth = sound_mouth_new(codec, tone);
    while (packets-- > 0) {
        size_t size = sound_mouth_say(mouth, payload);
        for (size_t i = 0; i < size; i++)
            printf("%02x", payload[i]);
        putchar('\n');
    }
    sound_mouth_free(mouth);
}

static size_t read_payload(const char *line, uint8_t ret_payload[static SOUND_MAX_PAYLOAD])
{
    size_t size = 0;
    for (; size < SOUND_MAX_PAYLOAD && g_ascii_isxdigit(line[0]) && g_ascii_isxdigit(line[1]); line += 2)
        ret_payload[size++] = (uint8_t) (g_ascii_xdigit_value(line[0]) << 4 | g_ascii_xdigit_value(line[1]));
    return size;
}

static void hear(cg_codec codec)
{
    char line[2 * SOUND_MAX_PAYLOAD + 2];
    uint8_t payload[SOUND_MAX_PAYLOAD];
    size_t count;
    sound_ear *ear = sound_ear_new(codec);
    while (fgets(line, sizeof line, stdin) != NULL)
        sound_ear_hear(ear, payload, read_payload(line, payload));
    const int16_t *samples = sound_ear_last_second(ear, &count);
    fwrite(samples, sizeof *samples, count, stdout);
    sound_ear_free(ear);
}

static cg_codec codec_named(const char *name)
{
    static const cg_codec codecs[] = {CG_CODEC_OPUS, CG_CODEC_G722, CG_CODEC_PCMU, CG_CODEC_PCMA};
    for (size_t i = 0; i < G_N_ELEMENTS(codecs); i++)
        if (strcmp(cg_codec_get_info(codecs[i])->name, name) == 0)
            return codecs[i];
    return CG_CODEC_COUNT;
}

int main(int argc, char **argv)
{
    cg_codec codec = argc > 2 ? codec_named(argv[2]) : CG_CODEC_COUNT;
    if (codec != CG_CODEC_COUNT && argc == 5 && strcmp(argv[1], "say") == 0) {
        say(codec, strtod(argv[3], NULL), (unsigned) strtoul(argv[4], NULL, 10));
    } else if (codec != CG_CODEC_COUNT && argc == 3 && strcmp(argv[1], "hear") == 0) {
        hear(codec);
    } else {
        fprintf(stderr, "usage: sound say CODEC TONE PACKETS | sound hear CODEC\n");
        return 2;
    }
    return 0;
}
