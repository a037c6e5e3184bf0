/* Whose plain RTP is taken: the signalled address's, once locked nobody else's, a stranger's only where configured. */
#include "bridge/transport/rtp_latch.h"

#include <glib.h>

#define SECOND INT64_C(1000000)

static cg_path path(uint8_t host, uint16_t port)
{
    return (cg_path){.remote = {192, 0, 2, host}, .port = port, .transport = CG_TRANSPORT_RTP, .local = {7}};
}

static cg_rtp_latch latch_to(uint8_t host, uint16_t port, int64_t first_wins_until_us)
{
    cg_rtp_latch latch = {0};
    cg_path signalled = path(host, port);
    cg_rtp_latch_signal(&latch, &signalled, first_wins_until_us);
    return latch;
}

static bool allows(const cg_rtp_latch *latch, uint8_t host, uint16_t port)
{
    cg_path from = path(host, port);
    return cg_rtp_latch_allows(latch, &from, SECOND);
}

static bool lock(cg_rtp_latch *latch, uint8_t host, uint16_t port)
{
    cg_path from = path(host, port);
    return cg_rtp_latch_lock(latch, &from);
}

static void assert_remote(const cg_rtp_latch *latch, uint8_t host, uint16_t port)
{
    cg_path expected = path(host, port);
    g_assert_true(cg_path_equal(&latch->remote, &expected));
}

static void test_signalled(void)
{
    cg_rtp_latch latch = latch_to(1, 4000, 0);
    assert_remote(&latch, 1, 4000);
    g_assert_true(allows(&latch, 1, 4000));
    g_assert_true(allows(&latch, 1, 4002)); /* symmetric RTP behind a NAT or an SBC */
    g_assert_false(allows(&latch, 2, 4000));
    g_assert_false(lock(&latch, 1, 4000)); /* nothing moves */
    g_assert_false(allows(&latch, 1, 4002));
    g_assert_false(allows(&latch, 2, 4000));
    g_assert_true(allows(&latch, 1, 4000));
}

static void test_other_port(void)
{
    cg_rtp_latch latch = latch_to(1, 4000, 0);
    g_assert_true(lock(&latch, 1, 5000));
    assert_remote(&latch, 1, 5000);
    g_assert_true(allows(&latch, 1, 5000));
    g_assert_false(allows(&latch, 1, 5002));
    /* What was signalled to the letter is no stranger. */
    g_assert_true(allows(&latch, 1, 4000));
    g_assert_true(lock(&latch, 1, 4000));
    g_assert_false(allows(&latch, 1, 5000));
}

static void test_first_wins(void)
{
    cg_rtp_latch latch = latch_to(1, 4000, 2 * SECOND), late = latch_to(1, 4000, SECOND);
    g_assert_true(allows(&latch, 9, 6000));
    g_assert_false(allows(&late, 9, 6000));
    g_assert_true(lock(&latch, 9, 6000));
    g_assert_true(allows(&latch, 9, 6000));
    g_assert_false(allows(&latch, 8, 6000));
    g_assert_false(allows(&latch, 9, 6002));
    g_assert_false(allows(&latch, 1, 4002));
    g_assert_true(allows(&latch, 1, 4000));
}

static void test_described_again(void)
{
    cg_rtp_latch latch = latch_to(1, 4000, 0);
    cg_path same = path(1, 4000), other = path(3, 4000);
    lock(&latch, 1, 5000);
    cg_rtp_latch_signal(&latch, &same, 0);
    assert_remote(&latch, 1, 5000); /* a session refresh changes nothing */
    g_assert_false(allows(&latch, 1, 6000));
    cg_rtp_latch_signal(&latch, &other, 0);
    assert_remote(&latch, 3, 4000);
    g_assert_false(allows(&latch, 1, 5000));
    g_assert_true(allows(&latch, 3, 4444));
}

static void test_first_wins_anew(void)
{
    cg_rtp_latch latch = latch_to(1, 4000, SECOND / 2);
    cg_path same = path(1, 4000);
    g_assert_false(allows(&latch, 2, 5000));
    cg_rtp_latch_signal(&latch, &same, 2 * SECOND);
    g_assert_true(allows(&latch, 2, 5000));
    lock(&latch, 2, 5000);
    cg_rtp_latch_signal(&latch, &same, 2 * SECOND);
    g_assert_false(allows(&latch, 3, 5000));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rtp_latch/signalled", test_signalled);
    g_test_add_func("/rtp_latch/other_port", test_other_port);
    g_test_add_func("/rtp_latch/first_wins", test_first_wins);
    g_test_add_func("/rtp_latch/first_wins_anew", test_first_wins_anew);
    g_test_add_func("/rtp_latch/described_again", test_described_again);
    return g_test_run();
}
