/* Keys in RFC 4733 events: one digit per key under loss, doubling and reordering; the packets we make of keys. */
#include "bridge/dtmf/dtmf_receive.h"
#include "bridge/dtmf/dtmf_send.h"

#include <glib.h>
#include <string.h>

enum { MS = 1000 };

static void test_event(void)
{
    static const uint8_t octets[] = {11, 0x8a, 0x03, 0x20};
    uint8_t written[CG_DTMF_EVENT_SIZE];
    cg_dtmf_event event;
    g_assert_false(cg_dtmf_event_read(octets, 3, &event));
    g_assert_true(cg_dtmf_event_read(octets, 4, &event));
    g_assert_cmpuint(event.code, ==, 11);
    g_assert_true(event.end);
    g_assert_cmpuint(event.volume, ==, 10);
    g_assert_cmpuint(event.duration, ==, 800);
    cg_dtmf_event_write(written, &event);
    g_assert_cmpmem(written, sizeof written, octets, sizeof octets);
}

static void test_names(void)
{
    static const char keys[] = "0123456789*#ABCD";
    uint8_t code;
    for (unsigned i = 0; i < 256; i++)
        g_assert_cmpint(cg_dtmf_digit((uint8_t) i), ==, i < 16 ? keys[i] : '\0');
    for (unsigned i = 0; i < 16; i++)
        g_assert_true(cg_dtmf_code(keys[i], &code) && code == i);
    g_assert_true(cg_dtmf_code('b', &code) && code == 13);
    g_assert_false(cg_dtmf_code('\0', &code));
    g_assert_false(cg_dtmf_code('e', &code));
}

typedef struct {
    uint32_t timestamp;
    uint8_t code;
    bool end;
    int at_ms;
} step;

typedef struct {
    const char *name, *digits;
    step steps[12];
    unsigned count;
} receive_case;

static const receive_case receive_cases[] = {
    {"a whole key", "5", {{100, 5, 0, 0}, {100, 5, 0, 20}, {100, 5, 1, 40}, {100, 5, 1, 60}, {100, 5, 1, 80}}, 5},
    {"the first lost", "5", {{100, 5, 0, 20}, {100, 5, 1, 40}}, 2},
    {"all but one end lost", "5", {{100, 5, 1, 80}}, 1},
    {"all ends lost, the same key again", "55", {{100, 5, 0, 0}, {9000, 5, 0, 200}}, 2},
    {"late end after the next key", "56", {{100, 5, 0, 0}, {9000, 6, 0, 200}, {100, 5, 1, 201}, {9000, 6, 1, 300}}, 4},
    {"timestamps wrap", "12", {{0xffffff00, 1, 1, 0}, {500, 2, 1, 100}, {0xffffff00, 1, 1, 101}}, 3},
    {"flash is no key", "", {{100, 16, 1, 0}}, 1},
    /* Section 2.5.1.3: a key held for 4 s at 48 kHz comes in segments. */
    {"long key",
     "7",
     {{100, 7, 0, 0}, {100 + 0xffff, 7, 0, 1366}, {100 + 2 * 0xffff, 7, 0, 2731}, {100 + 2 * 0xffff, 7, 1, 4000}},
     4},
    {"the same key right after a long one", "77", {{100, 7, 1, 0}, {100 + 0xffff, 7, 0, 1366}}, 2},
    {"another key at a segment's place", "78", {{100, 7, 0, 0}, {100 + 0xffff, 8, 0, 1366}}, 2},
    {"older timestamp after a long while", "12", {{0x90000000, 1, 1, 0}, {100, 2, 1, 20000}}, 2},
};

static void test_count(void)
{
    g_assert_cmpuint(cg_dtmf_count(""), ==, 0);
    g_assert_cmpuint(cg_dtmf_count("w1xW"), ==, 1);
    g_assert_cmpuint(cg_dtmf_count("0123456789*#ABCDabcd"), ==, 20);
}

