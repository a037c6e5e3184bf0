/* What the tests' own WebRTC peer does that the gateway, an ICE-lite agent, never asks of it: two peers check each
 * other, through a socket of the test's instead of their own. */
#include "base/clock.h"
#include "tests/lib-native/webrtc_peer.h"

#include <arpa/inet.h>
#include <glib.h>
#include <string.h>

enum { MAX_DATAGRAMS = 16, MAX_SIZE = 512 };

typedef struct {
    webrtc_peer *peers[2];
    struct {
        unsigned to;
        size_t size;
        uint8_t data[MAX_SIZE];
    } wire[MAX_DATAGRAMS];
    unsigned count;
} pair;

static struct sockaddr_in address_of(unsigned index)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t) (1000 + index))};
    inet_pton(AF_INET, "192.0.2.1", &address.sin_addr);
    return address;
}

static void on_send(webrtc_peer *peer, const struct sockaddr_storage *to, const void *data, size_t size, void *user)
{
    pair *p = user;
    unsigned receiver = peer == p->peers[0] ? 1 : 0;
    struct sockaddr_in expected = address_of(receiver);
    g_assert_cmpmem(to, sizeof expected, &expected, sizeof expected);
    g_assert_cmpuint(p->count, <, MAX_DATAGRAMS);
    g_assert_cmpuint(size, <=, MAX_SIZE);
    p->wire[p->count].to = receiver;
    p->wire[p->count].size = size;
    memcpy(p->wire[p->count++].data, data, size);
}

/* Those from `first` on that are there now; what they cause lies behind them. */
static void deliver(pair *p, unsigned first)
{
    unsigned end = p->count;
    for (unsigned i = first; i < end; i++)
        webrtc_peer_take(p->peers[p->wire[i].to], p->wire[i].data, p->wire[i].size);
}

static void add_peer(pair *p, unsigned index, peer_identity *identity)
{
    webrtc_peer_config config = {.identity = identity, .send = on_send, .candidate = address_of(index), .user = p};
    p->peers[index] = webrtc_peer_new(&config);
}

static void negotiate(pair *p)
{
    g_autofree char *offer = webrtc_peer_write_sdp(p->peers[0], WEBRTC_PEER_OFFER);
    g_assert_nonnull(strstr(offer, "a=candidate:1 1 udp 2130706431 192.0.2.1 1000 typ host\r\n"));
    g_assert_true(webrtc_peer_read_sdp(p->peers[1], offer));
    g_autofree char *answer = webrtc_peer_write_sdp(p->peers[1], WEBRTC_PEER_ANSWER);
    g_assert_true(webrtc_peer_read_sdp(p->peers[0], answer));
}

/* RFC 8445 section 7.3.1.1: were both controlling, each would be told of a role conflict. */
static void test_full_agents(void)
{
    pair p = {0};
    peer_identity *identity = peer_identity_new();
    for (unsigned i = 0; i < 2; i++)
        add_peer(&p, i, identity);
    negotiate(&p);
    for (unsigned i = 0; i < 2; i++)
        webrtc_peer_tick(p.peers[i], cg_clock_monotonic_us());
    g_assert_cmpuint(p.count, ==, 2); /* a check each */
    deliver(&p, 0);
    g_assert_cmpuint(p.count, ==, 4); /* and the answers */
    deliver(&p, 2);
    for (unsigned i = 0; i < 2; i++) {
        g_assert_cmpuint(webrtc_peer_get_counts(p.peers[i])->checks_answered, ==, 1);
        webrtc_peer_free(p.peers[i]);
    }
    peer_identity_free(identity);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    webrtc_peer_global_init();
    g_test_add_func("/webrtc-peer/full-agents", test_full_agents);
    return g_test_run();
}
