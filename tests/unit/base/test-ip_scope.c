/* Scopes of addresses: one of every registry's entry, its neighbours outside, and IPv4 in the clothes of IPv6. */
#include "base/ip_scope.h"

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <string.h>

static struct sockaddr_storage address(const char *text)
{
    struct sockaddr_storage made = {.ss_family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET};
    void *octets = made.ss_family == AF_INET6 ? (void *) &((struct sockaddr_in6 *) &made)->sin6_addr
                                              : (void *) &((struct sockaddr_in *) &made)->sin_addr;
    g_assert_cmpint(inet_pton(made.ss_family, text, octets), ==, 1);
    return made;
}

static void test_scopes(void)
{
    static const struct {
        const char *address;
        cg_ip_scope scope;
    } rows[] = {
        {"198.51.100.1", CG_IP_PUBLIC},
        {"9.255.255.255", CG_IP_PUBLIC},
        {"11.0.0.0", CG_IP_PUBLIC},
        {"10.0.0.1", CG_IP_PRIVATE},
        {"172.15.255.255", CG_IP_PUBLIC},
        {"172.16.0.1", CG_IP_PRIVATE},
        {"172.31.255.255", CG_IP_PRIVATE},
        {"172.32.0.0", CG_IP_PUBLIC},
        {"192.168.3.4", CG_IP_PRIVATE},
        {"192.169.0.0", CG_IP_PUBLIC},
        {"100.63.255.255", CG_IP_PUBLIC},
        {"100.64.0.1", CG_IP_PRIVATE},
        {"100.127.0.1", CG_IP_PRIVATE},
        {"100.128.0.0", CG_IP_PUBLIC},
        {"169.254.169.254", CG_IP_LINK_LOCAL},
        {"127.0.0.1", CG_IP_LOOPBACK},
        {"127.255.0.9", CG_IP_LOOPBACK},
        {"0.0.0.0", CG_IP_NOBODY},
        {"0.1.2.3", CG_IP_NOBODY},
        {"223.255.255.255", CG_IP_PUBLIC},
        {"224.2.1.1", CG_IP_NOBODY},
        {"239.1.1.1", CG_IP_NOBODY},
        {"240.0.0.1", CG_IP_NOBODY},
        {"255.255.255.255", CG_IP_NOBODY},
        {"2001:db8::1", CG_IP_PUBLIC},
        {"2a00::1", CG_IP_PUBLIC},
        {"fd00::1", CG_IP_PRIVATE},
        {"fc00::1", CG_IP_PRIVATE},
        {"fec0::1", CG_IP_PRIVATE},
        {"fe80::1", CG_IP_LINK_LOCAL},
        {"febf::1", CG_IP_LINK_LOCAL},
        {"::1", CG_IP_LOOPBACK},
        {"::", CG_IP_NOBODY},
        {"ff02::1", CG_IP_NOBODY},
        {"100::1", CG_IP_NOBODY},
        {"::ffff:198.51.100.1", CG_IP_PUBLIC},
        {"::ffff:10.0.0.1", CG_IP_PRIVATE},
        {"::ffff:127.0.0.1", CG_IP_LOOPBACK},
        {"::ffff:0.0.0.0", CG_IP_NOBODY},
        {"::192.168.1.1", CG_IP_PRIVATE},
        {"64:ff9b::198.51.100.1", CG_IP_PUBLIC},
        {"64:ff9b::10.0.0.1", CG_IP_PRIVATE},
        {"64:ff9b::169.254.1.1", CG_IP_LINK_LOCAL},
        {"64:ff9b::7f00:1", CG_IP_LOOPBACK},
        {"64:ff9b::224.0.0.1", CG_IP_NOBODY},
        {"64:ff9b:1::198.51.100.1", CG_IP_PRIVATE},
        {"2002:c633:6401::1", CG_IP_PUBLIC},
        {"2002:0a00:1::1", CG_IP_PRIVATE},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct sockaddr_storage tried = address(rows[i].address);
        g_test_message("%s", rows[i].address);
        g_assert_cmpstr(cg_ip_scope_name(cg_ip_scope_of(&tried)), ==, cg_ip_scope_name(rows[i].scope));
    }
    g_assert_cmpint(cg_ip_scope_of(&(struct sockaddr_storage){0}), ==, CG_IP_NOBODY);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ip_scope/scopes", test_scopes);
    return g_test_run();
}
