/* The jitter buffer in a made-up world: a sender, a network by table, and a listener that takes a frame at its pace. */
#include "bridge/audio/jitter_buffer.h"

#include <glib.h>
#include <string.h>

enum { CLOCK = 8000, TICK_US = 20000, MAX_PACKETS = 6000 };

typedef struct {
    const char *name;
    unsigned packets;
    unsigned ptime_ms;
    unsigned lose_one_in, double_one_in; /* 0: none */
    unsigned swap_one_in;                /* overtaken by the packet behind it */
    unsigned jitter_ms;                  /* delays are spread between 0 and this */
    unsigned stall_at_ms, stall_ms;      /* the network stands still and then gives all */
    unsigned longer_at_ms, longer_ms;    /* from there on packets are on their way for so much longer */
    int drift_ppm;                       /* of the sender's clock */
    unsigned silence_at_ms, silence_ms;  /* the sender leaves time out, and says nothing */
    unsigned least_played, most_lost;    /* expected, in packets */
    int most_delay_ms;                   /* at the end: from arrival of the fastest to use */
} scenario;

typedef struct {
    cg_jitter_buffer buffer;
    int64_t arrivals[MAX_PACKETS]; /* us; INT64_MAX: lost */
    int64_t next_us;               /* the listener's tick */
    int64_t pending;               /* clock units that it has taken and not used */
    unsigned played, lost, silent; /* frames */
    uint32_t last;                 /* sequence number played last */
    int64_t excess_us;
    bool taken;
} world;

static int64_t media_us(const scenario *s, unsigned i)
{
    int64_t time = (int64_t) i * s->ptime_ms * 1000;
    return s->silence_ms > 0 && time >= s->silence_at_ms * 1000 ? time + s->silence_ms * 1000 : time;
}

static void let_arrive(world *w, const scenario *s, GRand *random)
{
    for (unsigned i = 0; i < s->packets; i++) {
        int64_t sent = media_us(s, i) * (1000000 - s->drift_ppm) / 1000000;
        int64_t delay = s->jitter_ms > 0 ? g_rand_int_range(random, 0, (gint32) s->jitter_ms * 1000) : 0;
        if (s->stall_ms > 0 && sent >= s->stall_at_ms * 1000 && sent < (s->stall_at_ms + s->stall_ms) * 1000)
            delay = (s->stall_at_ms + s->stall_ms) * 1000 - sent;
        w->arrivals[i] = 1000000 + sent + delay;
        if (s->longer_ms > 0 && sent >= s->longer_at_ms * 1000)
            w->arrivals[i] += s->longer_ms * 1000;
        if (s->swap_one_in > 0 && i % s->swap_one_in == s->swap_one_in - 1)
            w->arrivals[i] += s->ptime_ms * 1000 + 1000;
        if (s->lose_one_in > 0 && i % s->lose_one_in == s->lose_one_in - 1)
            w->arrivals[i] = INT64_MAX;
    }
}

static void put(world *w, const scenario *s, unsigned i)
{
    uint8_t payload[480];
    uint32_t size = s->ptime_ms * CLOCK / 1000;
    memset(payload, (int) i, size);
    cg_jitter_packet packet = {
        .codec = CG_CODEC_PCMU,
        .clock_rate = CLOCK,
        .sequence = UINT32_MAX - 100 + i, /* wraps early */
        .timestamp = UINT32_MAX - 5000 + (uint32_t) (media_us(s, i) * CLOCK / 1000000),
        .duration = size,
        .size = size,
        .payload = payload,
    };
    cg_jitter_buffer_put(&w->buffer, &packet, w->arrivals[i]);
    if (s->double_one_in > 0 && i % s->double_one_in == 0)
        cg_jitter_buffer_put(&w->buffer, &packet, w->arrivals[i]);
}

/* A perfect time scale: what is too much is left out, what is too little is made. */
static void adapt(world *w, const cg_jitter_frame *frame)
{
    w->excess_us = frame->excess_us;
    if (frame->kind != CG_JITTER_PACKET)
        return;
    if (frame->excess_us > 15000)
        w->pending -= MIN(w->pending, 40);
    else if (frame->excess_us < -10000)
        w->pending += 40;
}