static void test_receive(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(receive_cases); i++) {
        const receive_case *c = &receive_cases[i];
        cg_dtmf_receiver receiver = {0};
        g_autoptr(GString) digits = g_string_new(NULL);
        for (unsigned n = 0; n < c->count; n++) {
            const step *s = &c->steps[n];
            cg_dtmf_event event = {.code = s->code, .end = s->end};
            char digit = cg_dtmf_receive(&receiver, s->timestamp, &event, s->at_ms * INT64_C(1000));
            if (digit != '\0')
                g_string_append_c(digits, digit);
        }
        g_test_message("%s", c->name);
        g_assert_cmpstr(digits->str, ==, c->digits);
    }
}

/* Runs the clockwork to its end; tells what went when: "first dur end" per packet. */
static char *send_all(cg_dtmf_sender *sender, uint32_t clock_rate, int64_t now_us)
{
    GString *log = g_string_new(NULL);
    int64_t due;
    for (int64_t start = now_us; (due = cg_dtmf_sender_due(sender)) != INT64_MAX;) {
        cg_dtmf_packet packet;
        now_us = MAX(now_us, due);
        if (cg_dtmf_sender_step(sender, clock_rate, now_us, &packet))
            g_string_append_printf(log, "%d:%s%c%u%s ", (int) ((now_us - start) / MS), packet.first ? "!" : "",
                                   cg_dtmf_digit(packet.event.code), packet.event.duration,
                                   packet.event.end ? "." : "");
    }
    return g_string_free(log, FALSE);
}

static void test_send(void)
{
    cg_dtmf_sender sender = {0};
    g_assert_cmpuint(cg_dtmf_sender_push(&sender, "1x#", 7 * MS), ==, 0);
    g_autofree char *log = send_all(&sender, 48000, 7 * MS);
    g_assert_cmpstr(log, ==,
                    "0:!1960 20:11920 40:12880 60:13840 80:14800. 100:14800. 120:14800. "
                    "170:!#960 190:#1920 210:#2880 230:#3840 250:#4800. 270:#4800. 290:#4800. ");
    g_assert_false(cg_dtmf_sender_is_sounding(&sender));
    g_assert_cmpuint(cg_dtmf_sender_push(&sender, "w9", 5000 * MS), ==, 0);
    g_autofree char *paused = send_all(&sender, 8000, 5000 * MS);
    g_assert_cmpstr(paused, ==, "500:!9160 520:9320 540:9480 560:9640 580:9800. 600:9800. 620:9800. ");
}

static void test_send_many(void)
{
    cg_dtmf_sender sender = {0};
    char many[100];
    memset(many, '1', sizeof many);
    many[99] = '\0';
    g_assert_cmpuint(cg_dtmf_sender_push(&sender, many, 0), ==, 99 - CG_DTMF_QUEUE);
    g_assert_cmpuint(sender.count, ==, CG_DTMF_QUEUE);
    cg_dtmf_packet packet;
    g_assert_true(cg_dtmf_sender_step(&sender, 8000, 0, &packet));
    g_assert_cmpuint(cg_dtmf_sender_push(&sender, "22", 0), ==, 1); /* the queue is a ring */
    g_assert_cmpuint(cg_dtmf_sender_push(&sender, "w?", 0), ==, 0); /* a pause is no key */
    g_assert_false(cg_dtmf_sender_step(&sender, 8000, 19 * MS, &packet));
    g_assert_true(cg_dtmf_sender_step(&sender, 8000, 20 * MS, &packet));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dtmf/event", test_event);
    g_test_add_func("/dtmf/names", test_names);
    g_test_add_func("/dtmf/count", test_count);
    g_test_add_func("/dtmf/receive", test_receive);
    g_test_add_func("/dtmf/send", test_send);
    g_test_add_func("/dtmf/send-many", test_send_many);
    return g_test_run();
}
