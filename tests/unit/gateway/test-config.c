/* The configuration file: defaults, every kind of value, and every kind of mistake with the message an operator gets.
 */
#include "gateway/config/config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define AC "AC00000000000000000000000000000001"
#define SK "SK00000000000000000000000000000002"
#define AP "AP00000000000000000000000000000003"
#define OTHER_AC "AC00000000000000000000000000000004"
#define OTHER_SK "SK00000000000000000000000000000005"
#define OTHER_AP "AP00000000000000000000000000000006"
#define ACCOUNT "[account " AC "]\nname = Example\n"

#define TRUNK ACCOUNT "[trunk t]\naccount=" AC "\nhosts=192.0.2.1\n"
#define ENTITIES                                                                                                       \
    ACCOUNT "[key " SK "]\naccount=" AC "\nsecret=0123456789abcdef0123456789abcdef\n[application " AP "]\naccount=" AC \
            "\n"

static cg_config *parse(const char *text, char **ret_error)
{
    return cg_config_parse(text, "/etc/callgate", "callgate.conf", ret_error);
}

static void test_defaults(void)
{
    g_autofree char *error = NULL;
    g_autoptr(cg_config) config = parse("", &error);
    g_assert_no_error((GError *) NULL);
    g_assert_nonnull(config);
    g_assert_cmpstr(config->server.listen_address, ==, "127.0.0.1");
    g_assert_cmpint(config->server.port, ==, 8080);
    g_assert_false(config->server.allow_plain);
    g_assert_null(config->server.tls_certificate);
    g_assert_nonnull(config->server.allowed_origins);
    g_assert_null(config->server.allowed_origins[0]);
    g_assert_cmpint(config->tokens.leeway_s, ==, 5);
    g_assert_cmpuint(config->calls.ring_timeout_s, ==, 30);
    g_assert_false(config->demo);
    g_assert_null(config->hold_music);
    g_assert_cmpuint(config->account_music->len, ==, 0);
}

/* Files are looked for where the configuration is. */
static void test_hold_music(void)
{
    g_autofree char *error = NULL;
    g_autoptr(cg_config) config =
        parse("[media]\nhold_music=default.flac\n" ACCOUNT "hold_music=own.ogg\n[account " OTHER_AC "]\nhold_music=\n",
              &error);
    cg_sid sid, other;
    g_assert_cmpstr(error, ==, NULL);
    g_assert_cmpstr(config->hold_music, ==, "/etc/callgate/default.flac");
    g_assert_cmpuint(config->account_music->len, ==, 1);
    g_assert_true(cg_sid_parse(AC, "AC", &sid) && cg_sid_parse(OTHER_AC, "AC", &other));
    g_assert_cmpstr(cg_directory_find_account(config->directory, &sid)->hold_music, ==, "/etc/callgate/own.ogg");
    g_assert_null(cg_directory_find_account(config->directory, &other)->hold_music);
    g_assert_false(cg_config_check(config, &error));
    g_assert_nonnull(strstr(error, "hold music /etc/callgate/default.flac: cannot be read"));
}

