/* Addresses: configured ones, candidates and their order, what is bound. */
#include "bridge/transport/addresses.h"
#include "bridge/transport/path.h"

#include <arpa/inet.h>
#include <glib.h>
#include <string.h>

static char *candidates_text(const cg_addresses *addresses, bool tcp, uint16_t ipv4_port, uint16_t ipv6_port)
{
    cg_candidate candidates[2 * CG_MAX_ADDRESSES];
    size_t count = cg_addresses_candidates(addresses, tcp, ipv4_port, ipv6_port, candidates);
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < count; i++) {
        char address[INET6_ADDRSTRLEN];
        bool ipv6 = candidates[i].address.ss_family == AF_INET6;
        const struct sockaddr_in6 *in6 = (struct sockaddr_in6 *) &candidates[i].address;
        const struct sockaddr_in *in = (struct sockaddr_in *) &candidates[i].address;
        inet_ntop(candidates[i].address.ss_family, ipv6 ? (void *) &in6->sin6_addr : (void *) &in->sin_addr, address,
                  sizeof address);
        g_string_append_printf(text, "%s %u ", address, ntohs(ipv6 ? in6->sin6_port : in->sin_port));
        g_assert_cmpuint(candidates[i].priority >> 24, ==, tcp ? 90 : 126); /* RFC 8445 section 5.1.2.2: host */
        g_assert_cmpuint((candidates[i].priority & 0xffffff) >> 21, ==, tcp ? 4 : 0); /* RFC 6544 4.2: passive */
        g_assert_true(candidates[i].tcp == tcp);
        g_assert_cmpuint(candidates[i].priority & 0xff, ==, 255);
        for (size_t n = 0; n < i; n++) {
            g_assert_cmpuint(candidates[n].priority, >, candidates[i].priority);
            g_assert_cmpstr(candidates[n].foundation, !=, candidates[i].foundation);
        }
    }
    return g_string_free(text, FALSE);
}

static void test_candidates(void)
{
    static const char *const own[] = {"fd00::1", "10.0.0.1", "2001:db8::1", "10.0.0.2", "10.0.0.1", NULL},
                             *const advertise[] = {"192.0.2.7", NULL};
    cg_addresses addresses;
    char *error = NULL;
    g_assert_true(cg_addresses_read(own, advertise, &addresses, &error));
    g_autofree char *both = candidates_text(&addresses, false, 4000, 6000);
    g_assert_cmpstr(both, ==, "192.0.2.7 4000 2001:db8::1 6000 10.0.0.1 4000 10.0.0.2 4000 fd00::1 6000 ");
    g_autofree char *ipv4 = candidates_text(&addresses, false, 4000, 0);
    g_assert_cmpstr(ipv4, ==, "192.0.2.7 4000 10.0.0.1 4000 10.0.0.2 4000 ");
    g_autofree char *tcp = candidates_text(&addresses, true, 443, 443);
    g_assert_cmpstr(tcp, ==, "192.0.2.7 443 2001:db8::1 443 10.0.0.1 443 10.0.0.2 443 fd00::1 443 ");
}

static void test_bind(void)
{
    static const char *const one[] = {"10.0.0.1", NULL}, *const two[] = {"10.0.0.1", "10.0.0.2", NULL};
    static const uint8_t first[] = {10, 0, 0, 1}, other[] = {10, 0, 0, 3};
    cg_addresses addresses;
    char *error = NULL;
    struct sockaddr_storage bound;
    const struct sockaddr_in *in = (struct sockaddr_in *) &bound;
    g_assert_true(cg_addresses_read(one, NULL, &addresses, &error));
    g_assert_false(cg_addresses_bind_address(&addresses, AF_INET6, 5, &bound));
    g_assert_true(cg_addresses_bind_address(&addresses, AF_INET, 5, &bound));
    g_assert_cmphex(ntohl(in->sin_addr.s_addr), ==, 0x0a000001);
    g_assert_cmpuint(ntohs(in->sin_port), ==, 5);
    g_assert_true(cg_addresses_read(two, NULL, &addresses, &error));
    g_assert_true(cg_addresses_bind_address(&addresses, AF_INET, 5, &bound));
    g_assert_cmphex(in->sin_addr.s_addr, ==, INADDR_ANY);
    g_assert_true(cg_addresses_contain(&addresses, AF_INET, first));
    g_assert_false(cg_addresses_contain(&addresses, AF_INET, other));
}

static void test_found(void)
{
    cg_addresses addresses;
    char *error = NULL;
    uint8_t any[16] = {0};
    g_assert_true(cg_addresses_read(NULL, NULL, &addresses, &error)); /* every host has at least loopback */
    g_assert_cmpuint(addresses.found_count, >, 0);
    g_assert_true(cg_addresses_contain(&addresses, AF_INET, any));
}

static void test_path(void)
{
    cg_path a = {.remote = {192, 0, 2, 1}, .port = 5004}, b = a;
    cg_path v6 = {.remote = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}, .port = 5004, .ipv6 = true};
    char text[CG_PATH_TEXT_SIZE];
    cg_path_format(&a, text);
    g_assert_cmpstr(text, ==, "192.0.2.1:5004");
    cg_path_format(&v6, text);
    g_assert_cmpstr(text, ==, "[2001:db8::1]:5004");
    v6.transport = CG_TRANSPORT_TCP;
    cg_path_format(&v6, text);
    g_assert_cmpstr(text, ==, "[2001:db8::1]:5004/tcp");
    g_assert_false(
        cg_path_equal(&v6, &(cg_path){.remote = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}, .port = 5004, .ipv6 = true}));
    g_assert_true(cg_path_equal(&a, &b));
    g_assert_cmphex(cg_path_hash(&a, 1), ==, cg_path_hash(&b, 1));
    g_assert_cmphex(cg_path_hash(&a, 1), !=, cg_path_hash(&b, 2));
    b.local[3] = 1;
    g_assert_false(cg_path_equal(&a, &b));
    g_assert_cmphex(cg_path_hash(&a, 1), !=, cg_path_hash(&b, 1));
}

/* Neighbouring ports, as one host's peers have, spread over the table. */
static void test_hash_spreads(void)
{
    unsigned places[1024] = {0}, most = 0;
    for (unsigned port = 0; port < 4096; port++) {
        cg_path path = {.remote = {10, 0, 0, 1}, .local = {10, 0, 0, 2}, .port = (uint16_t) (20000 + port)};
        most = MAX(most, ++places[cg_path_hash(&path, 0x1234567890abcdef) % 1024]);
    }
    g_assert_cmpuint(most, <, 24); /* 4 on average */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/addresses/candidates", test_candidates);
    g_test_add_func("/addresses/bind", test_bind);
    g_test_add_func("/addresses/found", test_found);
    g_test_add_func("/path/basics", test_path);
    g_test_add_func("/path/hash-spreads", test_hash_spreads);
    return g_test_run();
}
