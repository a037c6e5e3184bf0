/* The mailbox: order, wake-ups, the fate of what is never delivered, and several posters at once (also a run for
 * ThreadSanitizer). */
#include <poll.h>
#include <sys/eventfd.h>

#include <glib.h>

#include "base/clock.h"
#include "base/mailbox.h"

typedef struct {
    cg_mail mail;
    int poster;
    int number;
} letter;

typedef struct {
    GArray *numbers;     /* of int: what was delivered */
    cg_mailbox *mailbox; /* to post to while delivering */
    int replies;         /* posts still to be made so */
} owner;

static void discard_letter(cg_mail *mail)
{
    g_free(mail);
}

static void deliver_letter(cg_mail *mail, void *user)
{
    owner *o = user;
    letter *l = (letter *) mail;
    g_array_append_val(o->numbers, l->number);
    g_free(l);
}

static cg_mail *letter_new(int poster, int number, void (*deliver)(cg_mail *mail, void *owner))
{
    letter *l = g_new0(letter, 1);
    l->mail.deliver = deliver;
    l->mail.discard = discard_letter;
    l->poster = poster;
    l->number = number;
    return &l->mail;
}

static bool is_readable(const cg_mailbox *mailbox)
{
    struct pollfd poll_fd = {.fd = cg_mailbox_fd(mailbox), .events = POLLIN};
    return poll(&poll_fd, 1, 0) == 1;
}

static void test_order_and_wake_up(void)
{
    cg_mailbox *mailbox = cg_mailbox_new();
    owner o = {.numbers = g_array_new(FALSE, FALSE, sizeof(int))};
    g_assert_false(is_readable(mailbox));
    g_assert_cmpuint(cg_mailbox_deliver(mailbox, &o), ==, 0);
    for (int i = 0; i < 5; i++)
        cg_mailbox_post(mailbox, letter_new(0, i, deliver_letter));
    g_assert_true(is_readable(mailbox));
    g_assert_cmpuint(cg_mailbox_depth(mailbox), ==, 5);
    g_assert_cmpuint(cg_mailbox_deliver(mailbox, &o), ==, 5);
    g_assert_false(is_readable(mailbox));
    g_assert_cmpuint(cg_mailbox_depth(mailbox), ==, 0);
    for (int i = 0; i < 5; i++)
        g_assert_cmpint(g_array_index(o.numbers, int, i), ==, i);
    g_array_unref(o.numbers);
    cg_mailbox_free(mailbox);
}

/* An eventfd counts what was written to it. */
static void test_one_wake_up_for_a_burst(void)
{
    cg_mailbox *mailbox = cg_mailbox_new();
    owner o = {.numbers = g_array_new(FALSE, FALSE, sizeof(int))};
    for (int burst = 0; burst < 2; burst++) {
        for (int i = 0; i < 5; i++)
            cg_mailbox_post(mailbox, letter_new(0, i, deliver_letter));
        eventfd_t wake_ups = 0;
        g_assert_cmpint(eventfd_read(cg_mailbox_fd(mailbox), &wake_ups), ==, 0);
        g_assert_cmpuint(wake_ups, ==, 1);
        g_assert_cmpuint(cg_mailbox_deliver(mailbox, &o), ==, 5);
    }
    g_array_unref(o.numbers);
    cg_mailbox_free(mailbox);
}

static void deliver_and_reply(cg_mail *mail, void *user)
{
    owner *o = user;
    int number = ((letter *) mail)->number;
    deliver_letter(mail, user);
    if (o->replies-- > 0)
        cg_mailbox_post(o->mailbox, letter_new(0, number + 1, deliver_and_reply));
}

/* What is posted during a delivery wakes the owner again and does not keep it from anything else. */
static void test_post_while_delivering(void)
{
    cg_mailbox *mailbox = cg_mailbox_new();
    owner o = {.numbers = g_array_new(FALSE, FALSE, sizeof(int)), .mailbox = mailbox, .replies = 2};
    cg_mailbox_post(mailbox, letter_new(0, 0, deliver_and_reply));
    for (guint round = 1; round <= 3; round++) {
        g_assert_true(is_readable(mailbox));
        g_assert_cmpuint(cg_mailbox_deliver(mailbox, &o), ==, 1);
        g_assert_cmpuint(o.numbers->len, ==, round);
    }
    g_assert_false(is_readable(mailbox));
    g_array_unref(o.numbers);
    cg_mailbox_free(mailbox);
}

static int discarded[3];

static void count_discard(cg_mail *mail)
{
    discarded[((letter *) mail)->number]++;
    g_free(mail);
}

static void test_free_discards(void)
{
    cg_mailbox *mailbox = cg_mailbox_new();
    for (int i = 0; i < 3; i++) {
        cg_mail *mail = letter_new(0, i, deliver_letter);
        mail->discard = count_discard;
        cg_mailbox_post(mailbox, mail);
    }
    cg_mailbox_free(mailbox);
    for (int i = 0; i < 3; i++)
        g_assert_cmpint(discarded[i], ==, 1);
    cg_mailbox_free(NULL);
}