static void test_values(void)
{
    g_autofree char *error = NULL;
    g_autoptr(cg_config) config = parse("[server]\nport=0\ntls_certificate=tls/cert.pem\nallow_plain=true\n"
                                        "allowed_origins=https://a.example, https://b.example;\n"
                                        "[limits]\nmax_message_bytes=2048\n[log]\nlevel=debug\nformat=json\n" ACCOUNT
                                        "max_connections=7\n[key " SK "]\naccount=" AC
                                        "\nsecret=0123456789abcdef0123456789abcdef\nalgorithm=HS512\n[application " AP
                                        "]\naccount=" AC "\nring_timeout_s=9\ntranscode=false\n",
                                        &error);
    cg_sid sid;
    g_assert_cmpstr(error, ==, NULL);
    g_assert_cmpint(config->server.port, ==, 0);
    g_assert_cmpstr(config->server.tls_certificate, ==, "/etc/callgate/tls/cert.pem");
    g_assert_true(config->server.allow_plain);
    g_assert_cmpstr(config->server.allowed_origins[0], ==, "https://a.example");
    g_assert_cmpstr(config->server.allowed_origins[1], ==, "https://b.example");
    g_assert_null(config->server.allowed_origins[2]);
    g_assert_cmpuint(config->server.limits.max_message_bytes, ==, 2048);
    g_assert_cmpint(config->log_level, ==, CG_LOG_DEBUG);
    g_assert_cmpint(config->log_format, ==, CG_LOG_FORMAT_JSON);
    g_assert_true(cg_sid_parse(AC, "AC", &sid));
    g_assert_cmpuint(cg_directory_find_account(config->directory, &sid)->max_connections, ==, 7);
    g_assert_true(cg_sid_parse(SK, "SK", &sid));
    g_assert_cmpint(cg_directory_find_key(config->directory, &sid)->algorithm, ==, CG_ALGORITHM_HS512);
    g_assert_true(cg_sid_parse(AP, "AP", &sid));
    g_assert_cmpuint(cg_directory_find_application(config->directory, &sid)->ring_timeout_s, ==, 9);
    g_assert_false(cg_directory_find_application(config->directory, &sid)->transcode);
}

/* Keys and applications may stand before the account they belong to. */
static void test_order(void)
{
    g_autofree char *error = NULL;
    g_autoptr(cg_config) config = parse("[application " AP "]\naccount=" AC "\n" ACCOUNT, &error);
    cg_sid sid;
    g_assert_cmpstr(error, ==, NULL);
    g_assert_nonnull(config);
    g_assert_true(cg_sid_parse(AP, "AP", &sid));
    g_assert_true(cg_directory_find_application(config->directory, &sid)->transcode); /* unless it says otherwise */
}

