/* Numbers and routes: as they are written, the longest prefix, who may be called, whom a number is for. */
#include "gateway/config/config.h"
#include "gateway/telephony/routes.h"

#include <arpa/inet.h>
#include <string.h>

#define FIRST "AC00000000000000000000000000000001"
#define SECOND "AC00000000000000000000000000000002"

static const char text[] =
    "[account " FIRST "]\nname=first\n[account " SECOND "]\nname=second\n"
    "[sip]\nlisten=127.0.0.1, ::1\nport=5060\n"
    "[trunk world]\naccount=" FIRST "\nhosts=sip.example.com:5070;transport=tcp\nprefixes=*\n"
    "sources=198.51.100.0/24\ninbound=client:desk\n"
    "[trunk america]\naccount=" FIRST
    "\nhosts=192.0.2.1, 192.0.2.2:5062;weight=7;transport=tcp;priority=0\nprefixes=+1\n"
    "allowed_prefixes=+1555,+1800\nstrip=2\nadd=9\nmax_calls=3\ncodecs=pcma,opus\n"
    "user=u\npassword=p;w\n"
    "[trunk other]\naccount=" SECOND "\nhosts=[2001:db8::1]:5060\nprefixes=+155\n"
    "sources=198.51.100.7\n"
    "[trunk moving]\naccount=" SECOND "\ninbound_user=pbx\ninbound_password=secret\ninbound=client:desk\n"
    "hosts=203.0.113.9\n"
    "[number +15550001]\naccount=" FIRST "\nto=client:alice\n"
    "[number 15550002]\naccount=" SECOND "\nto=client:bob\n"
    "[number 15550003]\naccount=" SECOND "\nto=client:bob, client:carol\n";

static cg_config *read_config(void)
{
    char *error = NULL;
    cg_config *config = cg_config_parse(text, "/", "test", &error);
    g_assert_cmpstr(error, ==, NULL);
    g_assert_nonnull(config);
    return config;
}

static cg_sid sid(const char *of)
{
    cg_sid made;
    g_assert_true(cg_sid_parse(of, "AC", &made));
    return made;
}

static void test_normalize(void)
{
    static const struct {
        const char *written, *number; /* NULL: none */
    } rows[] = {
        {"+1 (555) 123-4567", "+15551234567"},
        {"0800.123/456", "0800123456"},
        {"911", "911"},
        {"", NULL},
        {"+", NULL},
        {"1+2", NULL},
        {"++1", NULL},
        {"+1555a", NULL},
        {"client:bob", NULL},
        {"12345678901234567890123456789012", "12345678901234567890123456789012"},
        {"123456789012345678901234567890123", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char number[CG_NUMBER_MAX + 1] = "untouched";
        g_test_message("%s", rows[i].written);
        g_assert_cmpint(cg_number_normalize(rows[i].written, number), ==, rows[i].number != NULL);
        g_assert_cmpstr(number, ==, rows[i].number != NULL ? rows[i].number : "untouched");
    }
}

static void test_numbers(void)
{
    static const struct {
        const char *account, *number;
        cg_route_result result;
        const char *trunk, *dialled;
    } rows[] = {
        {FIRST, "+15551234567", CG_ROUTE_OK, "america", "95551234567"},
        {FIRST, "+18001234567", CG_ROUTE_OK, "america", "98001234567"},
        {FIRST, "+19001234567", CG_ROUTE_FORBIDDEN, "america", NULL},
        {FIRST, "+4930123456", CG_ROUTE_OK, "world", "+4930123456"},
        {FIRST, "112", CG_ROUTE_OK, "world", "112"},
        {SECOND, "+15551234567", CG_ROUTE_OK, "other", "+15551234567"},
        {SECOND, "+4930123456", CG_ROUTE_NONE, NULL, NULL},
    };
    g_autoptr(cg_config) config = read_config();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const cg_trunk *trunk = NULL;
        cg_sid account = sid(rows[i].account);
        g_test_message("%s", rows[i].number);
        g_assert_cmpint(cg_routes_find_number(config->routes, &account, rows[i].number, &trunk), ==, rows[i].result);
        g_assert_cmpstr(trunk != NULL ? trunk->name : NULL, ==, rows[i].trunk);
        g_autofree char *dialled = rows[i].dialled != NULL ? cg_trunk_dialled(trunk, rows[i].number) : NULL;
        g_assert_cmpstr(dialled, ==, rows[i].dialled);
    }
}

