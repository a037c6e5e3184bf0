/* Many listeners of one music: what they hear in each codec, by the player's clock, and what it costs. */
#include "tests/unit/bridge/music_file.h"
#include "tests/unit/bridge/sound.h"

#include "bridge/audio/player.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#define TONE 440.0
#define PACKET_MS 20
#define FRAME_US (PACKET_MS * 1000)
#define START_US INT64_C(7000000000)

static const cg_opus_wishes no_wishes;

typedef struct {
    GPtrArray *players;
    cg_music *music;
    char *path;
} fixture;

static void set_up(fixture *f, gconstpointer unused)
{
    g_autofree char *error = NULL;
    f->players = g_ptr_array_new();
    f->path = music_file_write(&(music_file){.tone = TONE, .rate = 16000, .seconds = 2});
    f->music = cg_music_load(f->path, &error);
    g_assert_nonnull(f->music);
}

static void tear_down(fixture *f, gconstpointer unused)
{
    g_assert_cmpuint(f->players->len, ==, 0);
    g_ptr_array_unref(f->players);
    cg_music_unref(f->music);
    g_unlink(f->path);
    g_free(f->path);
}

/* Three seconds of it, so that it begins again in between. */
static void test_heard(fixture *f, gconstpointer data)
{
    static int16_t pcm[16000 * 3 + CG_CODEC_MAX_SAMPLES];
    cg_codec codec = GPOINTER_TO_UINT(data);
    cg_decoder *decoder = cg_decoder_new(codec, 16000);
    uint32_t rate = cg_decoder_rate(decoder);
    cg_player *player = cg_players_join(f->players, f->music, PACKET_MS, START_US);
    int64_t now_us = START_US;
    size_t count = 0;
    for (unsigned i = 0; i < 150; i++) {
        cg_player_packet packet;
        int64_t next_us = cg_player_take(player, codec, &no_wishes, now_us, &packet);
        g_assert_cmpuint(packet.number, ==, i);
        g_assert_cmpint(next_us, ==, now_us + FRAME_US);
        size_t decoded = cg_decoder_decode(decoder, packet.payload, packet.size, pcm + count);
        g_assert_cmpuint(decoded, ==, rate / 1000 * PACKET_MS);
        count += decoded;
        now_us = next_us;
    }
    for (size_t tenth = rate / 10, at = tenth; at + tenth <= count; at += tenth) {
        g_assert_cmpfloat(sound_share(pcm + at, tenth, rate, TONE), >, 0.97);
        g_assert_cmpfloat_with_epsilon(sound_level(pcm + at, tenth), 16384 / 1.4142, 1200);
    }
    cg_decoder_free(decoder);
    cg_players_leave(f->players, player);
}

/* A hundred who hear the same codec cost one encoder; each other codec one more. */
static void test_shared(fixture *f, gconstpointer unused)
{
    enum { LISTENERS = 100, PACKETS = 50 };
    cg_player *players[LISTENERS];
    for (unsigned i = 0; i < LISTENERS; i++)
        players[i] = cg_players_join(f->players, f->music, PACKET_MS, START_US + i);
    g_assert_cmpuint(f->players->len, ==, 1);
    for (unsigned n = 0; n < PACKETS; n++) {
        cg_player_packet first = {0}, packet;
        for (unsigned i = 0; i < LISTENERS; i++) { /* within a frame, they ask when they like */
            int64_t at_us = START_US + n * FRAME_US + i * 100;
            g_assert_cmpint(cg_player_take(players[i], CG_CODEC_OPUS, &no_wishes, at_us, &packet), >, at_us);
            if (i == 0)
                first = packet;
            g_assert_cmpuint(packet.size, ==, first.size);
            g_assert_true(packet.payload == first.payload);
        }
        cg_player_take(players[0], CG_CODEC_PCMU, &no_wishes, START_US + n * FRAME_US, &packet);
    }
    g_assert_cmpuint(cg_player_encoded(players[0]), ==, 2 * PACKETS);
    for (unsigned i = 0; i < LISTENERS; i++)
        cg_players_leave(f->players, players[i]);
}