static const struct {
    const char *text;
    const char *message; /* a part of what is said */
} mistakes[] = {
    {"[server]\nprot=1\n", "[server] prot: unknown option"},
    {"[sever]\nport=1\n", "[sever]: unknown group"},
    {"[server]\nport=65536\n", "[server] port: must be a whole number from 0 to 65535, not \"65536\""},
    {"[server]\nport=\n", "must be a whole number"},
    {"[server]\nport=-1\n", "must be a whole number"},
    {"[server]\nallow_plain=yes\n", "[server] allow_plain: must be true or false, not \"yes\""},
    {"[log]\nlevel=loud\n", "must be debug, info, warning or error"},
    {"[log]\nformat=xml\n", "must be text or json"},
    {"[calls]\nring_timeout_s=0\n", "from 1 to 600"},
    {"server]\n", "callgate.conf"},
    {"[account AC1]\n", "[account AC1]: \"AC1\" is not an id"},
    {ACCOUNT "colour=blue\n", "unknown option \"colour\""},
    {ACCOUNT "suspended=maybe\n", "suspended must be true or false"},
    {ACCOUNT "max_connections=many\n", "max_connections must be a whole number"},
    {"[key " SK "]\naccount=" AC "\nsecret=0123456789abcdef0123456789abcdef\n", "[key " SK "]"},
    {ACCOUNT "[key " SK "]\nsecret=0123456789abcdef0123456789abcdef\n", "account must name the account"},
    {ACCOUNT "[key " SK "]\naccount=" AC "\nalgorithm=none\n", "algorithm must be HS256"},
    {ACCOUNT "[key " SK "]\naccount=" AC "\nalgorithm=ES256\npublic_key_file=/nonexistent/key.pem\n",
     "public_key_file"},
    {ACCOUNT "[application " AP "]\naccount=" AC "\nmode=webhook\n", "mode must be \"direct\""},
    {ACCOUNT "[application " AP "]\naccount=" AC "\ntranscode=maybe\n", "transcode must be true or false"},
    {"[media]\nconsent_warning_ms=5000\nconsent_timeout_ms=5000\n",
     "callgate.conf: [media] consent_warning_ms: must be less than consent_timeout_ms"},
    {"[media]\nconsent_warning_ms=40000\n", "[media] consent_warning_ms: must be less"},
    {"[turn]\nurls=turn:turn.example\n", "callgate.conf: [turn] secret: is needed with urls"},
    {"[turn]\nsecret=shared\n", "callgate.conf: [turn] urls: is needed with secret"},
    {"[turn]\nsecret=shared\nurls=turn:a.example, http://b.example\n",
     "[turn] urls: \"http://b.example\" is not the URL of a TURN server"},
    {"[turn]\nsecret=s\nurls=turn:a,turn:a,turn:a,turn:a,turn:a,turn:a,turn:a,turn:a,turn:a\n",
     "[turn] urls: there may be 8 at the most"},
    {"[turn]\nttl_s=10\n", "[turn] ttl_s: must be a whole number from 60 to 86400"},
    {"[media]\ntcp_port=70000\n", "[media] tcp_port: must be a whole number from 0 to 65535"},
    {"[media]\nice=off\n", "[media] ice: must be lite or full, not \"off\""},
    {"[media]\nstun_server=192.0.2.1\n", "[media] stun_server: is for ice = full"},
    {"[media]\nturn_servers=turn:192.0.2.1\n", "[media] turn_servers: is for ice = full"},
    {"[media]\nturn_username=u\n", "[media] turn_username: is for ice = full"},
    {"[media]\nturn_password=p\n", "[media] turn_password: is for ice = full"},
    {"[media]\nturn_secret=s\n", "[media] turn_secret: is for ice = full"},
    {"[media]\nagent_ports=1-2\n", "[media] agent_ports: is for ice = full"},
    {"[media]\nice=full\ntcp_port=443\n", "[media] tcp_port: is for ice = lite"},
    {"[media]\nice=full\nadvertise=192.0.2.1\n", "[media] advertise: is for ice = lite"},
    {"[media]\ngather_timeout_ms=0\n", "must be a whole number from 10"},
    {TRUNK "dtmf=tones\n", "[trunk t]: dtmf must be one of auto, rtp, info, inband, not \"tones\""},
    {TRUNK "media_addresses=private\n",
     "media_addresses must be auto, public, any or a list of ranges, not \"private\""},
    {TRUNK "media_addresses=10.0.0.1/8\n", "not \"10.0.0.1/8\""},
    {TRUNK "media_addresses=any, 10.0.0.0/8\n", "not \"any\""},
    {TRUNK "media_family=ipv5\n", "[trunk t]: media_family must be one of auto, ipv4, ipv6, not \"ipv5\""},
    {ENTITIES "[demo]\nenabled=true\napplication=" AP "\n", "[demo] key: must name a key"},
    {ENTITIES "[demo]\nenabled=true\nkey=" AP "\napplication=" AP "\n", "[demo] key: must name a key"},
    {ENTITIES "[demo]\nenabled=true\nkey=" OTHER_SK "\napplication=" AP "\n",
     "[demo] key: there is no [key " OTHER_SK "]"},
    {ENTITIES "[demo]\nenabled=true\nkey=" SK "\n", "[demo] application: must name an application"},
    {ENTITIES "[demo]\nenabled=true\nkey=" SK "\napplication=" OTHER_AP "\n",
     "[demo] application: there is no [application " OTHER_AP "]"},
    {ENTITIES "[account " OTHER_AC "]\n[application " OTHER_AP "]\naccount=" OTHER_AC "\n[demo]\nenabled=true\nkey=" SK
              "\napplication=" OTHER_AP "\n",
     "[demo] application: [application " OTHER_AP "] belongs to another account"},
};

static void test_mistake(gconstpointer data)
{
    size_t i = GPOINTER_TO_SIZE(data);
    g_autofree char *error = NULL;
    g_assert_null(parse(mistakes[i].text, &error));
    g_assert_nonnull(error);
    g_test_message("%s", error);
    g_assert_nonnull(strstr(error, mistakes[i].message));
}

/* A demo with everything it needs, and one that is not enabled and needs nothing. */
static void test_demo(void)
{
    static const char *const texts[] = {
        ENTITIES "[demo]\nenabled=true\nkey=" SK "\napplication=" AP "\n",
        "[demo]\nkey=" SK "\n",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *error = NULL;
        g_autoptr(cg_config) config = parse(texts[i], &error);
        g_assert_cmpstr(error, ==, NULL);
    }
}

