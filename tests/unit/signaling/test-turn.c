/* TURN credentials and URLs. The vector is made by openssl:
 *     printf 1767225600:NAME | openssl dgst -sha1 -hmac north -binary | base64
 * with NAME the first 16 hex digits of
 *     printf 'callgate client AC1 alice' | openssl dgst -sha256 -hmac north */
#include "signaling/turn.h"

#include <glib.h>
#include <string.h>

static void test_client(void)
{
    cg_turn_credentials alice = cg_turn_client_credentials("north", "AC1", "alice", 1767225600);
    g_assert_cmpstr(alice.username, ==, "1767225600:302c330c978f3d1b");
    g_assert_cmpstr(alice.password, ==, "ylyN59xlXXZwCda+caUWIT4WEp0=");
    g_assert_cmpstr(cg_turn_client_credentials("north", "AC1", NULL, 1767225600).username, !=, alice.username);
    g_assert_cmpstr(cg_turn_client_credentials("north", "AC2", "alice", 1767225600).username, !=, alice.username);
    g_assert_cmpstr(cg_turn_client_credentials("south", "AC1", "alice", 1767225600).username, !=, alice.username);
    /* The largest there can be has room. */
    alice = cg_turn_client_credentials("north", "AC1", "alice", INT64_MAX);
    g_assert_cmpuint(strlen(alice.username), ==, 19 + 1 + 16);
}

/* The password: printf 1700086400:callgate | openssl dgst -sha1 -hmac secret -binary | base64 */
static void test_credentials(void)
{
    cg_turn_credentials made = cg_turn_credentials_make("secret", "callgate", 1700086400);
    g_assert_cmpstr(made.username, ==, "1700086400:callgate");
    g_assert_cmpstr(made.password, ==, "gv/4gmKMiRQziONHnbiXuLqapwA=");
}

static void test_urls(void)
{
    static const struct {
        const char *url;
        bool valid;
    } cases[] = {
        {"turn:turn.example.com", true},
        {"turn:turn.example.com:3478", true},
        {"turns:turn-1.example.com:443?transport=tcp", true},
        {"turn:192.0.2.1:3478?transport=udp", true},
        {"turn:[2001:db8::1]", true},
        {"turn:[2001:db8::1]:65535?transport=tcp", true},
        {"", false},
        {"turn", false},
        {"turn:", false},
        {"turn:?transport=udp", false},
        {"stun:stun.example.com", false},
        {"http://turn.example.com", false},
        {"turn://turn.example.com", false},
        {"TURN:turn.example.com", false},
        {"turn:user@turn.example.com", false},
        {"turn:turn.example.com:", false},
        {"turn:turn.example.com:0", false},
        {"turn:turn.example.com:65536", false},
        {"turn:turn.example.com:+1", false},
        {"turn:turn.example.com:3478/path", false},
        {"turn:turn.example.com?transport=sctp", false},
        {"turn:turn.example.com?transport=tcp&x=1", false},
        {"turn:[2001:db8::1", false},
        {"turn:[]", false},
        {"turn:2001:db8::1", false},
        {"turn:turn example.com", false},
        {"turn:turn.example.com\n", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        if (cg_turn_url_is_valid(cases[i].url) != cases[i].valid)
            g_error("\"%s\" should be %s", cases[i].url, cases[i].valid ? "valid" : "refused");
    g_autofree char *long_host = g_strnfill(300, 'a');
    g_autofree char *long_url = g_strconcat("turn:", long_host, NULL);
    g_assert_false(cg_turn_url_is_valid(long_url));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/turn/client", test_client);
    g_test_add_func("/turn/credentials", test_credentials);
    g_test_add_func("/turn/urls", test_urls);
    return g_test_run();
}