/* Nobody is called where nothing is left to call. */
static void test_dialled(void)
{
    static const struct {
        unsigned strip;
        const char *add, *dialled;
    } rows[] = {
        {0, NULL, "+112"}, {1, "00", "00112"}, {3, NULL, "2"}, {4, NULL, NULL}, {4, "desk", "desk"}, {5, "desk", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        cg_trunk trunk = {.strip = rows[i].strip, .add = (char *) rows[i].add};
        g_autofree char *dialled = cg_trunk_dialled(&trunk, "+112");
        g_assert_cmpstr(dialled, ==, rows[i].dialled);
    }
}

static void test_hosts(void)
{
    static const struct {
        const char *account, *user, *host;
        cg_route_result result;
        const char *trunk;
    } rows[] = {
        {FIRST, "bob", "SIP.example.com", CG_ROUTE_OK, "world"},
        {FIRST, "bob", "sip.example.com;transport=udp", CG_ROUTE_OK, "world"},
        {FIRST, "bob", "sip.example.com.evil.example", CG_ROUTE_NONE, NULL},
        {FIRST, "+15551234567", "192.0.2.2", CG_ROUTE_OK, "america"},
        {FIRST, "+1 900 123", "192.0.2.2:5062", CG_ROUTE_FORBIDDEN, "america"},
        {FIRST, "bob", "192.0.2.3", CG_ROUTE_NONE, NULL},
        {FIRST, "bob", "[2001:db8::1]", CG_ROUTE_NONE, NULL},
        {SECOND, "bob", "[2001:DB8::1]:5060", CG_ROUTE_OK, "other"},
        {SECOND, "bob", "", CG_ROUTE_NONE, NULL},
    };
    g_autoptr(cg_config) config = read_config();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const cg_trunk *trunk = NULL;
        cg_sid account = sid(rows[i].account);
        g_test_message("%s@%s", rows[i].user, rows[i].host);
        g_assert_cmpint(cg_routes_find_host(config->routes, &account, rows[i].user, rows[i].host, &trunk), ==,
                        rows[i].result);
        g_assert_cmpstr(trunk != NULL ? trunk->name : NULL, ==, rows[i].trunk);
    }
}

static struct sockaddr_storage source(const char *address)
{
    struct sockaddr_storage made = {0};
    struct sockaddr_in in = {.sin_family = AF_INET};
    g_assert_cmpint(inet_pton(AF_INET, address, &in.sin_addr), ==, 1);
    memcpy(&made, &in, sizeof in);
    return made;
}

static void test_incoming(void)
{
    static const struct {
        const char *source, *called;
        cg_route_result result;
        const char *trunk, *to;
    } rows[] = {
        {"192.0.2.1", "+15550001", CG_ROUTE_OK, "america", "client:alice"}, /* a host is a source */
        {"192.0.2.1", "15550001", CG_ROUTE_OK, "america", "client:alice"},
        {"192.0.2.1", "+15550002", CG_ROUTE_NONE, "america", NULL}, /* another account's number */
        {"192.0.2.9", "+15550001", CG_ROUTE_NONE, NULL, NULL},
        {"198.51.100.7", "+15550002", CG_ROUTE_OK, "other", "client:bob"}, /* shared with the trunk before it */
        {"198.51.100.7", "15550003", CG_ROUTE_OK, "other", "client:bob,carol"},
        {"198.51.100.7", "+15550001", CG_ROUTE_OK, "world", "client:alice"},
        {"198.51.100.8", "reception", CG_ROUTE_OK, "world", "client:desk"},
    };
    g_autoptr(cg_config) config = read_config();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct sockaddr_storage from = source(rows[i].source);
        cg_incoming incoming = {.source = &from, .called = rows[i].called, .addressed = ""};
        cg_incoming_route route;
        g_test_message("%s from %s", rows[i].called, rows[i].source);
        g_assert_cmpint(cg_routes_find_incoming(config->routes, &incoming, &route), ==, rows[i].result);
        g_assert_cmpstr(route.trunk != NULL ? route.trunk->name : NULL, ==, rows[i].trunk);
        g_assert_cmpstr(route.to, ==, rows[i].to);
    }
}