/* The gateway has no private key of an ES256 key, so the demo cannot sign with it. */
static void test_demo_public_key(void)
{
    g_autofree char *error = NULL, *path = NULL;
    static const char pem[] = "-----BEGIN PUBLIC KEY-----\n"
                              "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEmT8yaoev7RP2RDabmDTEni9umn4Z\n"
                              "RY3xkqEqxCcCyVEavjxNN8hXQgYiEMBgl6rfXG0ZaJEjnkwGG0tIbXntcA==\n"
                              "-----END PUBLIC KEY-----\n";
    close(g_file_open_tmp("callgate-XXXXXX.pem", &path, NULL));
    g_assert_true(g_file_set_contents(path, pem, -1, NULL));
    g_autofree char *text =
        g_strdup_printf(ENTITIES "[key " OTHER_SK "]\naccount=" AC "\nalgorithm=ES256\n"
                                 "public_key_file=%s\n[demo]\nenabled=true\nkey=" OTHER_SK "\napplication=" AP "\n",
                        path);
    g_assert_null(parse(text, &error));
    g_assert_cmpstr(error, ==,
                    "callgate.conf: [demo] key: [key " OTHER_SK
                    "] cannot sign: it must be one of HS256, HS384 or HS512");
    unlink(path);
}

/* Texts before and after, and what of the difference waits for a restart. */
static const struct {
    const char *in_force, *wanted;
    const char *names; /* NULL: a reload does it all */
} changes[] = {
    {"", "", NULL},
    {"", "[server]\nport=8080\nlisten=127.0.0.1\n[media]\naddresses=\n", NULL},
    {"", "[server]\nregion=north\n[calls]\nring_timeout_s=7\n[log]\nlevel=debug\n", NULL},
    {"[server]\ntls_certificate=a.pem\ntls_key=a.key\n", "[server]\ntls_certificate=b.pem\ntls_key=b.key\n", NULL},
    {"", "[server]\nport=8081\nlisten=::1\n", "server.listen, server.port"},
    {"", "[server]\nallow_plain=true\n", "server.allow_plain"},
    {"", "[server]\ntls_certificate=a.pem\ntls_key=a.key\n", "server.tls_certificate, server.tls_key"},
    {"[server]\ntls_certificate=a.pem\ntls_key=a.key\n", "", "server.tls_certificate, server.tls_key"},
    {"", "[media]\nudp_port=0\nworkers=3\n", "media.workers, media.udp_port"},
    {"", "[media]\ntcp_port=443\n", "media.tcp_port"},
    {"", "[turn]\nurls=turn:turn.example\nsecret=shared\n", NULL},
    {"[media]\naddresses=10.0.0.1, 10.0.0.2\n", "[media]\naddresses=10.0.0.2, 10.0.0.1\n", "media.addresses"},
    {"[media]\nadvertise=192.0.2.1\n", "", "media.advertise"},
    {"",
     "[media]\nhandshake_threads=2\nhandshake_queue=9\nmax_legs=9\nload_limit=70\nsetup_timeout_ms=900\nconsent_"
     "warning_ms=900\n"
     "consent_timeout_ms=9000\n",
     "media.handshake_threads, media.handshake_queue, media.max_legs, media.load_limit, "
     "media.setup_timeout_ms, "
     "media.consent_warning_ms, media.consent_timeout_ms"},
    {"[media]\nice=full\nturn_servers=turn:192.0.2.1\nturn_secret=a\n",
     "[media]\nice=full\nturn_servers=turn:192.0.2.1\nturn_secret=a\ngather_timeout_ms=10\n",
     "media.gather_timeout_ms"},
    {"",
     "[media]\nice=full\nstun_server=192.0.2.1\nturn_servers=turn:192.0.2.1\nturn_username=a\nturn_password=b\n"
     "agent_ports=1-2\n",
     "media.ice, media.stun_server, media.turn_servers, media.turn_username, media.turn_password, media.agent_ports"},
};

