/* Where plain RTP is received: which addresses are told, and pairs of ports of either family. */
#include "bridge/transport/rtp_host.h"

#include <arpa/inet.h>
#include <glib.h>
#include <string.h>

static char *text_of(const cg_rtp_host *host)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < host->told_count; i++) {
        char address[INET6_ADDRSTRLEN];
        const struct sockaddr_storage *told = &host->told[i];
        bool ipv6 = told->ss_family == AF_INET6;
        inet_ntop(told->ss_family,
                  ipv6 ? (const void *) &((const struct sockaddr_in6 *) told)->sin6_addr
                       : (const void *) &((const struct sockaddr_in *) told)->sin_addr,
                  address, sizeof address);
        g_string_append_printf(text, "%s ", address);
        g_assert_cmpuint(cg_rtp_ports_get(told), ==, 0);
    }
    return g_string_free(text, FALSE);
}

static void test_told(void)
{
    static const struct {
        const char *own, *advertise, *given, *told; /* `told` NULL: refused */
        const char *error;
    } rows[] = {
        {"2001:db8::1,10.0.0.1,10.0.0.2", "", "", "10.0.0.1 2001:db8::1 ", NULL},
        {"2001:db8::1,10.0.0.1", "198.51.100.1", "", "198.51.100.1 2001:db8::1 ", NULL},
        {"10.0.0.1", "2001:db8::9", "", "10.0.0.1 ", NULL}, /* nothing of that family to bind */
        {"2001:db8::1", "", "", "2001:db8::1 ", NULL},
        {"2001:db8::1,10.0.0.1", "", "2001:db8::2,198.51.100.1", "2001:db8::2 198.51.100.1 ", NULL},
        {"2001:db8::1,10.0.0.1", "", "198.51.100.1", "198.51.100.1 ", NULL},
        {"10.0.0.1", "", "10.0.0.1,10.0.0.2", NULL, "one address of IPv4"},
        {"10.0.0.1", "", "10.0.0.1,2001:db8::1", NULL, "none of the addresses is of IPv6"},
        {"10.0.0.1", "", "gateway.example", NULL, "\"gateway.example\" is not an IP address"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(GStrv) own = g_strsplit(rows[i].own, ",", -1), advertise = g_strsplit(rows[i].advertise, ",", -1);
        g_auto(GStrv) given = g_strsplit(rows[i].given, ",", -1);
        g_autofree char *error = NULL;
        cg_addresses addresses;
        cg_rtp_host host;
        g_test_message("%s; %s; %s", rows[i].own, rows[i].advertise, rows[i].given);
        g_assert_true(
            cg_addresses_read((const char *const *) own, (const char *const *) advertise, &addresses, &error));
        bool taken = cg_rtp_host_init(&host, (const char *const *) given, &addresses, &error);
        g_assert_true(taken == (rows[i].told != NULL));
        if (taken) {
            g_autofree char *told = text_of(&host);
            g_assert_cmpstr(told, ==, rows[i].told);
        } else {
            g_assert_nonnull(strstr(error, rows[i].error));
        }
    }
}

static void test_open(void)
{
    static const char *const own[] = {"127.0.0.1", "::1", NULL};
    cg_addresses addresses;
    char *error = NULL;
    cg_rtp_host host = {.port_min = 20000, .port_max = 29999};
    g_assert_true(cg_addresses_read(own, NULL, &addresses, &error));
    g_assert_true(cg_rtp_host_init(&host, NULL, &addresses, &error));
    static const int families[][2] = {{AF_INET, AF_INET}, {AF_INET6, AF_INET6}, {AF_UNSPEC, AF_INET}};
    for (size_t i = 0; i < G_N_ELEMENTS(families); i++) {
        int fds[CG_RTP_PORT_COUNT];
        cg_rtp_address told;
        g_assert_true(cg_rtp_host_open(&host, families[i][0], &told, fds));
        g_assert_cmpint(told.media.ss_family, ==, families[i][1]);
        g_assert_cmpuint(cg_rtp_ports_get(&told.rtcp), ==, cg_rtp_ports_get(&told.media) + 1);
        struct sockaddr_storage bound;
        socklen_t size = sizeof bound;
        g_assert_cmpint(getsockname(fds[CG_RTP_PORT_MEDIA], (struct sockaddr *) &bound, &size), ==, 0);
        g_assert_cmpint(bound.ss_family, ==, families[i][1]);
        g_assert_true(cg_rtp_host_is_ours(&host, &bound));
        cg_rtp_ports_close(fds);
    }
    host.told_count = 1; /* IPv4 alone */
    int fds[CG_RTP_PORT_COUNT];
    cg_rtp_address told;
    g_assert_false(cg_rtp_host_open(&host, AF_INET6, &told, fds));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rtp_host/told", test_told);
    g_test_add_func("/rtp_host/open", test_open);
    return g_test_run();
}
