/* Held legs hear music in place of their partner, through real packets and the bridge's own clock, in the one stream
 * that they have always had. */
#include "tests/unit/bridge/music_file.h"
#include "tests/unit/bridge/party.h"

#include <glib/gstdio.h>

#define MUSIC 440.0
#define STARTS_US 100000 /* in which a hold is heard */

typedef struct {
    world *w;
    cg_music *music;
    party a, b;
} fixture;

static void set_up(fixture *f, gconstpointer codec)
{
    g_autofree char *error = NULL, *path = music_file_write(&(music_file){.tone = MUSIC, .rate = 16000, .seconds = 1});
    f->music = cg_music_load(path, &error);
    g_unlink(path);
    f->w = world_new(NULL);
    f->a = party_new(f->w, CG_CODEC_PCMU, 500);
    f->b = party_new(f->w, GPOINTER_TO_UINT(codec), 1100);
    cg_bridge_link(f->w->bridge, f->a.caller->leg, f->b.caller->leg);
    party_talk(f->w, &f->a, &f->b, 20);
}

static void tear_down(fixture *f, gconstpointer codec)
{
    party_end(&f->a);
    party_end(&f->b);
    world_free(f->w);
    cg_music_unref(f->music);
}

static void hold(fixture *f)
{
    cg_bridge_leg_set_flow(f->w->bridge, f->a.caller->leg, false, false);
    cg_bridge_leg_play(f->w->bridge, f->b.caller->leg, f->music);
}

static void resume(fixture *f)
{
    cg_bridge_leg_play(f->w->bridge, f->b.caller->leg, NULL);
    cg_bridge_leg_set_flow(f->w->bridge, f->a.caller->leg, true, true);
}

/* B listens until it has heard `packets` more; A goes on talking. */
static void listen_to(fixture *f, unsigned packets)
{
    unsigned wanted = f->b.caller->packets->len + packets;
    int64_t end_us = g_get_monotonic_time() + 20 * G_TIME_SPAN_SECOND;
    while (f->b.caller->packets->len < wanted) {
        g_assert_cmpint(g_get_monotonic_time(), <, end_us);
        party_say(&f->a);
        world_step(f->w, 20);
    }
}

/* In every codec: B hears the music, A nothing; afterwards each other again; and all of it is one stream. */
static void test_held(fixture *f, gconstpointer codec)
{
    guint before = f->b.caller->packets->len;
    hold(f);
    listen_to(f, 60);
    party_assert_stream(&f->b);
    g_array_remove_range(f->b.caller->packets, 0, before + 5);
    party_assert_hears(&f->b, MUSIC, 0.9);
    resume(f);
    party_talk(f->w, &f->a, &f->b, 10);
    party_assert_stream(&f->b);
    world_forget_packets(f->b.caller);
    party_talk(f->w, &f->a, &f->b, 60);
    party_assert_stream(&f->b);
    party_assert_hears(&f->b, 500, 0.9);
}

/* By arrival, on a machine that may be busy: the best of a few. */
static void test_starts_soon(fixture *f, gconstpointer codec)
{
    int64_t best_us = INT64_MAX;
    for (unsigned i = 0; i < 5 && best_us > STARTS_US; i++) {
        world_run(f->w, 100);
        world_forget_packets(f->b.caller);
        int64_t begun_us = g_get_monotonic_time();
        hold(f);
        WORLD_WAIT(f->w, f->b.caller->packets->len > 0);
        best_us = MIN(best_us, g_get_monotonic_time() - begun_us);
        resume(f);
    }
    g_assert_cmpint(best_us, <=, STARTS_US);
}

/* Who may not be sent to is not: on hold itself, or by its direction; and is as soon as it may be again. */
static void test_directions(fixture *f, gconstpointer codec)
{
    world_caller *b = f->b.caller;
    hold(f);
    WORLD_WAIT(f->w, b->packets->len > 30);
    cg_bridge_leg_set_flow(f->w->bridge, b->leg, false, false);
    world_run(f->w, 100);
    world_forget_packets(b);
    world_run(f->w, 200);
    g_assert_cmpuint(b->packets->len, ==, 0);
    cg_bridge_leg_set_flow(f->w->bridge, b->leg, true, true);
    WORLD_WAIT(f->w, b->packets->len > 10);
    webrtc_peer_description(b->peer)->direction = CG_DIRECTION_INACTIVE;
    world_describe_bridge(f->w, b);
    world_run(f->w, 100);
    world_forget_packets(b);
    world_run(f->w, 200);
    g_assert_cmpuint(b->packets->len, ==, 0);
    webrtc_peer_description(b->peer)->direction = CG_DIRECTION_RECVONLY;
    world_describe_bridge(f->w, b);
    WORLD_WAIT(f->w, b->packets->len > 10);
    party_assert_stream(&f->b);
}

/* Nothing of the partner gets between, although its flow is open; and who has no partner hears it, too. */
static void test_alone(fixture *f, gconstpointer codec)
{
    cg_bridge_leg_play(f->w->bridge, f->b.caller->leg, f->music);
    world_run(f->w, 60);
    world_forget_packets(f->b.caller);
    listen_to(f, 60);
    party_assert_stream(&f->b);
    party_assert_hears(&f->b, MUSIC, 0.9);
    cg_bridge_link(f->w->bridge, f->b.caller->leg, 0);
    world_forget_packets(f->b.caller);
    WORLD_WAIT(f->w, f->b.caller->packets->len > 30);
    party_assert_stream(&f->b);
    world_close(f->w, f->b.caller); /* with the music on */
}

/* A key takes the place of the music, and it goes on behind it. */
static void test_key(fixture *f, gconstpointer codec)
{
    hold(f);
    WORLD_WAIT(f->w, f->b.caller->packets->len > 30);
    world_forget_packets(f->b.caller);
    cg_bridge_leg_send_digits(f->w->bridge, f->b.caller->leg, "5");
    WORLD_WAIT(f->w, f->b.caller->packets->len > 40);
    unsigned events = 0, first = 0;
    for (unsigned i = 0; i < f->b.caller->packets->len; i++)
        if (world_packet_at(f->b.caller, i)->header.payload_type == PARTY_EVENTS)
            first = events++ == 0 ? i : first;
    g_assert_cmpuint(events, >=, 3);
    for (unsigned i = first; i < first + events; i++)
        g_assert_cmpuint(world_packet_at(f->b.caller, i)->header.payload_type, ==, PARTY_EVENTS);
    for (unsigned i = 1; i < f->b.caller->packets->len; i++)
        g_assert_cmpuint((uint16_t) (world_packet_at(f->b.caller, i)->header.sequence -
                                     world_packet_at(f->b.caller, i - 1)->header.sequence),
                         ==, 1);
}

#define ADD(name, codec, function) \
    g_test_add("/bridge-music/" name, fixture, GUINT_TO_POINTER(codec), set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("opus", CG_CODEC_OPUS, test_held);
    ADD("g722", CG_CODEC_G722, test_held);
    ADD("pcmu", CG_CODEC_PCMU, test_held);
    ADD("pcma", CG_CODEC_PCMA, test_held);
    ADD("starts-soon", CG_CODEC_PCMU, test_starts_soon);
    ADD("directions", CG_CODEC_PCMA, test_directions);
    ADD("alone", CG_CODEC_PCMU, test_alone);
    ADD("key", CG_CODEC_OPUS, test_key);
    return g_test_run();
}