static void test_change(gconstpointer data)
{
    size_t i = GPOINTER_TO_SIZE(data);
    g_autofree char *error = NULL;
    cg_config *in_force = parse(changes[i].in_force, &error);
    g_autoptr(cg_config) wanted = parse(changes[i].wanted, &error);
    g_assert_cmpstr(error, ==, NULL);
    g_autofree char *names = cg_config_keep_started(wanted, in_force);
    g_assert_cmpstr(names, ==, changes[i].names);
    /* It has the values in force now: nothing is left to name, nor does it need the other one. */
    g_assert_null(cg_config_keep_started(wanted, in_force));
    cg_config_free(in_force);
    g_autoptr(cg_config) again = parse(changes[i].in_force, &error);
    g_assert_null(cg_config_keep_started(wanted, again));
}

static void test_ice(void)
{
    g_autofree char *error = NULL;
    g_autoptr(cg_config) config = parse(
        "[media]\naddresses=127.0.0.1\nice=full\nstun_server=192.0.2.1:3479\n"
        "turn_servers=turn:192.0.2.2?transport=tcp, turn:[2001:db8::1]:99\nturn_secret=s\nagent_ports=5000-5999\n",
        &error);
    g_assert_cmpstr(error, ==, NULL);
    g_assert_cmpint(config->media.ice, ==, CG_ICE_FULL);
    g_assert_cmpstr(config->media.servers.stun_server, ==, "192.0.2.1:3479");
    g_assert_cmpstr(config->media.servers.turn_servers[1], ==, "turn:[2001:db8::1]:99");
    g_assert_cmpstr(config->media.servers.turn_secret, ==, "s");
    g_assert_cmpuint(config->media.gather_timeout_ms, ==, 1000);
    g_assert_true(cg_bridge_check(&config->media, &error));
    g_autoptr(cg_config) named =
        parse("[media]\naddresses=127.0.0.1\nice=full\nstun_server=stun.example.com\n", &error);
    g_assert_false(cg_bridge_check(&named->media, &error));
    g_assert_nonnull(strstr(error, "stun_server: \"stun.example.com\" is not"));
}

static void test_missing_file(void)
{
    g_autofree char *error = NULL;
    g_assert_null(cg_config_load("/nonexistent/callgate.conf", &error));
    g_assert_nonnull(strstr(error, "/nonexistent/callgate.conf"));
}

/* As `callgate check-config callgate.conf` in the file's folder. */
static void test_relative_file(void)
{
    g_autofree char *error = NULL;
    g_autofree char *directory = g_dir_make_tmp("callgate-config-XXXXXX", NULL);
    g_autofree char *before = g_get_current_dir();
    g_assert_cmpint(g_chdir(directory), ==, 0);
    g_assert_true(g_file_set_contents("callgate.conf", "[server]\nweb_root=pages\n", -1, NULL));
    g_autofree char *there = g_get_current_dir();
    g_autofree char *pages = g_build_filename(there, "pages", NULL);
    g_autoptr(cg_config) config = cg_config_load("callgate.conf", &error);
    g_assert_cmpstr(error, ==, NULL);
    g_assert_cmpstr(config->server.web_root, ==, pages);
    g_remove("callgate.conf");
    g_assert_cmpint(g_chdir(before), ==, 0);
    g_rmdir(directory);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/config/hold-music", test_hold_music);
    g_test_add_func("/config/defaults", test_defaults);
    g_test_add_func("/config/values", test_values);
    g_test_add_func("/config/order", test_order);
    g_test_add_func("/config/ice", test_ice);
    g_test_add_func("/config/missing-file", test_missing_file);
    g_test_add_func("/config/relative-file", test_relative_file);
    g_test_add_func("/config/demo", test_demo);
    g_test_add_func("/config/demo-public-key", test_demo_public_key);
    for (size_t i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_autofree char *path = g_strdup_printf("/config/change/%zu", i);
        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_change);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(mistakes); i++) {
        g_autofree char *path = g_strdup_printf("/config/mistake/%zu", i);
        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_mistake);
    }
    return g_test_run();
}
