/* The stream of ICE-TCP taken apart (RFC 4571), who may wait before he belongs to a leg, and the worker in our ufrags.
 */
#include "bridge/ice/worker_ufrag.h"
#include "bridge/tcp/tcp_frames.h"
#include "bridge/tcp/tcp_unclaimed.h"
#include "bridge/transport/udp.h"
#include "bridge/transport/wire.h"

#include <glib.h>
#include <string.h>

static void add(cg_tcp_frames *frames, const void *data, size_t size)
{
    size_t room;
    uint8_t *to = cg_tcp_frames_room(frames, &room);
    g_assert_cmpuint(size, <=, room);
    memcpy(to, data, size);
    cg_tcp_frames_add(frames, size);
}

static void assert_frame(cg_tcp_frames *frames, const char *expected)
{
    const uint8_t *data;
    size_t size;
    g_assert_cmpint(cg_tcp_frames_next(frames, &data, &size), ==, CG_TCP_FRAME);
    g_assert_cmpmem(data, size, expected, strlen(expected));
}

static void assert_none(cg_tcp_frames *frames, cg_tcp_frame_status status)
{
    const uint8_t *data;
    size_t size;
    g_assert_cmpint(cg_tcp_frames_next(frames, &data, &size), ==, status);
}

static void test_whole(void)
{
    g_autofree cg_tcp_frames *frames = g_new0(cg_tcp_frames, 1);
    assert_none(frames, CG_TCP_FRAME_PARTIAL);
    add(frames, "\0\3abc\0\0\0\1d\0\2e", 13); /* the empty one is passed over */
    assert_frame(frames, "abc");
    assert_frame(frames, "d");
    assert_none(frames, CG_TCP_FRAME_PARTIAL);
    add(frames, "f", 1);
    assert_frame(frames, "ef");
    cg_tcp_frames_unread(frames, 2);
    assert_frame(frames, "ef");
    assert_none(frames, CG_TCP_FRAME_PARTIAL);
}

static void test_octet_by_octet(void)
{
    static const char stream[] = "\0\5hello\0\5world";
    g_autofree cg_tcp_frames *frames = g_new0(cg_tcp_frames, 1);
    for (size_t i = 0; i < sizeof stream - 1; i++) {
        assert_none(frames, CG_TCP_FRAME_PARTIAL);
        add(frames, stream + i, 1);
        if (i == 6)
            assert_frame(frames, "hello");
    }
    assert_frame(frames, "world");
}

/* The longest fits, however it comes; one octet more ends the stream as soon as it is announced. */
static void test_longest(void)
{
    g_autofree cg_tcp_frames *frames = g_new0(cg_tcp_frames, 1);
    uint8_t stream[2 * (2 + CG_UDP_MAX_DATAGRAM)] = {0};
    const uint8_t *data;
    size_t size;
    cg_write_u16(stream, CG_UDP_MAX_DATAGRAM);
    cg_write_u16(stream + 2 + CG_UDP_MAX_DATAGRAM, CG_UDP_MAX_DATAGRAM);
    add(frames, stream, sizeof stream - 1);
    g_assert_cmpint(cg_tcp_frames_next(frames, &data, &size), ==, CG_TCP_FRAME);
    g_assert_cmpuint(size, ==, CG_UDP_MAX_DATAGRAM);
    assert_none(frames, CG_TCP_FRAME_PARTIAL);
    add(frames, stream, 1);
    g_assert_cmpint(cg_tcp_frames_next(frames, &data, &size), ==, CG_TCP_FRAME);
    cg_write_u16(stream, CG_UDP_MAX_DATAGRAM + 1);
    add(frames, stream, 2);
    assert_none(frames, CG_TCP_FRAME_TOO_LONG);
    assert_none(frames, CG_TCP_FRAME_TOO_LONG);
}

static cg_path path_of(unsigned host, bool ipv6)
{
    cg_path path = {.ipv6 = ipv6, .transport = CG_TRANSPORT_TCP};
    cg_write_u32(path.remote + (ipv6 ? 4 : 0), host);
    return path;
}

