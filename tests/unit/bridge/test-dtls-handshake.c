/* One handshake against OpenSSL over a network made of two queues and a clock that only the test moves. */
#include "bridge/dtls/dtls_handshake.h"

#include "bridge/dtls/dtls_record.h"
#include "dtls_server.h"

#include <glib.h>
#include <openssl/ssl.h>
#include <string.h>

#define TIMEOUT_US (15 * 1000 * 1000)
#define PROFILE_80 "SRTP_AES128_CM_SHA1_80"
#define PROFILE_32 "SRTP_AES128_CM_SHA1_32"
#define MAX_STEPS 500

typedef struct network network;

struct network {
    cg_dtls_certificate certificate;
    cg_dtls_identity identity;
    cg_dtls_handshake *client;
    cg_dtls_state state;
    dtls_server *server;
    int64_t now_us;
    GQueue to_server; /* of GBytes */
    unsigned sent;    /* datagrams by the client */
    unsigned loss;    /* per cent of the datagrams either way */
    GRand *random;
    GBytes *held_back;
    void (*deliver)(network *net, const uint8_t *data, size_t size); /* how the client gets the server's datagrams */
};

static void collect(const uint8_t *data, size_t size, void *user)
{
    network *net = user;
    g_assert_cmpuint(size, <=, 1200);
    net->sent++;
    g_queue_push_tail(&net->to_server, g_bytes_new(data, size));
}

static void deliver_plainly(network *net, const uint8_t *data, size_t size)
{
    g_autofree uint8_t *exact = g_memdup2(data, size); /* AddressSanitizer sees reads behind the end */
    net->state = cg_dtls_handshake_receive(net->client, net->now_us, exact, size);
}

static void network_init(network *net, const dtls_server_config *config, cg_hash hash, bool right_fingerprint)
{
    cg_fingerprint fingerprint = {0};
    *net = (network){.deliver = deliver_plainly, .now_us = 1000, .random = g_rand_new_with_seed(1)};
    net->server = dtls_server_new(config);
    dtls_server_fingerprint(net->server, hash, &fingerprint);
    if (!right_fingerprint)
        fingerprint.digest[fingerprint.size - 1] ^= 1;
    g_assert_true(cg_dtls_certificate_make(&net->certificate));
    g_assert_true(cg_dtls_identity_init(&net->identity, &net->certificate));
    net->client = cg_dtls_handshake_new(&(cg_dtls_handshake_config){.identity = &net->identity,
                                                                    .remote = &fingerprint,
                                                                    .now_us = net->now_us,
                                                                    .deadline_us = net->now_us + TIMEOUT_US,
                                                                    .send = collect,
                                                                    .user = net});
    g_assert_nonnull(net->client);
}

static void network_clear(network *net)
{
    cg_dtls_handshake_free(net->client);
    cg_dtls_identity_clear(&net->identity);
    cg_dtls_certificate_clear(&net->certificate);
    dtls_server_free(net->server);
    g_rand_free(net->random);
    g_queue_clear_full(&net->to_server, (GDestroyNotify) g_bytes_unref);
}

static bool lost(network *net)
{
    return g_rand_int_range(net->random, 0, 100) < (int) net->loss;
}

/* Carries datagrams until both sides are silent. */
static void carry(network *net)
{
    bool busy = true;
    while (busy) {
        GBytes *datagram;
        size_t size;
        busy = false;
        while ((datagram = g_queue_pop_head(&net->to_server))) {
            const uint8_t *data = g_bytes_get_data(datagram, &size);
            if (!lost(net))
                dtls_server_receive(net->server, data, size);
            g_bytes_unref(datagram);
            busy = true;
        }
        while ((datagram = dtls_server_take(net->server))) {
            const uint8_t *data = g_bytes_get_data(datagram, &size);
            if (!lost(net))
                net->deliver(net, data, size);
            g_bytes_unref(datagram);
            busy = true;
        }
    }
}

/* Runs until the client's handshake has ended. */
static void finish(network *net)
{
    net->state = cg_dtls_handshake_advance(net->client, net->now_us);
    for (unsigned step = 0; step < MAX_STEPS; step++) {
        carry(net);
        if (net->state != CG_DTLS_GOING)
            return;
        net->now_us = cg_dtls_handshake_next(net->client);
        net->state = cg_dtls_handshake_advance(net->client, net->now_us);
        dtls_server_time_passes(net->server);
    }
    g_assert_not_reached();
}