static void take(world *w)
{
    while (w->pending < TICK_US * CLOCK / 1000000) {
        cg_jitter_frame frame = cg_jitter_buffer_take(&w->buffer, w->next_us, w->pending * 1000000 / CLOCK);
        w->pending += frame.duration;
        w->played += frame.kind == CG_JITTER_PACKET;
        w->lost += frame.kind == CG_JITTER_LOST;
        w->silent += frame.kind == CG_JITTER_SILENT;
        if (frame.kind == CG_JITTER_PACKET) {
            g_assert_true(!w->taken || (int32_t) (frame.packet->sequence - w->last) > 0); /* in order, once */
            g_assert_cmphex(frame.packet->payload[0], ==, (uint8_t) (frame.packet->sequence + 101));
            w->last = frame.packet->sequence;
            w->taken = true;
        }
        adapt(w, &frame);
    }
    w->pending -= TICK_US * CLOCK / 1000000;
    w->next_us += TICK_US;
}

/* Time goes on in steps of a millisecond until all has come. */
static void run(world *w, const scenario *s)
{
    int64_t media_end_us = media_us(s, s->packets) * (1000000 - s->drift_ppm) / 1000000;
    int64_t end_us = 1000000 + media_end_us + s->longer_ms * 1000 + 20000;
    for (int64_t now_us = 1000000; now_us < end_us; now_us += 1000) {
        unsigned near = (unsigned) ((now_us - 1000000) / 1000 / s->ptime_ms);
        unsigned from = near > 200 ? near - 200 : 0;
        for (unsigned i = from; i < MIN(near + 10, s->packets); i++)
            if (w->arrivals[i] > now_us - 1000 && w->arrivals[i] <= now_us)
                put(w, s, i);
        if (w->next_us == 0 && w->buffer.running)
            w->next_us = now_us + cg_jitter_buffer_target_us(&w->buffer, now_us);
        while (w->next_us != 0 && w->next_us <= now_us)
            take(w);
    }
}

static const scenario scenarios[] = {
    {"clean", .packets = 500, .ptime_ms = 20, .least_played = 498, .most_delay_ms = 21},
    {"ten-ms-packets", .packets = 500, .ptime_ms = 10, .least_played = 496, .most_delay_ms = 21},
    {"forty-ms-packets", .packets = 250, .ptime_ms = 40, .least_played = 248, .most_delay_ms = 21},
    {"sixty-ms-packets", .packets = 200, .ptime_ms = 60, .least_played = 198, .most_delay_ms = 21},
    {"loss", .packets = 1000, .ptime_ms = 20, .lose_one_in = 20, .least_played = 948, .most_lost = 50,
     .most_delay_ms = 41},
    {"loss-of-sixty-ms", .packets = 300, .ptime_ms = 60, .lose_one_in = 10, .least_played = 268, .most_lost = 30,
     .most_delay_ms = 81},
    {"doubled", .packets = 500, .ptime_ms = 20, .double_one_in = 3, .least_played = 498, .most_delay_ms = 21},
    {"overtaken", .packets = 1000, .ptime_ms = 20, .swap_one_in = 10, .least_played = 995, .most_lost = 3,
     .most_delay_ms = 55},
    {"jitter-30", .packets = 1000, .ptime_ms = 20, .jitter_ms = 30, .least_played = 990, .most_lost = 4,
     .most_delay_ms = 60},
    {"jitter-100", .packets = 2000, .ptime_ms = 20, .jitter_ms = 100, .least_played = 1980, .most_lost = 10,
     .most_delay_ms = 130},
    {"jitter-and-loss", .packets = 2000, .ptime_ms = 20, .jitter_ms = 60, .lose_one_in = 20, .least_played = 1880,
     .most_lost = 108, .most_delay_ms = 130},
    {"stall", .packets = 1000, .ptime_ms = 20, .stall_at_ms = 3000, .stall_ms = 150, .least_played = 996,
     .most_lost = 0, .most_delay_ms = 40},
    {"long-stall", .packets = 1000, .ptime_ms = 20, .stall_at_ms = 3000, .stall_ms = 900, .least_played = 950,
     .most_lost = 35, .most_delay_ms = 40},
    {"longer-way", .packets = 1000, .ptime_ms = 20, .longer_at_ms = 5000, .longer_ms = 600, .least_played = 996,
     .most_lost = 0, .most_delay_ms = 21},
    {"longer-way-with-jitter", .packets = 1000, .ptime_ms = 20, .longer_at_ms = 5100, .longer_ms = 350, .jitter_ms = 30,
     .least_played = 990, .most_lost = 4, .most_delay_ms = 60},
    {"clock-that-loses-a-tenth", .packets = 1000, .ptime_ms = 20, .drift_ppm = -100000, .least_played = 996,
     .most_lost = 0, .most_delay_ms = 250},
    {"fast-clock", .packets = 6000, .ptime_ms = 20, .drift_ppm = 500, .least_played = 5990, .most_delay_ms = 45},
    {"slow-clock", .packets = 6000, .ptime_ms = 20, .drift_ppm = -500, .least_played = 5990, .most_delay_ms = 45},
    {"silence", .packets = 500, .ptime_ms = 20, .silence_at_ms = 4000, .silence_ms = 3000, .least_played = 498,
     .most_delay_ms = 30},
};