/* A registrar calls us by the name that we registered; the number is in To. It may be that of several trunks. */
static void test_registered(void)
{
    static const struct {
        const char *source, *called, *addressed;
        const char *trunk, *number, *to;
    } rows[] = {
        {"203.0.113.5", "desk", "+15550001", "office", "+15550001", "client:alice"},
        {"203.0.113.5", "desk", "nobody", "office", "nobody", NULL},
        {"203.0.113.5", "+15550001", "desk", "office", "+15550001", "client:alice"},
        {"203.0.113.5", "home", "nobody", "home", "nobody", "client:eve"},
        {"203.0.113.5", "home", "+15550002", "home", "+15550002", "client:bob"},
        {"203.0.113.6", "desk", "+15550001", NULL, NULL, NULL},
    };
    g_autofree char *error = NULL;
    g_autofree char *more =
        g_strconcat(text,
                    "[trunk office]\naccount=" FIRST "\nhosts=pbx\nregister=true\nuser=desk\npassword=p\n"
                    "[trunk home]\naccount=" SECOND "\nhosts=pbx\nregister=true\nuser=home\npassword=p\n"
                    "inbound=client:eve\n",
                    NULL);
    g_autoptr(cg_config) config = cg_config_parse(more, "/", "test", &error);
    g_assert_cmpstr(error, ==, NULL);
    g_autoptr(GHashTable) registrars = g_hash_table_new(g_str_hash, g_str_equal);
    cg_ip_range pbx;
    g_assert_true(cg_ip_range_parse("203.0.113.5", &pbx));
    g_hash_table_insert(registrars, "office", &pbx);
    g_hash_table_insert(registrars, "home", &pbx);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct sockaddr_storage from = source(rows[i].source);
        cg_incoming incoming = {&from, NULL, rows[i].called, rows[i].addressed, registrars};
        cg_incoming_route route;
        g_test_message("%s for %s from %s", rows[i].called, rows[i].addressed, rows[i].source);
        cg_routes_find_incoming(config->routes, &incoming, &route);
        g_assert_cmpstr(route.trunk != NULL ? route.trunk->name : NULL, ==, rows[i].trunk);
        g_assert_cmpstr(route.called, ==, rows[i].number);
        g_assert_cmpstr(route.to, ==, rows[i].to);
    }
}

/* By what they prove alone: not even the address of its host is known. */
static void test_proved(void)
{
    static const struct {
        const char *user, *called, *trunk, *to;
        cg_route_result result;
    } rows[] = {
        {"pbx", "15550002222", "moving", "client:desk", CG_ROUTE_OK},
        {"pbx", "+15550002", "moving", "client:bob", CG_ROUTE_OK},
        {"pbx", "+15550001", "moving", "client:desk", CG_ROUTE_OK}, /* another account's number */
        {"p", "+15550002", NULL, NULL, CG_ROUTE_NONE},
    };
    g_autoptr(cg_config) config = read_config();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct sockaddr_storage from = source("203.0.113.9");
        cg_incoming incoming = {&from, rows[i].user, rows[i].called, "", NULL};
        cg_incoming_route route;
        g_assert_cmpint(cg_routes_find_incoming(config->routes, &incoming, &route), ==, rows[i].result);
        g_assert_cmpstr(route.trunk != NULL ? route.trunk->name : NULL, ==, rows[i].trunk);
        g_assert_cmpstr(route.to, ==, rows[i].to);
    }
    const cg_trunk *moving = config->routes->trunks->pdata[3];
    g_assert_cmpuint(moving->source_count, ==, 0);
    g_assert_cmpstr(moving->inbound_password, ==, "secret");
}

