/* Connections to a port, by real sockets of loopback and a clock that the test sets. */
#include "signaling/sip/sip_connections.h"

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <unistd.h>

#define SECOND INT64_C(1000000)

static const cg_sip_connection_limits limits = {.max = 4, .max_per_address = 2, .message_timeout_ms = 1000};

typedef struct {
    int listener;
    struct sockaddr_in address; /* its own */
    cg_sip_connections *connections;
} world;

typedef struct {
    int near, far; /* as accepted, as connected */
    struct sockaddr_storage peer;
    bool admitted;
} pair;

static world make_world(void)
{
    world made = {.listener = socket(AF_INET, SOCK_STREAM, 0), .connections = cg_sip_connections_new(&limits)};
    socklen_t size = sizeof made.address;
    made.address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    g_assert_cmpint(bind(made.listener, (struct sockaddr *) &made.address, size), ==, 0);
    g_assert_cmpint(listen(made.listener, 16), ==, 0);
    g_assert_cmpint(getsockname(made.listener, (struct sockaddr *) &made.address, &size), ==, 0);
    g_assert_cmpuint(cg_sip_connections_listening(made.connections), ==, 0);
    g_assert_true(cg_sip_connections_admit(made.connections, made.listener, SECOND));
    g_assert_cmpuint(cg_sip_connections_listening(made.connections), ==, 1);
    return made;
}

static void end_world(world *of)
{
    cg_sip_connections_free(of->connections);
    close(of->listener);
}

/* From 127.0.0.<host>. */
static pair connect_from(const world *to, unsigned host, int64_t now_us)
{
    pair made = {.far = socket(AF_INET, SOCK_STREAM, 0)};
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000000 | host)};
    socklen_t size = sizeof made.peer;
    g_assert_cmpint(bind(made.far, (struct sockaddr *) &own, sizeof own), ==, 0);
    g_assert_cmpint(connect(made.far, (const struct sockaddr *) &to->address, sizeof to->address), ==, 0);
    made.near = accept(to->listener, (struct sockaddr *) &made.peer, &size);
    g_assert_cmpint(made.near, >=, 0);
    made.admitted = cg_sip_connections_admit(to->connections, made.near, now_us);
    return made;
}

static void end_pair(pair *of)
{
    close(of->near);
    close(of->far);
}

/* Whether the far end sees the end of the connection. */
static bool is_ended(const pair *of)
{
    char octet;
    return recv(of->far, &octet, 1, MSG_DONTWAIT) == 0;
}

static void test_limits(void)
{
    static const struct {
        unsigned host;
        bool admitted;
    } rows[] = {{2, true}, {2, true}, {2, false}, {3, true}, {4, true}, {5, false}};
    world here = make_world();
    pair pairs[G_N_ELEMENTS(rows)];
    cg_sip_connections_stats stats;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        pairs[i] = connect_from(&here, rows[i].host, SECOND);
        g_assert_cmpint(pairs[i].admitted, ==, rows[i].admitted);
    }
    g_assert_true(cg_sip_connections_admit(here.connections, pairs[0].near, SECOND)); /* again, as TLS does */
    g_assert_true(cg_sip_connections_admit(here.connections, pairs[5].far, SECOND));  /* ours */
    end_pair(&pairs[0]); /* makes room, though nobody says so */
    pair next = connect_from(&here, 2, SECOND);
    g_assert_true(next.admitted);
    cg_sip_connections_look(here.connections, SECOND);
    cg_sip_connections_stats_read(here.connections, &stats);
    g_assert_cmpuint(stats.open, ==, 4);
    g_assert_cmpuint(stats.refused, ==, 2);
    g_assert_cmpuint(stats.late, ==, 0);
    end_pair(&next);
    for (size_t i = 1; i < G_N_ELEMENTS(rows); i++)
        end_pair(&pairs[i]);
    end_world(&here);
}

static void test_late(void)
{
    world here = make_world();
    pair silent = connect_from(&here, 2, SECOND), heard = connect_from(&here, 3, SECOND);
    cg_sip_connections_stats stats;
    cg_sip_connections_begun(here.connections, &silent.peer, SECOND + SECOND / 2); /* gives no more time */
    cg_sip_connections_heard(here.connections, &heard.peer);
    cg_sip_connections_look(here.connections, 2 * SECOND - 1);
    g_assert_false(is_ended(&silent));
    cg_sip_connections_look(here.connections, 2 * SECOND);
    g_assert_true(is_ended(&silent));
    g_assert_false(is_ended(&heard));
    cg_sip_connections_look(here.connections, 100 * SECOND);
    g_assert_false(is_ended(&heard)); /* says nothing, and need not */
    cg_sip_connections_begun(here.connections, &heard.peer, 100 * SECOND);
    cg_sip_connections_look(here.connections, 101 * SECOND - 1);
    g_assert_false(is_ended(&heard));
    cg_sip_connections_look(here.connections, 101 * SECOND);
    g_assert_true(is_ended(&heard));
    cg_sip_connections_stats_read(here.connections, &stats);
    g_assert_cmpuint(stats.late, ==, 2);
    g_assert_cmpuint(stats.open, ==, 0);
    end_pair(&silent);
    end_pair(&heard);
    end_world(&here);
}

static void test_end(void)
{
    world here = make_world();
    pair one = connect_from(&here, 2, SECOND), other = connect_from(&here, 2, SECOND);
    cg_sip_connections_end(here.connections, &one.peer);
    g_assert_true(is_ended(&one));
    g_assert_false(is_ended(&other));
    end_pair(&one);
    int reused = dup(here.listener); /* what has its descriptor now is left alone */
    cg_sip_connections_end(here.connections, &one.peer);
    close(reused);
    end_pair(&other);
    end_world(&here);
}

static void test_others(void)
{
    world here = make_world();
    int datagrams = socket(AF_INET, SOCK_DGRAM, 0), pipes[2];
    g_assert_cmpint(cg_sip_connections_datagrams(here.connections, AF_INET), ==, -1);
    g_assert_true(cg_sip_connections_admit(here.connections, datagrams, SECOND));
    g_assert_cmpint(cg_sip_connections_datagrams(here.connections, AF_INET), ==, datagrams);
    g_assert_cmpint(pipe(pipes), ==, 0);
    g_assert_true(cg_sip_connections_admit(here.connections, pipes[0], SECOND));
    close(pipes[0]);
    close(pipes[1]);
    close(datagrams);
    end_world(&here);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sip_connections/limits", test_limits);
    g_test_add_func("/sip_connections/late", test_late);
    g_test_add_func("/sip_connections/end", test_end);
    g_test_add_func("/sip_connections/others", test_others);
    return g_test_run();
}