/* What was missed is not made up for. */
static void test_late(fixture *f, gconstpointer unused)
{
    cg_player *player = cg_players_join(f->players, f->music, PACKET_MS, START_US);
    cg_player_packet packet;
    cg_player_take(player, CG_CODEC_PCMA, &no_wishes, START_US, &packet);
    int64_t next_us = cg_player_take(player, CG_CODEC_PCMA, &no_wishes, START_US + 9 * FRAME_US + 7, &packet);
    g_assert_cmpuint(packet.number, ==, 9);
    g_assert_cmpint(next_us, ==, START_US + 10 * FRAME_US);
    g_assert_cmpuint(cg_player_encoded(player), ==, 2);
    cg_players_leave(f->players, player);
}

/* Who wishes for less than the others get has it, and does not take it from them. */
static void test_low_bitrate(fixture *f, gconstpointer unused)
{
    cg_opus_wishes low = {.max_bitrate = 8000};
    cg_player *player = cg_players_join(f->players, f->music, PACKET_MS, START_US);
    size_t octets = 0, octets_low = 0;
    for (unsigned i = 0; i < 50; i++) {
        cg_player_packet packet;
        cg_player_take(player, CG_CODEC_OPUS, &no_wishes, START_US + i * FRAME_US, &packet);
        octets += packet.size;
        cg_player_take(player, CG_CODEC_OPUS, &low, START_US + i * FRAME_US, &packet);
        octets_low += packet.size;
    }
    g_assert_cmpuint(octets_low * 8, <=, 8000);
    g_assert_cmpuint(octets * 8, >, 16000);
    cg_players_leave(f->players, player);
}

/* The last listener ends it, and the next one hears it from the beginning. */
static void test_begins_again(fixture *f, gconstpointer unused)
{
    cg_player_packet packet;
    for (unsigned i = 0; i < 2; i++) {
        int64_t at_us = START_US + i * 777777;
        cg_player *player = cg_players_join(f->players, f->music, PACKET_MS, at_us);
        cg_player_take(player, CG_CODEC_PCMU, &no_wishes, at_us, &packet);
        g_assert_cmpuint(packet.number, ==, 0);
        g_assert_true(cg_player_music(player) == f->music);
        cg_players_leave(f->players, player);
    }
}

/* Packets of each length that there is, three seconds of them: the tone goes on where they meet, and where it begins
 * again. Who hears others has another player, until it goes over. */
static void test_lengths(fixture *f, gconstpointer unused)
{
    static int16_t pcm[8000 * 3 + CG_CODEC_MAX_SAMPLES];
    cg_player *twenty = cg_players_join(f->players, f->music, PACKET_MS, START_US);
    for (unsigned ms = 10; ms <= CG_CODEC_PACKET_MAX_MS; ms += 10) {
        cg_decoder *decoder = cg_decoder_new(CG_CODEC_PCMU, 8000);
        cg_player *player = cg_players_join(f->players, f->music, PACKET_MS, START_US);
        player = cg_players_change(f->players, player, ms, START_US);
        g_assert_cmpuint(cg_player_packet_ms(player), ==, ms);
        g_assert_true((player == twenty) == (ms == PACKET_MS));
        size_t count = 0;
        for (int64_t now_us = START_US; count < 8000 * 3;) {
            cg_player_packet packet;
            int64_t next_us = cg_player_take(player, CG_CODEC_PCMU, &no_wishes, now_us, &packet);
            g_assert_cmpint(next_us - now_us, ==, ms * 1000);
            g_assert_cmpuint(packet.size, ==, 8 * ms);
            count += cg_decoder_decode(decoder, packet.payload, packet.size, pcm + count);
            now_us = next_us;
        }
        for (size_t at = 0; at + 800 <= count; at += 800)
            g_assert_cmpfloat(sound_share(pcm + at, 800, 8000, TONE), >, 0.97);
        cg_decoder_free(decoder);
        cg_players_leave(f->players, player);
    }
    cg_players_leave(f->players, twenty);
}

#define ADD(name, data, function) g_test_add("/player/" name, fixture, data, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("opus", GUINT_TO_POINTER(CG_CODEC_OPUS), test_heard);
    ADD("g722", GUINT_TO_POINTER(CG_CODEC_G722), test_heard);
    ADD("pcmu", GUINT_TO_POINTER(CG_CODEC_PCMU), test_heard);
    ADD("pcma", GUINT_TO_POINTER(CG_CODEC_PCMA), test_heard);
    ADD("shared", NULL, test_shared);
    ADD("late", NULL, test_late);
    ADD("lengths", NULL, test_lengths);
    ADD("low-bitrate", NULL, test_low_bitrate);
    ADD("begins-again", NULL, test_begins_again);
    return g_test_run();
}
