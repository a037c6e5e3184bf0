/* Where media may go: every kind of policy against where signalling comes from and what is asked for. */
#include "gateway/telephony/media_policy.h"

#include <arpa/inet.h>
#include <glib.h>
#include <string.h>

/* This host, whose ports for media are 20000 to 29999. */
static const char *const own[] = {"192.168.7.7", "198.51.100.77", NULL};

static struct sockaddr_storage at(const char *text, uint16_t port)
{
    struct sockaddr_storage made = {0};
    if (text == NULL)
        return made;
    made.ss_family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
    void *octets = made.ss_family == AF_INET6 ? (void *) &((struct sockaddr_in6 *) &made)->sin6_addr
                                              : (void *) &((struct sockaddr_in *) &made)->sin_addr;
    g_assert_cmpint(inet_pton(made.ss_family, text, octets), ==, 1);
    cg_rtp_ports_set(&made, port);
    return made;
}

static cg_media_policy policy_of(const char *text)
{
    g_auto(GStrv) words = *text != '\0' ? g_strsplit(text, " ", -1) : g_new0(char *, 1);
    cg_media_policy policy = {0};
    const char *wrong = NULL;
    g_assert_true(cg_media_policy_parse(words, &policy, &wrong));
    return policy;
}

static const struct {
    const char *policy, *signalled, *media;
    uint16_t port;
    const char *why; /* NULL: it may */
} cases[] = {
    {"", "198.51.100.1", "198.51.100.9", 4000, NULL},
    {"auto", "198.51.100.1", "10.0.0.1", 4000, "private"},
    {"auto", "198.51.100.1", "169.254.169.254", 4000, "link_local"},
    {"auto", "198.51.100.1", "127.0.0.1", 4000, "loopback"},
    {"auto", "198.51.100.1", "64:ff9b::10.0.0.1", 4000, "private"},
    {"auto", "198.51.100.1", "64:ff9b::198.51.100.9", 4000, NULL},
    {"auto", "198.51.100.1", "224.1.1.1", 4000, "nobody"},
    {"auto", "198.51.100.1", "10.0.0.1", 0, NULL}, /* hold */
    {"auto", "198.51.100.1", "0.0.0.0", 0, NULL},
    {"auto", "198.51.100.1", "0.0.0.0", 4000, "nobody"},
    {"auto", "198.51.100.1", "198.51.100.77", 4000, "own"},
    {"auto", "10.0.0.5", "10.9.9.9", 4000, NULL}, /* a PBX in the LAN */
    {"auto", "10.0.0.5", "198.51.100.9", 4000, NULL},
    {"auto", "10.0.0.5", "fd00::1", 4000, NULL},
    {"auto", "10.0.0.5", "fe80::1", 4000, "link_local"},
    {"auto", "10.0.0.5", "127.0.0.1", 4000, "loopback"},
    {"auto", "10.0.0.5", "192.168.7.7", 4000, "own"},
    {"auto", "127.0.0.1", "127.0.0.1", 4000, NULL}, /* a PBX on this host */
    {"auto", "127.0.0.1", "192.168.7.7", 4000, NULL},
    {"auto", "127.0.0.1", "10.0.0.1", 4000, NULL},
    {"auto", "192.168.7.7", "127.0.0.1", 4000, NULL},
    {"auto", "127.0.0.1", "127.0.0.1", 20000, "own"},
    {"auto", "127.0.0.1", "192.168.7.7", 29999, "own"},
    {"auto", "127.0.0.1", "10.0.0.1", 20000, NULL},
    {"auto", "fd00::5", "10.0.0.1", 4000, NULL},
    {"auto", "::1", "::1", 4000, NULL},
    {"auto", NULL, "10.0.0.1", 4000, "private"}, /* from where is not known */
    {"public", "10.0.0.5", "10.0.0.5", 4000, "private"},
    {"public", "127.0.0.1", "127.0.0.1", 4000, "loopback"},
    {"public", "10.0.0.5", "198.51.100.9", 4000, NULL},
    {"public", "10.0.0.5", "2001:db8::1", 4000, NULL},
    {"any", "198.51.100.1", "10.0.0.1", 4000, NULL},
    {"any", "198.51.100.1", "127.0.0.1", 20000, NULL},
    {"any", "198.51.100.1", "224.1.1.1", 4000, "nobody"},
    {"10.1.0.0/16 2001:db8::/32", "198.51.100.1", "10.1.2.3", 4000, NULL},
    {"10.1.0.0/16 2001:db8::/32", "198.51.100.1", "10.2.2.3", 4000, "not_listed"},
    {"10.1.0.0/16 2001:db8::/32", "198.51.100.1", "198.51.100.1", 4000, "not_listed"},
    {"10.1.0.0/16 2001:db8::/32", "198.51.100.1", "2001:db8::7", 4000, NULL},
    {"0.0.0.0/0", "198.51.100.1", "255.255.255.255", 4000, "nobody"},
};

static void test_forbids(void)
{
    cg_addresses addresses;
    char *error = NULL;
    cg_rtp_host host = {.port_min = 20000, .port_max = 29999};
    g_assert_true(cg_addresses_read(own, NULL, &addresses, &error));
    g_assert_true(cg_rtp_host_init(&host, NULL, &addresses, &error));
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        cg_media_policy policy = policy_of(cases[i].policy);
        struct sockaddr_storage signalled = at(cases[i].signalled, 5060), good = at("198.51.100.9", 5000);
        if (policy.addresses == CG_MEDIA_ADDRESSES_LISTED)
            good = at("10.1.2.3", 5000);
        struct sockaddr_storage asked = at(cases[i].media, cases[i].port);
        cg_rtp_address media = {.media = asked, .rtcp = good}, rtcp = {.media = good, .rtcp = asked};
        g_test_message("%s: %s from %s", cases[i].policy, cases[i].media, cases[i].signalled);
        g_assert_cmpstr(cg_media_policy_forbids(&policy, &host, &signalled, &media), ==, cases[i].why);
        if (policy.addresses != CG_MEDIA_ADDRESSES_LISTED || policy.range_count > 1)
            g_assert_cmpstr(cg_media_policy_forbids(&policy, &host, &signalled, &rtcp), ==, cases[i].why);
        cg_media_policy_clear(&policy);
    }
    cg_media_policy policy = policy_of("public");
    g_assert_null(cg_media_policy_forbids(&policy, &host, &(struct sockaddr_storage){0}, &(cg_rtp_address){0}));
}

static void test_no_policy(void)
{
    static const char *const texts[] = {"all", "auto public", "10.0.0.1/8", "10.0.0.0/8 any", "host.example"};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_auto(GStrv) words = g_strsplit(texts[i], " ", -1);
        cg_media_policy policy = {.addresses = CG_MEDIA_ADDRESSES_PUBLIC};
        const char *wrong = NULL;
        g_test_message("%s", texts[i]);
        g_assert_false(cg_media_policy_parse(words, &policy, &wrong));
        g_assert_nonnull(wrong);
        g_assert_cmpint(policy.addresses, ==, CG_MEDIA_ADDRESSES_PUBLIC);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/media_policy/forbids", test_forbids);
    g_test_add_func("/media_policy/no_policy", test_no_policy);
    return g_test_run();
}