static void test_trunk_options(void)
{
    g_autoptr(cg_config) config = read_config();
    const cg_trunk *trunk = config->routes->trunks->pdata[1];
    g_assert_cmpuint(trunk->max_calls, ==, 3);
    g_assert_cmpuint(g_strv_length(trunk->hosts), ==, 2);
    g_assert_cmpstr(trunk->hosts[1], ==, "192.0.2.2:5062;transport=tcp");
    g_assert_cmpuint(trunk->priorities[0], ==, 1);
    g_assert_cmpuint(trunk->weights[0], ==, 1);
    g_assert_cmpuint(trunk->priorities[1], ==, 0);
    g_assert_cmpuint(trunk->weights[1], ==, 7);
    g_assert_cmpstr(trunk->password, ==, "p;w");
    g_assert_cmpint(trunk->codecs[0], ==, CG_CODEC_PCMA);
    g_assert_cmpint(trunk->codecs[1], ==, CG_CODEC_OPUS);
    g_assert_cmpint(trunk->codecs[2], ==, CG_CODEC_COUNT);
    const cg_trunk *plain = config->routes->trunks->pdata[0];
    g_assert_cmpint(plain->codecs[0], ==, CG_CODEC_OPUS);
    g_assert_cmpint(plain->codecs[4], ==, CG_CODEC_COUNT);
}

/* What follows an account and [sip] is refused, in words that include `complaint`. */
static void assert_mistake(const char *group, const char *complaint)
{
    g_autofree char *error = NULL;
    g_autofree char *whole = g_strconcat("[account " FIRST "]\nname=x\n[sip]\nlisten=127.0.0.1\n", group, NULL);
    g_autoptr(cg_config) config = cg_config_parse(whole, "/", "test", &error);
    g_test_message("%s: %s", group, error);
    g_assert_null(config);
    g_assert_nonnull(strstr(error, complaint));
}