static void test_wait(void)
{
    cg_mailbox *mailbox = cg_mailbox_new();
    owner o = {.numbers = g_array_new(FALSE, FALSE, sizeof(int))};
    int64_t start = cg_clock_monotonic_us();
    g_assert_false(cg_mailbox_wait(mailbox, 20));
    g_assert_cmpint(cg_clock_monotonic_us() - start, >=, 20000);
    g_assert_false(cg_mailbox_wait(mailbox, 0));
    cg_mailbox_post(mailbox, letter_new(0, 1, deliver_letter));
    g_assert_true(cg_mailbox_wait(mailbox, 0));
    g_assert_true(cg_mailbox_wait(mailbox, -1));
    g_assert_cmpuint(cg_mailbox_deliver(mailbox, &o), ==, 1);
    g_assert_false(cg_mailbox_wait(mailbox, 0));
    g_array_unref(o.numbers);
    cg_mailbox_free(mailbox);
}

#define POSTERS 4
#define LETTERS_PER_POSTER 20000

typedef struct {
    int next[POSTERS]; /* the number each poster's next letter must have */
    size_t total;
} census;

static void deliver_to_census(cg_mail *mail, void *user)
{
    census *c = user;
    const letter *l = (const letter *) mail;
    g_assert_cmpint(l->number, ==, c->next[l->poster]);
    c->next[l->poster]++;
    c->total++;
    g_free(mail);
}

typedef struct {
    cg_mailbox *mailbox;
    int poster;
} poster_task;

static gpointer post_letters(gpointer data)
{
    const poster_task *task = data;
    for (int i = 0; i < LETTERS_PER_POSTER; i++) {
        cg_mailbox_post(task->mailbox, letter_new(task->poster, i, deliver_to_census));
        if (i % 64 == 0)
            g_thread_yield(); /* so that the mailbox runs empty now and then */
    }
    return NULL;
}

/* Every letter arrives once and in its poster's order, and no wake-up is lost: the wait would time out. */
static void test_many_posters(gconstpointer use_poll)
{
    cg_mailbox *mailbox = cg_mailbox_new();
    poster_task tasks[POSTERS];
    GThread *threads[POSTERS];
    census c = {0};
    for (int i = 0; i < POSTERS; i++) {
        tasks[i] = (poster_task){.mailbox = mailbox, .poster = i};
        threads[i] = g_thread_new("poster", post_letters, &tasks[i]);
    }
    while (c.total < POSTERS * LETTERS_PER_POSTER) {
        struct pollfd poll_fd = {.fd = cg_mailbox_fd(mailbox), .events = POLLIN};
        bool woken = use_poll ? poll(&poll_fd, 1, 10000) == 1 : cg_mailbox_wait(mailbox, 10000);
        g_assert_true(woken);
        cg_mailbox_deliver(mailbox, &c);
    }
    for (int i = 0; i < POSTERS; i++) {
        g_thread_join(threads[i]);
        g_assert_cmpint(c.next[i], ==, LETTERS_PER_POSTER);
    }
    g_assert_cmpuint(cg_mailbox_depth(mailbox), ==, 0);
    cg_mailbox_free(mailbox);
}

typedef struct {
    cg_mailbox *there; /* the peer's */
    cg_mailbox *here;
    int left; /* letters still to be answered */
} pong;

static void deliver_ping(cg_mail *mail, void *user)
{
    pong *p = user;
    p->left--;
    cg_mailbox_post(p->there, mail);
}

static gpointer answer(gpointer data)
{
    pong *p = data;
    while (p->left > 0) {
        g_assert_true(cg_mailbox_wait(p->here, 10000));
        cg_mailbox_deliver(p->here, p);
    }
    return NULL;
}

/* One mail back and forth between two threads: each post finds an empty mailbox and must wake its owner. */
static void test_ping_pong(void)
{
    cg_mailbox *a = cg_mailbox_new(), *b = cg_mailbox_new();
    pong side_a = {.here = a, .there = b, .left = 5000}, side_b = {.here = b, .there = a, .left = 5000};
    cg_mailbox_post(a, letter_new(0, 0, deliver_ping));
    GThread *thread = g_thread_new("pong", answer, &side_b);
    answer(&side_a);
    g_thread_join(thread);
    cg_mailbox_free(a);
    cg_mailbox_free(b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mailbox/order-and-wake-up", test_order_and_wake_up);
    g_test_add_func("/mailbox/one-wake-up-for-a-burst", test_one_wake_up_for_a_burst);
    g_test_add_func("/mailbox/post-while-delivering", test_post_while_delivering);
    g_test_add_func("/mailbox/free-discards", test_free_discards);
    g_test_add_func("/mailbox/wait", test_wait);
    g_test_add_data_func("/mailbox/many-posters/wait", NULL, test_many_posters);
    g_test_add_data_func("/mailbox/many-posters/poll", GINT_TO_POINTER(1), test_many_posters);
    g_test_add_func("/mailbox/ping-pong", test_ping_pong);
    return g_test_run();
}