static void test_scenario(gconstpointer data)
{
    const scenario *s = data;
    g_autofree world *w = g_new0(world, 1);
    g_autoptr(GRand) random = g_rand_new_with_seed(7);
    let_arrive(w, s, random);
    run(w, s);
    int64_t delay_ms = (w->excess_us + cg_jitter_buffer_target_us(&w->buffer, w->next_us)) / 1000;
    g_test_message("%u played, %u lost, %u silent, delay %d ms, late %u", w->played, w->lost, w->silent, (int) delay_ms,
                   (unsigned) w->buffer.stats.late);
    g_assert_cmpuint(w->played, >=, s->least_played);
    g_assert_cmpuint(w->buffer.stats.lost, <=, s->most_lost);
    g_assert_cmpint(delay_ms, <=, s->most_delay_ms);
    g_assert_cmpuint(w->buffer.stats.duplicate, ==,
                     s->double_one_in > 0 ? (s->packets + s->double_one_in - 1) / s->double_one_in : 0);
}

static void put_plain(cg_jitter_buffer *buffer, cg_codec codec, uint32_t sequence, uint32_t timestamp, int64_t now_us)
{
    static const uint8_t payload[160];
    bool sound = cg_codec_get_info(codec)->speech;
    cg_jitter_packet packet = {.codec = codec,
                               .clock_rate = cg_codec_get_info(codec)->clock_rate,
                               .sequence = sequence,
                               .timestamp = timestamp,
                               .duration = sound ? cg_codec_get_info(codec)->clock_rate / 50 : 0,
                               .size = sound ? sizeof payload : 0,
                               .payload = payload};
    cg_jitter_buffer_put(buffer, &packet, now_us);
}

/* Events take sequence numbers: they are no losses. Of the 40 ms that they filled 20 are let go, for the buffer
 * is that late by then. */
static void test_events_are_no_holes(void)
{
    g_autofree cg_jitter_buffer *buffer = g_new0(cg_jitter_buffer, 1);
    put_plain(buffer, CG_CODEC_PCMU, 1, 0, 0);
    put_plain(buffer, CG_CODEC_TELEPHONE_EVENT_8000, 2, 160, 20000);
    put_plain(buffer, CG_CODEC_TELEPHONE_EVENT_8000, 3, 160, 40000);
    put_plain(buffer, CG_CODEC_PCMU, 4, 480, 60000);
    static const cg_jitter_kind kinds[] = {CG_JITTER_PACKET, CG_JITTER_PACKET, CG_JITTER_PACKET, CG_JITTER_SILENT,
                                           CG_JITTER_PACKET};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        g_assert_cmpint(cg_jitter_buffer_take(buffer, 60000, 0).kind, ==, kinds[i]);
    g_assert_cmpuint(buffer->stats.lost, ==, 0);
}