static void test_mistakes(void)
{
    static const struct {
        const char *group, *complaint;
    } rows[] = {
        {"[trunk a]\naccount=" FIRST "\n", "hosts must name"},
        {"[trunk a]\nhosts=h\n", "account must name"},
        {"[trunk a]\naccount=" SECOND "\nhosts=h\n", "there is no [account"},
        {"[trunk a b]\naccount=" FIRST "\nhosts=h\n", "a trunk's name"},
        {"[trunk a]\naccount=" FIRST "\nhosts=h>\n", "\"h>\" must be HOST"},
        {"[trunk a]\naccount=" FIRST "\nhosts=h;transport=sctp\n", "must be HOST"},
        {"[trunk a]\naccount=" FIRST "\nhosts=h:65536\n", "\"h:65536\" must be HOST"},
        {"[trunk a]\naccount=" FIRST "\nhosts=[::1]:0;transport=tcp\n", "must be HOST"},
        {"[trunk a]\naccount=" FIRST "\nhosts=127.0.0.1, [::1]:5061\n",
         "must have an IPv6 address, too: [trunk a] has the host \"[::1]:5061\""},
        {"listen=::\n[trunk a]\naccount=" FIRST "\nhosts=h, 192.0.2.1\n", "must have an IPv4 address, too"},
        {"[trunk a]\naccount=" FIRST "\nhosts=h\nsources=h\n", "sources: \"h\""},
        {"[trunk a]\naccount=" FIRST "\nhosts=h\nprefixes=abc\n", "prefixes: \"abc\""},
        {"[trunk a]\naccount=" FIRST "\nhosts=h\ncodecs=gsm\n", "not \"gsm\""},
        {"[trunk a]\naccount=" FIRST "\nhosts=h\nuser=u\n", "go together"},
        {"[trunk a]\naccount=" FIRST "\nhosts=h\nuser=u\npassword=p:q\n", "no :"},
        {"[trunk a]\naccount=" FIRST "\nhosts=h\nuser=u:v\npassword=p\n", "neither"},
        {"[trunk a]\naccount=" FIRST "\nhosts=h\nheaders=X-A, Via\n", "headers: \"Via\" must be X-NAME"},
        {"[trunk a]\naccount=" FIRST "\nhosts=h\nmax_calls=-1\n", "max_calls must be"},
        {"[trunk a]\naccount=" FIRST "\nhosts=h;priority=-1\n", "must be HOST"},
        {"[trunk a]\naccount=" FIRST "\nhosts=h;transport=tls\n", "tls_certificate: must be set"},
        {"[trunk a]\naccount=" FIRST "\nhosts=h;weight=0\n", "must be HOST"},
        {"[trunk a]\naccount=" FIRST "\nhosts=h;weight=1;weight=2\n", "must be HOST"},
        {"[trunk a]\naccount=" FIRST "\nhosts=h\nkeepalive_s=3601\n", "keepalive_s must be"},
        {"[trunk a]\naccount=" FIRST "\nhosts=h\nmax_calls_per_s=x\n", "max_calls_per_s must be"},
        {"[trunk a]\naccount=" FIRST "\nhosts=h\nsession_expires_s=86401\n", "session_expires_s must be"},
        {"[trunk a]\naccount=" FIRST "\nhosts=h\nregister=yes\n", "register must be true or false"},
        {"[trunk a]\naccount=" FIRST "\nhosts=h\nregister=true\n", "register needs user"},
        {"[trunk a]\naccount=" FIRST "\nhosts=h\nregister_expires_s=1\n", "at least 2"},
        {"[trunk a]\naccount=" FIRST "\nhosts=h\nregister_retry_s=0\n", "at least 1"},
        {"[trunk a]\naccount=" FIRST "\nhosts=h\ndomain=a;b\n", "domain must be"},
        {"[trunk a]\naccount=" FIRST "\nhosts=h\ninbound=sip:x\n", "inbound must be"},
        {"[trunk a]\naccount=" FIRST "\nhosts=h\ntransfers=all\n", "transfers must be one of off, clients, any"},
        {"[trunk a]\naccount=" FIRST "\nhosts=h\nsrtp=on\n", "srtp must be one of off, optional, required"},
        {"[trunk a]\naccount=" FIRST "\nhosts=h\ndtmf=\"\n", "dtmf must be one of auto, rtp, info, inband"},
        {"[trunk a]\naccount=" FIRST "\nhosts=h\ncolour=red\n", "unknown option"},
        {"[trunk a]\naccount=" FIRST "\nhosts=h\napplication=AP00000000000000000000000000000009\n", "application must"},
        {"[trunk a]\naccount=" FIRST "\nhosts=h\ninbound_user=u\n", "go together"},
        {"[trunk a]\naccount=" FIRST "\ninbound_user=u:v\ninbound_password=p\n", "neither"},
        {"[trunk a]\naccount=" FIRST "\ninbound_user=u\ninbound_password=p\nprefixes=+1\n", "prefixes need hosts"},
        {"[trunk a]\naccount=" FIRST "\ninbound_user=u\ninbound_password=p\n[trunk b]\naccount=" FIRST
         "\ninbound_user=u\ninbound_password=q\n",
         "\"u\" is there twice"},
        {"digest_algorithms=sha-1\n", "must be sha-256 or md5"},
        {"digest_algorithms=md5,MD5\n", "must be sha-256 or md5"},
        {"[media]\nrtp_port_min=30000\n", "must be less than rtp_port_max"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        assert_mistake(rows[i].group, rows[i].complaint);
    g_autofree char *error = NULL;
    g_assert_null(
        cg_config_parse("[account " FIRST "]\nname=x\n[trunk a]\naccount=" FIRST "\nhosts=h\n", "/", "test", &error));
    g_assert_nonnull(strstr(error, "[sip] listen: must be set"));
}

static void test_number_mistakes(void)
{
    static const struct {
        const char *group, *complaint;
    } rows[] = {
        {"[number x]\naccount=" FIRST "\nto=client:a\n", "is not a number"},
        {"[number 1]\naccount=" FIRST "\nto=client:\n", "to must be"},
        {"[number 1]\naccount=" FIRST "\nto=client:a, bob\n", "to must be"},
        {"[number 1]\naccount=" FIRST "\nto=client:a,\n", "to must be"},
        {"[number 1]\naccount=" FIRST "\nto=client:a b\n", "to must be"},
        {"[number 1]\naccount=" FIRST "\n", "to must be there"},
        {"[number 1]\naccount=" FIRST
         "\nto=client:1,client:2,client:3,client:4,client:5,client:6,client:7,client:8,client:9,"
         "client:10,client:11,client:12,client:13,client:14,client:15,client:16,client:17\n",
         "16 clients"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        assert_mistake(rows[i].group, rows[i].complaint);
}

static void test_sip_mistakes(void)
{
    static const struct {
        const char *options, *trunk, *complaint;
    } rows[] = {
        {"tls_key=k\n", "", "[sip] tls_key: goes together"},
        {"tls_certificate=c\n", "", "[sip] tls_key: goes together"},
        {"listen=gw.example\n", "", "[sip] listen: must be an IPv4 or IPv6 address"},
        {"listen=127.0.0.1, 127.0.0.2\n", "", "[sip] listen: must be an IPv4 or IPv6 address, or one of each"},
        {"advertise=2001:db8::1\n", "", "[sip] advertise: must be a name, or an address for each family"},
        {"advertise=192.0.2.1, 192.0.2.2\n", "", "[sip] advertise: must be a name"},
        {"advertise=a.example, b.example\n", "", "[sip] advertise: must be a name"},
        {"listen=127.0.0.1, ::1\nport=0\n", "", "[sip] port: must be set: there are two"},
        {"port=0\n", "register=true\nuser=u\npassword=p\n", "[sip] port: must be set"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *error = NULL;
        g_autofree char *whole = g_strconcat("[account " FIRST "]\nname=x\n[sip]\nlisten=127.0.0.1\n", rows[i].options,
                                             "[trunk a]\naccount=" FIRST "\nhosts=h\n", rows[i].trunk, NULL);
        g_assert_null(cg_config_parse(whole, "/", "test", &error));
        g_test_message("%s", error);
        g_assert_nonnull(strstr(error, rows[i].complaint));
    }
}

/* What check-config finds beside the text. */
static void test_tls_files(void)
{
    g_autofree char *error = NULL;
    g_autoptr(cg_config) config = cg_config_parse(
        "[sip]\nlisten=127.0.0.1\ntls_certificate=/nowhere/c\ntls_key=/nowhere/k\n", "/", "test", &error);
    g_assert_cmpstr(error, ==, NULL);
    g_assert_false(cg_config_check(config, &error));
    g_assert_nonnull(strstr(error, "/nowhere/"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/routes/normalize", test_normalize);
    g_test_add_func("/routes/numbers", test_numbers);
    g_test_add_func("/routes/dialled", test_dialled);
    g_test_add_func("/routes/hosts", test_hosts);
    g_test_add_func("/routes/incoming", test_incoming);
    g_test_add_func("/routes/proved", test_proved);
    g_test_add_func("/routes/registered", test_registered);
    g_test_add_func("/routes/trunk_options", test_trunk_options);
    g_test_add_func("/routes/mistakes", test_mistakes);
    g_test_add_func("/routes/number_mistakes", test_number_mistakes);
    g_test_add_func("/routes/sip_mistakes", test_sip_mistakes);
    g_test_add_func("/routes/tls_files", test_tls_files);
    return g_test_run();
}
