/* What one SRTP packet costs: libsrtp with the primitives it was built with against the replaced ones, in one run, for
 * one peer whose keys stay in the cache and for many in turn. Prints microseconds of one core per operation. */
#include "bridge/srtp/srtp_primitives.h"
#include "bridge/srtp/srtp_session.h"

#include <glib.h>
#include <srtp2/srtp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define PACKETS 20000
#define ROUNDS 5
#define MANY 800 /* peers: 400 calls */
#define HEADER_SIZE 12
#define PAYLOAD_SIZE 80

typedef struct {
    double protect_us, unprotect_us; /* the best of the rounds */
} cost;

static double cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double) t.tv_sec * 1e6 + (double) t.tv_nsec / 1e3;
}

static srtp_t direction(srtp_ssrc_type_t ssrcs)
{
    static const uint8_t master[CG_SRTP_MASTER_SIZE] = {1, 2, 3, 4, 5, 6, 7, 8};
    srtp_t made;
    srtp_policy_t policy = {.ssrc = {.type = ssrcs}, .key = (uint8_t *) master, .window_size = 128};
    srtp_crypto_policy_set_rtp_default(&policy.rtp);
    srtp_crypto_policy_set_rtcp_default(&policy.rtcp);
    g_assert_cmpint(srtp_create(&made, &policy), ==, srtp_err_status_ok);
    return made;
}

static void make_packet(uint8_t *data, unsigned n)
{
    memset(data, 0, HEADER_SIZE + PAYLOAD_SIZE);
    data[0] = 0x80;
    data[2] = (uint8_t) (n >> 8);
    data[3] = (uint8_t) n;
}

static cost measure(unsigned peers)
{
    cost best = {1e9, 1e9};
    uint8_t(*packets)[256] = g_malloc0(PACKETS * sizeof *packets);
    srtp_t *outbound = g_new(srtp_t, peers), *inbound = g_new(srtp_t, peers);
    for (unsigned i = 0; i < peers; i++) {
        outbound[i] = direction(ssrc_any_outbound);
        inbound[i] = direction(ssrc_any_inbound);
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned n = 0; n < PACKETS; n++)
            make_packet(packets[n], round * PACKETS + n / peers);
        int size = HEADER_SIZE + PAYLOAD_SIZE;
        double start = cpu_us();
        for (unsigned n = 0; n < PACKETS; n++) {
            size = HEADER_SIZE + PAYLOAD_SIZE;
            g_assert_cmpint(srtp_protect(outbound[n % peers], packets[n], &size), ==, srtp_err_status_ok);
        }
        double middle = cpu_us();
        for (unsigned n = 0; n < PACKETS; n++) {
            int in = size;
            g_assert_cmpint(srtp_unprotect(inbound[n % peers], packets[n], &in), ==, srtp_err_status_ok);
        }
        double end = cpu_us();
        best.protect_us = MIN(best.protect_us, (middle - start) / PACKETS);
        best.unprotect_us = MIN(best.unprotect_us, (end - middle) / PACKETS);
    }
    for (unsigned i = 0; i < peers; i++) {
        srtp_dealloc(outbound[i]);
        srtp_dealloc(inbound[i]);
    }
    g_free(outbound);
    g_free(inbound);
    g_free(packets);
    return best;
}

static void print(const char *name, cost c)
{
    printf("%-34s protect %.2f us  unprotect %.2f us\n", name, c.protect_us, c.unprotect_us);
}

static void compare(const char *peers, cost before, cost after)
{
    printf("%s\n", peers);
    print("  as packaged", before);
    print("  with Callgate's primitives", after);
    printf("%-34s protect %.1f     unprotect %.1f\n", "  times faster", before.protect_us / after.protect_us,
           before.unprotect_us / after.unprotect_us);
}

int main(void)
{
    g_assert_cmpint(srtp_init(), ==, srtp_err_status_ok);
    cost one = measure(1), many = measure(MANY);
    g_assert_true(cg_srtp_primitives_install());
    printf("%s, AES_CM_128_HMAC_SHA1_80, payload %d bytes\n", srtp_get_version_string(), PAYLOAD_SIZE);
    compare("one peer", one, measure(1));
    compare("800 peers in turn", many, measure(MANY));
    return 0;
}