static void test_one_address(void)
{
    g_autofree cg_tcp_unclaimed *unclaimed = g_new0(cg_tcp_unclaimed, 1);
    cg_path path = path_of(1, true), neighbour = path, other = path_of(2, true), v4 = path_of(0, false);
    int connection;
    void *displaced;
    neighbour.remote[15] = 7; /* of the same /64 */
    for (unsigned i = 0; i < CG_TCP_UNCLAIMED_OF_ADDRESS; i++)
        g_assert_cmpint(cg_tcp_unclaimed_enter(unclaimed, i % 2 ? &path : &neighbour, &connection, 100 + i, &displaced),
                        ==, i);
    g_assert_cmpint(cg_tcp_unclaimed_enter(unclaimed, &neighbour, &connection, 100, &displaced), ==, -1);
    g_assert_null(displaced);
    g_assert_cmpint(cg_tcp_unclaimed_enter(unclaimed, &other, &connection, 100, &displaced), >=, 0);
    g_assert_cmpint(cg_tcp_unclaimed_enter(unclaimed, &v4, &connection, 100, &displaced), >=, 0);
    /* A worker that has been asked does not give the place back before it has answered. */
    g_assert_true(cg_tcp_unclaimed_hand_over(unclaimed, 3) == &connection);
    g_assert_cmpint(cg_tcp_unclaimed_enter(unclaimed, &path, &connection, 100, &displaced), ==, -1);
    cg_tcp_unclaimed_leave(unclaimed, 3);
    g_assert_cmpint(cg_tcp_unclaimed_enter(unclaimed, &path, &connection, 100, &displaced), ==, 3);
}

static void test_full(void)
{
    g_autofree cg_tcp_unclaimed *unclaimed = g_new0(cg_tcp_unclaimed, 1);
    static int connections[CG_TCP_UNCLAIMED + 1];
    void *displaced;
    for (unsigned i = 0; i < CG_TCP_UNCLAIMED; i++) {
        cg_path path = path_of(i, false);
        int64_t deadline_us = i == 5 ? 10 : i == 6 ? 20 : 100;
        g_assert_cmpint(cg_tcp_unclaimed_enter(unclaimed, &path, &connections[i], deadline_us, &displaced), ==, i);
        g_assert_null(displaced);
    }
    cg_path path = path_of(CG_TCP_UNCLAIMED, false);
    cg_tcp_unclaimed_hand_over(unclaimed, 5); /* has spoken: no longer the one that is silent longest */
    g_assert_cmpint(cg_tcp_unclaimed_enter(unclaimed, &path, &connections[CG_TCP_UNCLAIMED], 200, &displaced), ==, 6);
    g_assert_true(displaced == &connections[6]);
    for (unsigned i = 0; i < CG_TCP_UNCLAIMED; i++)
        cg_tcp_unclaimed_hand_over(unclaimed, i);
    g_assert_cmpint(cg_tcp_unclaimed_enter(unclaimed, &path, &connections[6], 200, &displaced), ==, -1);
    g_assert_null(displaced);
}

static void test_late(void)
{
    g_autofree cg_tcp_unclaimed *unclaimed = g_new0(cg_tcp_unclaimed, 1);
    cg_path path = path_of(1, false);
    int first, second;
    int64_t next_us;
    void *displaced;
    g_assert_cmpint(cg_tcp_unclaimed_find_late(unclaimed, 1000, &next_us), ==, -1);
    g_assert_cmpint(next_us, ==, INT64_MAX);
    cg_tcp_unclaimed_enter(unclaimed, &path, &first, 300, &displaced);
    cg_tcp_unclaimed_enter(unclaimed, &path, &second, 200, &displaced);
    g_assert_cmpint(cg_tcp_unclaimed_find_late(unclaimed, 199, &next_us), ==, -1);
    g_assert_cmpint(next_us, ==, 200);
    g_assert_cmpint(cg_tcp_unclaimed_find_late(unclaimed, 200, &next_us), ==, 1);
    cg_tcp_unclaimed_hand_over(unclaimed, 1);
    g_assert_cmpint(cg_tcp_unclaimed_find_late(unclaimed, 200, &next_us), ==, -1);
    g_assert_cmpint(next_us, ==, 300);
}

static void test_ufrag(void)
{
    char ufrag[] = "abcdefgh";
    unsigned worker;
    for (unsigned i = 0; i < CG_MAX_WORKERS; i++) {
        cg_ufrag_set_worker(ufrag, i);
        g_assert_true(g_ascii_isalnum(ufrag[0]) || ufrag[0] == '+' || ufrag[0] == '/');
        g_assert_true(cg_ufrag_get_worker(ufrag, &worker));
        g_assert_cmpuint(worker, ==, i);
    }
    g_assert_false(cg_ufrag_get_worker("", &worker));
    g_assert_false(cg_ufrag_get_worker("-bcdefgh", &worker));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcp/frames/whole", test_whole);
    g_test_add_func("/tcp/frames/octet-by-octet", test_octet_by_octet);
    g_test_add_func("/tcp/frames/longest", test_longest);
    g_test_add_func("/tcp/unclaimed/one-address", test_one_address);
    g_test_add_func("/tcp/unclaimed/full", test_full);
    g_test_add_func("/tcp/unclaimed/late", test_late);
    g_test_add_func("/tcp/ufrag", test_ufrag);
    return g_test_run();
}
