/* What the kernel tells of a socket that nobody reads. */
#include "bridge/transport/udp.h"

#include <arpa/inet.h>
#include <glib.h>

enum { DATAGRAM = 1200, TOO_MANY = 20000 }; /* beyond any receive buffer that the kernel grants */

static cg_udp *new_on_loopback(void)
{
    struct sockaddr_storage address = {0};
    *(struct sockaddr_in *) &address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    cg_udp *udp = cg_udp_new(&address);
    g_assert_nonnull(udp);
    return udp;
}

/* What finds no room in the receive buffer is counted, once. */
static void test_receive_drops(void)
{
    static const uint8_t data[DATAGRAM];
    cg_udp *full = new_on_loopback(), *sender = new_on_loopback();
    cg_path path = {.remote = {127, 0, 0, 1}, .local = {127, 0, 0, 1}, .port = cg_udp_port(full)};
    g_assert_cmpuint(cg_udp_take_receive_drops(full), ==, 0);
    for (unsigned i = 0; i < TOO_MANY; i++)
        cg_udp_send(sender, &path, data, sizeof data);
    cg_udp_flush(sender);
    uint32_t drops = cg_udp_take_receive_drops(full), received = 0;
    cg_datagram datagrams[CG_UDP_BATCH];
    bool more = true;
    while (more) {
        unsigned malformed;
        received += (uint32_t) cg_udp_receive(full, datagrams, &more, &malformed);
    }
    g_assert_cmpuint(cg_udp_take_send_failures(sender), ==, 0);
    g_assert_cmpuint(drops, >, 0);
    g_assert_cmpuint(drops + received, ==, TOO_MANY);
    g_assert_cmpuint(cg_udp_take_receive_drops(full), ==, 0);
    cg_udp_free(full);
    cg_udp_free(sender);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/udp/receive-drops", test_receive_drops);
    return g_test_run();
}