static void assert_done(const network *net)
{
    g_assert_cmpstr(cg_dtls_handshake_detail(net->client), ==, "");
    g_assert_cmpint(net->state, ==, CG_DTLS_ENDED_DONE);
    g_assert_true(dtls_server_done(net->server));
    cg_srtp_keys expected = dtls_server_expected_keys(net->server);
    const cg_srtp_keys *keys = cg_dtls_handshake_keys(net->client);
    g_assert_cmpint(keys->profile, ==, expected.profile);
    g_assert_cmpmem(keys->local, sizeof keys->local, expected.local, sizeof expected.local);
    g_assert_cmpmem(keys->remote, sizeof keys->remote, expected.remote, sizeof expected.remote);
}

static void test_success(void)
{
    static const struct {
        dtls_server_config server;
        cg_hash hash;
        cg_srtp_profile profile;
    } cases[] = {
        {{.srtp_profiles = PROFILE_80 ":" PROFILE_32}, CG_HASH_SHA256, CG_SRTP_AES128_CM_SHA1_80},
        {{.srtp_profiles = PROFILE_32}, CG_HASH_SHA256, CG_SRTP_AES128_CM_SHA1_32},
        {{.srtp_profiles = "SRTP_AEAD_AES_128_GCM:" PROFILE_80}, CG_HASH_SHA384, CG_SRTP_AES128_CM_SHA1_80},
        {{.srtp_profiles = PROFILE_80, .key = DTLS_SERVER_P384}, CG_HASH_SHA512, CG_SRTP_AES128_CM_SHA1_80},
        {{.srtp_profiles = PROFILE_80, .key = DTLS_SERVER_RSA}, CG_HASH_SHA256, CG_SRTP_AES128_CM_SHA1_80},
        {{.srtp_profiles = PROFILE_80, .ciphers = "ECDHE-ECDSA-CHACHA20-POLY1305"}, CG_HASH_SHA256},
        {{.srtp_profiles = PROFILE_80, .ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384"}, CG_HASH_SHA256},
        {{.srtp_profiles = PROFILE_80, .mtu = 300, .key = DTLS_SERVER_RSA}, CG_HASH_SHA256},
        {{.srtp_profiles = PROFILE_80, .cookie = true}, CG_HASH_SHA256},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        network net;
        network_init(&net, &cases[i].server, cases[i].hash, true);
        finish(&net);
        assert_done(&net);
        g_assert_cmpint(cg_dtls_handshake_keys(net.client)->profile, ==, cases[i].profile);
        cg_fingerprint shown = dtls_server_client_fingerprint(net.server);
        const cg_fingerprint *ours = &net.certificate.fingerprint;
        g_assert_cmpmem(shown.digest, shown.size, ours->digest, ours->size);
        g_assert_cmpint(net.now_us, ==, 1000); /* nothing had to be repeated */
        network_clear(&net);
    }
}

static void test_certificate_not_asked_for(void)
{
    network net;
    network_init(&net, &(dtls_server_config){.srtp_profiles = PROFILE_80, .anonymous_client = true}, CG_HASH_SHA256,
                 true);
    finish(&net);
    assert_done(&net);
    network_clear(&net);
}

static void test_failures(void)
{
    static const struct {
        dtls_server_config server;
        cg_hash hash;
        bool right_fingerprint;
        cg_dtls_state expected;
        int alert; /* from us */
        const char *detail;
    } cases[] = {
        {{.srtp_profiles = PROFILE_80}, CG_HASH_SHA256, false, CG_DTLS_ENDED_MISMATCH, SSL_AD_BAD_CERTIFICATE, NULL},
        {{.srtp_profiles = PROFILE_80}, CG_HASH_SHA512, false, CG_DTLS_ENDED_MISMATCH, SSL_AD_BAD_CERTIFICATE, NULL},
        {{.srtp_profiles = PROFILE_80}, CG_HASH_SHA1, true, CG_DTLS_ENDED_MISMATCH, SSL_AD_BAD_CERTIFICATE, NULL},
        {{.srtp_profiles = NULL}, CG_HASH_SHA256, true, CG_DTLS_ENDED_FAILED, -1, "no SRTP profile in common"},
        {{.srtp_profiles = "SRTP_AEAD_AES_128_GCM"},
         CG_HASH_SHA256,
         true,
         CG_DTLS_ENDED_FAILED,
         -1,
         "no SRTP profile in common"},
        {{.srtp_profiles = PROFILE_80, .max_version = DTLS1_VERSION},
         CG_HASH_SHA256,
         true,
         CG_DTLS_ENDED_FAILED,
         -1,
         NULL},
        {{.srtp_profiles = PROFILE_80, .ciphers = "AES128-SHA"},
         CG_HASH_SHA256,
         true,
         CG_DTLS_ENDED_FAILED,
         -1,
         "alert 40 from the peer and no progress since"},
        {{.srtp_profiles = PROFILE_80, .reject_client = true},
         CG_HASH_SHA256,
         true,
         CG_DTLS_ENDED_FAILED,
         -1,
         "from the peer and no progress since"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        network net;
        network_init(&net, &cases[i].server, cases[i].hash, cases[i].right_fingerprint);
        finish(&net);
        carry(&net); /* our alert */
        g_assert_cmpint(net.state, ==, cases[i].expected);
        g_assert_cmpint(dtls_server_alert(net.server), ==, cases[i].alert);
        g_assert_cmpstr(cg_dtls_handshake_detail(net.client), !=, "");
        if (cases[i].detail)
            g_assert_nonnull(strstr(cg_dtls_handshake_detail(net.client), cases[i].detail));
        g_assert_cmpint(net.now_us, <, 1000 + TIMEOUT_US); /* sooner than by the deadline */
        network_clear(&net);
    }
}

static void test_loss(void)
{
    for (unsigned seed = 1; seed <= 8; seed++) {
        for (unsigned mtu = 300; mtu <= 1200; mtu += 900) {
            network net;
            network_init(&net, &(dtls_server_config){.srtp_profiles = PROFILE_80, .mtu = mtu}, CG_HASH_SHA256, true);
            g_rand_set_seed(net.random, seed);
            net.loss = 4 * seed;
            finish(&net);
            assert_done(&net);
            network_clear(&net);
        }
    }
}

/* RFC 6347 section 4.2.4, with our intervals: a quarter of a second, doubled up to one second. */
static void test_silence(void)
{
    static const int64_t expected_ms[] = {0, 250, 750, 1750, 2750, 3750};
    network net;
    network_init(&net, &(dtls_server_config){.srtp_profiles = PROFILE_80}, CG_HASH_SHA256, true);
    net.loss = 100;
    int64_t start_us = net.now_us;
    for (size_t i = 0; i < G_N_ELEMENTS(expected_ms); i++) {
        g_assert_cmpint(cg_dtls_handshake_advance(net.client, net.now_us), ==, CG_DTLS_GOING);
        g_assert_cmpuint(net.sent, ==, i + 1);
        g_assert_cmpint(net.now_us - start_us, ==, expected_ms[i] * 1000);
        g_assert_cmpint(cg_dtls_handshake_advance(net.client, net.now_us + 1000), ==, CG_DTLS_GOING);
        g_assert_cmpuint(net.sent, ==, i + 1); /* not before it is due */
        net.now_us = cg_dtls_handshake_next(net.client);
    }
    finish(&net);
    g_assert_cmpint(net.state, ==, CG_DTLS_ENDED_TIMED_OUT);
    g_assert_cmpint(net.now_us, ==, start_us + TIMEOUT_US);
    network_clear(&net);
}

/* Each record alone, but a ChangeCipherSpec behind the Finished that follows it. */
static void deliver_finished_first(network *net, const uint8_t *data, size_t size)
{
    cg_dtls_record record;
    while (cg_dtls_record_next(&data, &size, &record)) {
        if (record.type == CG_DTLS_CHANGE_CIPHER_SPEC) {
            g_assert_null(net->held_back);
            net->held_back = g_bytes_new(record.data, record.size);
            continue;
        }
        deliver_plainly(net, record.data, record.size);
        if (net->held_back) {
            deliver_plainly(net, g_bytes_get_data(net->held_back, NULL), g_bytes_get_size(net->held_back));
            g_clear_pointer(&net->held_back, g_bytes_unref);
        }
    }
}

static void test_finished_first(void)
{
    network net;
    network_init(&net, &(dtls_server_config){.srtp_profiles = PROFILE_80}, CG_HASH_SHA256, true);
    net.deliver = deliver_finished_first;
    finish(&net);
    assert_done(&net);
    g_assert_cmpint(net.now_us, ==, 1000); /* nothing had to be repeated */
    network_clear(&net);
}

/* A datagram's records last first. mbedTLS keeps 4 messages ahead of the one it waits for, hence the retransmission. */
static void deliver_reversed(network *net, const uint8_t *data, size_t size)
{
    cg_dtls_record records[16];
    size_t count = 0;
    while (cg_dtls_record_next(&data, &size, &records[count]))
        g_assert_cmpuint(++count, <, G_N_ELEMENTS(records));
    g_assert_cmpuint(count, >, 0);
    while (count-- > 0)
        deliver_plainly(net, records[count].data, records[count].size);
}

static void test_reversed(void)
{
    network net;
    network_init(&net, &(dtls_server_config){.srtp_profiles = PROFILE_80}, CG_HASH_SHA256, true);
    net.deliver = deliver_reversed;
    finish(&net);
    assert_done(&net);
    network_clear(&net);
}

/* As newer BoringSSL packs them: every message in two fragments, all fragments in one record. */
static void deliver_packed(network *net, const uint8_t *data, size_t size)
{
    uint8_t packed[CG_DTLS_MAX_DATAGRAM] = {22, 0xfe, 0xfd};
    size_t at = CG_DTLS_RECORD_HEADER;
    cg_dtls_record record;
    const uint8_t *whole = data;
    size_t whole_size = size;
    while (cg_dtls_record_next(&data, &size, &record)) {
        if (record.epoch != 0 || record.type != CG_DTLS_HANDSHAKE_MESSAGES) {
            deliver_plainly(net, whole, whole_size);
            return;
        }
        size_t length = record.body_size - 12, half = length / 2;
        for (int part = 0; part < 2; part++) {
            size_t offset = part ? half : 0, part_size = part ? length - half : half;
            if (length && part_size == 0)
                continue;
            memcpy(packed + at, record.body, 6); /* type, length, message_seq */
            memcpy(packed + at + 6, (uint8_t[]){0, (uint8_t) (offset >> 8), (uint8_t) offset}, 3);
            memcpy(packed + at + 9, (uint8_t[]){0, (uint8_t) (part_size >> 8), (uint8_t) part_size}, 3);
            memcpy(packed + at + 12, record.body + 12 + offset, part_size);
            at += 12 + part_size;
            if (length == 0)
                break;
        }
    }
    packed[11] = (uint8_t) ((at - CG_DTLS_RECORD_HEADER) >> 8);
    packed[12] = (uint8_t) (at - CG_DTLS_RECORD_HEADER);
    deliver_plainly(net, packed, at);
}

static void test_packed_fragments(void)
{
    network net;
    network_init(&net, &(dtls_server_config){.srtp_profiles = PROFILE_80}, CG_HASH_SHA256, true);
    net.deliver = deliver_packed;
    finish(&net);
    assert_done(&net);
    g_assert_cmpint(net.now_us, ==, 1000);
    network_clear(&net);
}

/* What somebody may send from the peer's address. None of it is authentic; none of it may matter. */
static const struct {
    const char *data;
    size_t size;
} forgeries[] = {
#define FORGERY(text)         \
    {                         \
        text, sizeof text - 1 \
    }
    FORGERY("\x15\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x01\x00\x02\x02\x28"), /* fatal handshake_failure */
    FORGERY("\x15\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x02\x00\x02\x01\x00"), /* close_notify */
    FORGERY("\x15\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x03\x00\x01\x02"),     /* half an alert */
    FORGERY("\x15\xfe\xfd\x00\x01\x00\x00\x00\x00\x00\x07\x00\x02\x02\x28"), /* an alert that claims to be protected */
    FORGERY("\x15\xfe\xfd\x00\x01\x00\x00\x00\x00\x00\x09\x00\x1a"
            "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18"
            "\x19"),
    FORGERY("\x16\xfe\xfd\x00\x01\x00\x00\x00\x00\x00\x00\x00\x28" /* a Finished that claims to be protected */
            "\x00\x01\x00\x00\x00\x00\x00\x00\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18"
            "\x19\x1a\x1b\x1c\x1d\x1e\x1f\x20\x21\x22\x23\x24\x25\x26\x27"),
    FORGERY("\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x04\x00\x0c"
            "\x14\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"), /* an unprotected Finished */
    FORGERY("\x16\xfe\xff\x00\x00\x00\x00\x00\x00\x00\x05\x00\x0d"
            "\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00"), /* ClientHello with nothing in it */
    FORGERY("\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x06\x00\x0c"
            "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),                         /* HelloRequest */
    FORGERY("\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x07\x00\x05\x02\x00\x00\x01\x00"), /* message header cut off */
    FORGERY("\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x08\x00\x0c"
            "\x0b\x00\x00\x10\x00\x01\x00\x00\x20\x00\x00\x00"), /* fragment behind the message's end */
    FORGERY("\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x09\x00\x0c"
            "\x0b\xff\xff\xff\x00\x01\x00\x00\x00\x00\x00\x00"),             /* 16 MB of certificate to come */
    FORGERY("\x14\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x0a\x00\x01\x02"),     /* ChangeCipherSpec with another value */
    FORGERY("\x14\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x0b\x00\x02\x01\x01"), /* and with two */
    FORGERY("\x14\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x0c\x00\x01\x01"),     /* a good one, too early or twice */
    FORGERY("\x17\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x0d\x00\x01\x00"),     /* application data */
    FORGERY("\x16\x03\x03\x00\x00\x00\x00\x00\x00\x00\x0e\x00\x01\x00"),     /* TLS's version */
    FORGERY("\x16\xfe\xfd\x00\x02\x00\x00\x00\x00\x00\x0f\x00\x01\x00"),     /* an epoch that never comes */
    FORGERY("\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x10\x00\x00"),         /* empty */
    FORGERY("\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x10\xff\xff\x01"),     /* longer than the datagram */
    FORGERY("\x18\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x11\x00\x03\x01\x40\x00"), /* heartbeat */
    FORGERY("\x16"),
};

static void deliver_among_forgeries(network *net, const uint8_t *data, size_t size)
{
    cg_dtls_record record;
    while (cg_dtls_record_next(&data, &size, &record)) {
        for (size_t i = 0; i < G_N_ELEMENTS(forgeries); i++)
            deliver_plainly(net, (const uint8_t *) forgeries[i].data, forgeries[i].size);
        deliver_plainly(net, record.data, record.size);
    }
}

static void test_forgeries(void)
{
    network net;
    network_init(&net, &(dtls_server_config){.srtp_profiles = PROFILE_80}, CG_HASH_SHA256, true);
    net.deliver = deliver_among_forgeries;
    finish(&net);
    assert_done(&net);
    network_clear(&net);
}

/* Genuine records with a bit flipped: dropped or fatal, but never a wrong result. */
static void deliver_flipped_first(network *net, const uint8_t *data, size_t size)
{
    cg_dtls_record record;
    if (size > CG_DTLS_RECORD_HEADER && cg_dtls_record_next(&(const uint8_t *){data}, &(size_t){size}, &record) &&
        record.epoch == 1) { /* the Finished: its forgery comes first */
        g_autofree uint8_t *copy = g_memdup2(data, size);
        copy[size - 1] ^= 1;
        deliver_plainly(net, copy, size);
    }
    deliver_plainly(net, data, size);
}

static void deliver_each_record(network *net, const uint8_t *data, size_t size)
{
    cg_dtls_record record;
    while (cg_dtls_record_next(&data, &size, &record))
        deliver_flipped_first(net, record.data, record.size);
}

static void test_forged_finished(void)
{
    network net;
    network_init(&net, &(dtls_server_config){.srtp_profiles = PROFILE_80}, CG_HASH_SHA256, true);
    net.deliver = deliver_each_record;
    finish(&net);
    assert_done(&net);
    network_clear(&net);
}

/* An alert that nothing contradicts is believed, but only after a while. */
static void test_alert_and_silence(void)
{
    network net;
    network_init(&net, &(dtls_server_config){.srtp_profiles = PROFILE_80}, CG_HASH_SHA256, true);
    net.loss = 100;
    net.state = cg_dtls_handshake_advance(net.client, net.now_us);
    deliver_plainly(&net, (const uint8_t *) forgeries[0].data, forgeries[0].size);
    g_assert_cmpint(net.state, ==, CG_DTLS_GOING);
    int64_t came_us = net.now_us;
    finish(&net);
    g_assert_cmpint(net.state, ==, CG_DTLS_ENDED_FAILED);
    g_assert_cmpint(net.now_us, ==, came_us + 2000000);
    g_assert_cmpstr(cg_dtls_handshake_detail(net.client), ==, "alert 40 from the peer and no progress since");
    network_clear(&net);
}

/* One small record that makes mbedTLS repeat its flight, over and over: work and datagrams stay bounded. */
static void test_flood(void)
{
    network net;
    uint8_t last[CG_DTLS_MAX_DATAGRAM];
    size_t last_size = 0;
    network_init(&net, &(dtls_server_config){.srtp_profiles = PROFILE_80}, CG_HASH_SHA256, true);
    net.state = cg_dtls_handshake_advance(net.client, net.now_us);
    GBytes *hello = g_queue_pop_head(&net.to_server), *datagram;
    dtls_server_receive(net.server, g_bytes_get_data(hello, NULL), g_bytes_get_size(hello));
    g_bytes_unref(hello);
    while ((datagram = dtls_server_take(net.server))) {
        size_t size;
        const uint8_t *data = g_bytes_get_data(datagram, &size);
        cg_dtls_record record;
        deliver_plainly(&net, data, size);
        while (cg_dtls_record_next(&data, &size, &record))
            memcpy(last, record.data, last_size = record.size);
        g_bytes_unref(datagram);
    }
    g_assert_cmpuint(last_size, ==, 25); /* ServerHelloDone */
    unsigned flight = net.sent;
    for (unsigned i = 0; i < 10000; i++)
        deliver_plainly(&net, last, last_size);
    g_assert_cmpuint(net.sent, >, flight); /* it does repeat */
    g_assert_cmpuint(net.sent, <=, 256);
    g_assert_cmpint(net.state, ==, CG_DTLS_GOING);
    network_clear(&net);
}

static void test_after_the_end(void)
{
    network net;
    network_init(&net, &(dtls_server_config){.srtp_profiles = PROFILE_80}, CG_HASH_SHA256, true);
    finish(&net);
    assert_done(&net);
    unsigned sent = net.sent;
    for (size_t i = 0; i < G_N_ELEMENTS(forgeries); i++)
        deliver_plainly(&net, (const uint8_t *) forgeries[i].data, forgeries[i].size);
    net.state = cg_dtls_handshake_advance(net.client, net.now_us + 10 * TIMEOUT_US);
    assert_done(&net);
    g_assert_cmpuint(net.sent, ==, sent);
    network_clear(&net);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dtls-handshake/success", test_success);
    g_test_add_func("/dtls-handshake/certificate-not-asked-for", test_certificate_not_asked_for);
    g_test_add_func("/dtls-handshake/failures", test_failures);
    g_test_add_func("/dtls-handshake/loss", test_loss);
    g_test_add_func("/dtls-handshake/silence", test_silence);
    g_test_add_func("/dtls-handshake/finished-first", test_finished_first);
    g_test_add_func("/dtls-handshake/reversed", test_reversed);
    g_test_add_func("/dtls-handshake/packed-fragments", test_packed_fragments);
    g_test_add_func("/dtls-handshake/forgeries", test_forgeries);
    g_test_add_func("/dtls-handshake/forged-finished", test_forged_finished);
    g_test_add_func("/dtls-handshake/alert-and-silence", test_alert_and_silence);
    g_test_add_func("/dtls-handshake/flood", test_flood);
    g_test_add_func("/dtls-handshake/after-the-end", test_after_the_end);
    return g_test_run();
}