/* The packet behind a hole is given with it, for what it knows; the one two behind is not. */
static void test_loss_shows_next(void)
{
    g_autofree cg_jitter_buffer *buffer = g_new0(cg_jitter_buffer, 1);
    put_plain(buffer, CG_CODEC_OPUS, 1, 0, 0);
    put_plain(buffer, CG_CODEC_OPUS, 4, 3 * 960, 60000);
    g_assert_cmpint(cg_jitter_buffer_take(buffer, 60000, 0).kind, ==, CG_JITTER_PACKET);
    cg_jitter_frame frame = cg_jitter_buffer_take(buffer, 60000, 0);
    g_assert_cmpint(frame.kind, ==, CG_JITTER_LOST);
    g_assert_null(frame.packet);
    frame = cg_jitter_buffer_take(buffer, 60000, 0);
    g_assert_cmpint(frame.kind, ==, CG_JITTER_LOST);
    g_assert_cmpuint(frame.packet->sequence, ==, 4);
    g_assert_cmpint(cg_jitter_buffer_take(buffer, 60000, 0).kind, ==, CG_JITTER_PACKET);
}

/* Another codec's clock, or a time that has nothing to do with the one before, begins anew. */
static void test_begins_anew(void)
{
    g_autofree cg_jitter_buffer *buffer = g_new0(cg_jitter_buffer, 1);
    put_plain(buffer, CG_CODEC_OPUS, 1, 0, 0);
    put_plain(buffer, CG_CODEC_PCMU, 2, 77, 20000);
    g_assert_cmpuint(cg_jitter_buffer_take(buffer, 40000, 0).packet->sequence, ==, 2);
    put_plain(buffer, CG_CODEC_PCMU, 3, 0x80000000, 40000);
    g_assert_cmpuint(cg_jitter_buffer_take(buffer, 60000, 0).packet->sequence, ==, 3);
    put_plain(buffer, CG_CODEC_PCMU, 4, 0x80000000 + 160, 60000);
    g_assert_cmpint(cg_jitter_buffer_take(buffer, 80000, 0).kind, ==, CG_JITTER_PACKET);
}

/* However many come at once, no more than there is room for are kept: the newest. */
static void test_overflow(void)
{
    g_autofree cg_jitter_buffer *buffer = g_new0(cg_jitter_buffer, 1);
    for (unsigned i = 0; i < 100; i++)
        put_plain(buffer, CG_CODEC_PCMU, i, i * 160, 0);
    unsigned kept = 0;
    for (unsigned i = 0; i < CG_JITTER_SLOTS; i++)
        kept += buffer->slots[i].used;
    g_assert_cmpuint(kept, ==, CG_JITTER_SLOTS);
    g_assert_cmpuint(cg_jitter_buffer_take(buffer, 0, 0).packet->sequence, >=, 100 - CG_JITTER_SLOTS);
    put_plain(buffer, CG_CODEC_PCMU, 0x40000000, 16000, 0); /* far ahead ... */
    put_plain(buffer, CG_CODEC_PCMU, 5, 15840, 0);          /* ... and long gone */
    g_assert_cmpuint(buffer->next, ==, 0x40000000);
    g_assert_cmpuint(buffer->stats.late, >, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(scenarios); i++) {
        g_autofree char *name = g_strdup_printf("/jitter-buffer/%s", scenarios[i].name);
        g_test_add_data_func(name, &scenarios[i], test_scenario);
    }
    g_test_add_func("/jitter-buffer/events-are-no-holes", test_events_are_no_holes);
    g_test_add_func("/jitter-buffer/loss-shows-next", test_loss_shows_next);
    g_test_add_func("/jitter-buffer/begins-anew", test_begins_anew);
    g_test_add_func("/jitter-buffer/overflow", test_overflow);
    return g_test_run();
}
