/* The servers of full ICE agents as an operator writes them, and the passwords made of a shared secret. */
#include "bridge/ice/ice_servers.h"

#include <glib.h>

static const struct {
    const char *stun, *turn, *ports;
    const char *error; /* a part of it; NULL: it is right */
    const char *address;
    uint16_t port;
    bool tcp;
} rows[] = {
    {.stun = "192.0.2.1", .address = "192.0.2.1", .port = 3478},
    {.stun = "192.0.2.1:19302", .address = "192.0.2.1", .port = 19302},
    {.stun = "[2001:db8::1]", .address = "2001:db8::1", .port = 3478},
    {.stun = "[2001:db8::1]:99", .address = "2001:db8::1", .port = 99},
    {.stun = "2001:db8::1", .error = "stun_server"},
    {.stun = "[192.0.2.1]", .error = "stun_server"},
    {.stun = "[2001:db8::1", .error = "stun_server"},
    {.stun = "[2001:db8::1]99", .error = "stun_server"},
    {.stun = "stun.example.com:3478", .error = "is not ADDRESS:PORT with an IP address"},
    {.stun = "192.0.2.1:", .error = "stun_server"},
    {.stun = "192.0.2.1:0", .error = "stun_server"},
    {.stun = "192.0.2.1:65536", .error = "stun_server"},
    {.stun = "192.0.2.1:3478:1", .error = "stun_server"},
    {.stun = "", .error = "stun_server"},
    {.stun = "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb", .error = "stun_server"},
    {.turn = "turn:192.0.2.1", .address = "192.0.2.1", .port = 3478},
    {.turn = "TURN:192.0.2.1:80?transport=TCP", .address = "192.0.2.1", .port = 80, .tcp = true},
    {.turn = "turn:[2001:db8::1]:99?transport=udp", .address = "2001:db8::1", .port = 99},
    {.turn = "turn:192.0.2.1?transport=tls", .error = "turn_servers: \"turn:192.0.2.1?transport=tls\" is not"},
    {.turn = "turn:192.0.2.1?transport=", .error = "turn_servers"},
    {.turn = "turns:192.0.2.1", .error = "turn_servers"},
    {.turn = "192.0.2.1", .error = "turn_servers"},
    {.turn = "turn:", .error = "turn_servers"},
    {.ports = "5000 - 5999"},
    {.ports = "5000-5000"},
    {.ports = "5000", .error = "agent_ports: \"5000\" is not FIRST-LAST"},
    {.ports = "5001-5000", .error = "agent_ports"},
    {.ports = "0-5000", .error = "agent_ports"},
    {.ports = "1-70000", .error = "agent_ports"},
    {.ports = "-", .error = "agent_ports"},
    {.ports = "", .error = "agent_ports"},
};

static void test_texts(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const cg_ice_servers_config config = {.stun_server = rows[i].stun,
                                              .turn_servers = (const char *const[]){rows[i].turn, NULL},
                                              .turn_secret = "secret",
                                              .agent_ports = rows[i].ports};
        cg_ice_servers servers = {0};
        g_autofree char *error = NULL;
        g_test_message("%zu", i);
        bool right = cg_ice_servers_read(&config, &servers, &error);
        g_assert_true(right == (rows[i].error == NULL));
        if (!right) {
            g_assert_nonnull(g_strstr_len(error, -1, rows[i].error));
            continue;
        }
        g_assert_null(error);
        const cg_ice_server *server = rows[i].turn != NULL ? &servers.turn[0] : &servers.stun;
        g_assert_cmpuint(servers.turn_count, ==, rows[i].turn != NULL);
        g_assert_cmpuint(server->port, ==, rows[i].port);
        g_assert_cmpstr(server->address, ==, rows[i].address != NULL ? rows[i].address : "");
        g_assert_true(server->tcp == rows[i].tcp);
        if (rows[i].ports != NULL)
            g_assert_cmpuint(servers.min_port, ==, 5000);
    }
}

static bool read_turn(size_t count, const char *username, const char *password, const char *secret, char **ret_error)
{
    const char *texts[CG_MAX_TURN_SERVERS + 2] = {NULL};
    cg_ice_servers servers;
    for (size_t i = 0; i < count; i++)
        texts[i] = "turn:192.0.2.1";
    const cg_ice_servers_config config = {
        .turn_servers = texts, .turn_username = username, .turn_password = password, .turn_secret = secret};
    g_clear_pointer(ret_error, g_free);
    return cg_ice_servers_read(&config, &servers, ret_error);
}

/* TURN servers ask who is there: one way to say it is needed, and not two. */
static void test_needed_credentials(void)
{
    g_autofree char *error = NULL;
    g_autofree char *long_text = g_strnfill(CG_TURN_MAX_TEXT + 1, 'a');
    g_assert_true(read_turn(1, "user", "password", NULL, &error));
    g_assert_true(read_turn(CG_MAX_TURN_SERVERS, NULL, NULL, "secret", &error));
    g_assert_true(read_turn(0, NULL, NULL, NULL, &error));
    g_assert_false(read_turn(CG_MAX_TURN_SERVERS + 1, NULL, NULL, "secret", &error));
    g_assert_false(read_turn(1, NULL, NULL, NULL, &error));
    g_assert_false(read_turn(1, "user", NULL, NULL, &error));
    g_assert_false(read_turn(1, NULL, "password", NULL, &error));
    g_assert_false(read_turn(1, "user", "password", "secret", &error));
    g_assert_nonnull(g_strstr_len(error, -1, "either turn_username and turn_password, or turn_secret"));
    g_assert_false(read_turn(1, NULL, NULL, long_text, &error));
    g_assert_cmpstr(error, ==, "turn_secret: at most 255 characters");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ice-servers/texts", test_texts);
    g_test_add_func("/ice-servers/needed-credentials", test_needed_credentials);
    return g_test_run();
}
