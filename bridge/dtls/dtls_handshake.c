/* One handshake on mbedTLS 2.28. The thing to know: mbedTLS is fed one record at a time, and only records that cannot
 * end the handshake unless they are authentic:
 *
 * - Handshake messages without protection are framed anew, one fragment to a record with a record number of our own.
 *   Malformed ones never arrive, and servers may put a message behind a fragment in one record, where mbedTLS would
 *   look for it in the wrong place.
 * - Alerts without protection are only noted. If there is no progress for ALERT_GRACE_US, the alert is believed.
 * - Protected records are tried on a copy first: mbedTLS takes a forged Finished for a failed handshake.
 *
 * What remains is a well-formed forged message from the peer's own, ICE-validated address. DTLS 1.2 cannot tell it
 * from a real one, and beginning again does not help: the server has tied itself to our first ClientHello. */
#include "bridge/dtls/dtls_handshake.h"

#include "bridge/dtls/dtls_context.h"
#include "bridge/dtls/dtls_record.h"

#include <glib.h>
#include <mbedtls/error.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/ssl.h>
#include <string.h>

#define ALERT_GRACE_US (2 * 1000 * 1000)
#define MAX_RECORDS 512 /* unprotected ones; a handshake has 10 to 20. Bounds the work somebody can make. */
#define HELD_RECORDS 4  /* protected records that came before ChangeCipherSpec: the Finished message, and forgeries */
#define HELD_RECORD_SIZE 128

typedef struct {
    uint8_t data[HELD_RECORD_SIZE];
    size_t size;
} held_record;

struct cg_dtls_handshake {
    cg_dtls_context context;
    cg_dtls_state state;
    int64_t deadline_us;
    int64_t alert_deadline_us; /* INT64_MAX: no alert pending */
    uint8_t alert;
    unsigned record_count; /* unprotected records fed */
    held_record held[HELD_RECORDS];
    unsigned held_count;
    cg_srtp_keys keys;
    char detail[96];
};

cg_dtls_handshake *cg_dtls_handshake_new(const cg_dtls_handshake_config *config)
{
    cg_dtls_handshake *handshake = g_new0(cg_dtls_handshake, 1);
    handshake->deadline_us = config->deadline_us;
    handshake->alert_deadline_us = INT64_MAX;
    if (cg_dtls_context_init(&handshake->context, config))
        return handshake;
    cg_dtls_handshake_free(handshake);
    return NULL;
}

void cg_dtls_handshake_free(cg_dtls_handshake *handshake)
{
    if (!handshake)
        return;
    cg_dtls_context_clear(&handshake->context);
    mbedtls_platform_zeroize(handshake, sizeof *handshake);
    g_free(handshake);
}

/* Ends. */

static void fail(cg_dtls_handshake *handshake, cg_dtls_state state, const char *detail)
{
    handshake->state = state;
    g_strlcpy(handshake->detail, detail, sizeof handshake->detail);
}

static void complete(cg_dtls_handshake *handshake)
{
    if (!handshake->context.fingerprint_matched)
        fail(handshake, CG_DTLS_ENDED_MISMATCH, "the peer showed no certificate");
    else if (!cg_dtls_context_derive_keys(&handshake->context, &handshake->keys))
        fail(handshake, CG_DTLS_ENDED_FAILED, "no SRTP profile in common");
    else
        handshake->state = CG_DTLS_ENDED_DONE;
}

static void break_off(cg_dtls_handshake *handshake, int error)
{
    char text[80];
    if (handshake->context.fingerprint_mismatched) {
        cg_dtls_context_refuse_certificate(&handshake->context);
        fail(handshake, CG_DTLS_ENDED_MISMATCH, "the peer's certificate is not the one in its description");
    } else if (error == MBEDTLS_ERR_SSL_TIMEOUT) {
        fail(handshake, CG_DTLS_ENDED_TIMED_OUT, "no answer");
    } else {
        mbedtls_strerror(error, text, sizeof text);
        fail(handshake, CG_DTLS_ENDED_FAILED, text);
    }
}

/* Running. */

/* Lets mbedTLS work until it has read its input and wants more. A timer that ran out makes it retransmit instead of
 * reading once, hence the second round. */
static void run(cg_dtls_handshake *handshake)
{
    for (int round = 0; handshake->state == CG_DTLS_GOING && round < 2; round++) {
        int error = mbedtls_ssl_handshake(&handshake->context.ssl);
        if (error == 0)
            complete(handshake);
        else if (error != MBEDTLS_ERR_SSL_WANT_READ)
            break_off(handshake, error);
        if (handshake->context.input_size == 0)
            break;
    }
    handshake->context.input_size = 0;
}

static void feed(cg_dtls_handshake *handshake, const uint8_t *data, size_t size)
{
    int before = handshake->context.ssl.state;
    memcpy(handshake->context.input, data, size);
    handshake->context.input_size = size;
    run(handshake);
    if (handshake->context.ssl.state != before)
        handshake->alert_deadline_us = INT64_MAX;
}

typedef enum { AUTHENTIC, FORGED, NO_KEYS_YET } authenticity;

static authenticity authenticate(cg_dtls_handshake *handshake, const uint8_t *data, size_t size)
{
    uint8_t copy[CG_DTLS_MAX_DATAGRAM]; /* decrypted in place */
    memcpy(copy, data, size);
    switch (mbedtls_ssl_check_record(&handshake->context.ssl, copy, size)) {
    case 0:
        return AUTHENTIC;
    case MBEDTLS_ERR_SSL_UNEXPECTED_RECORD: /* of the next epoch, or seen before */
        return NO_KEYS_YET;
    default:
        return FORGED;
    }
}

static void hold(cg_dtls_handshake *handshake, const cg_dtls_record *record)
{
    if (record->size > HELD_RECORD_SIZE || handshake->held_count == HELD_RECORDS)
        return;
    held_record *held = &handshake->held[handshake->held_count++];
    memcpy(held->data, record->data, record->size);
    held->size = record->size;
}

static void receive_protected(cg_dtls_handshake *handshake, const cg_dtls_record *record)
{
    switch (authenticate(handshake, record->data, record->size)) {
    case AUTHENTIC:
        feed(handshake, record->data, record->size);
        break;
    case NO_KEYS_YET:
        hold(handshake, record);
        break;
    case FORGED:
        break;
    }
}

static void feed_held(cg_dtls_handshake *handshake)
{
    for (unsigned i = 0; i < handshake->held_count && handshake->state == CG_DTLS_GOING; i++) {
        held_record *held = &handshake->held[i];
        if (held->size && authenticate(handshake, held->data, held->size) == AUTHENTIC) {
            feed(handshake, held->data, held->size);
            held->size = 0;
        }
    }
}

/* Gives an unprotected record to mbedTLS under a header of our own. */
static void feed_plain(cg_dtls_handshake *handshake, uint8_t type, const uint8_t *body, size_t size)
{
    uint8_t record[CG_DTLS_MAX_DATAGRAM] = {type, 0xfe, 0xfd};
    unsigned number = handshake->record_count;
    if (number == MAX_RECORDS || handshake->state != CG_DTLS_GOING)
        return;
    handshake->record_count++;
    record[9] = (uint8_t) (number >> 8);
    record[10] = (uint8_t) number;
    record[11] = (uint8_t) (size >> 8);
    record[12] = (uint8_t) size;
    memcpy(record + CG_DTLS_RECORD_HEADER, body, size);
    feed(handshake, record, CG_DTLS_RECORD_HEADER + size);
}

static void note_alert(cg_dtls_handshake *handshake, const cg_dtls_record *record)
{
    bool fatal = record->body_size == 2 && record->body[0] == MBEDTLS_SSL_ALERT_LEVEL_FATAL;
    if (!fatal || handshake->alert_deadline_us != INT64_MAX)
        return;
    handshake->alert = record->body[1];
    handshake->alert_deadline_us = handshake->context.now_us + ALERT_GRACE_US;
}

static void receive_plain(cg_dtls_handshake *handshake, const cg_dtls_record *record)
{
    const uint8_t *body = record->body;
    size_t size = record->body_size;
    cg_dtls_fragment fragment;
    switch (record->type) {
    case CG_DTLS_HANDSHAKE_MESSAGES:
        while (cg_dtls_fragment_next(&body, &size, &fragment))
            feed_plain(handshake, record->type, fragment.data, fragment.size);
        break;
    case CG_DTLS_CHANGE_CIPHER_SPEC:
        if (size == 1 && body[0] == 1)
            feed_plain(handshake, record->type, body, size);
        break;
    case CG_DTLS_ALERT:
        note_alert(handshake, record);
        break;
    default:
        break;
    }
}

static void check_deadlines(cg_dtls_handshake *handshake)
{
    char text[64];
    if (handshake->state != CG_DTLS_GOING)
        return;
    if (handshake->context.now_us >= handshake->alert_deadline_us) {
        g_snprintf(text, sizeof text, "alert %u from the peer and no progress since", handshake->alert);
        fail(handshake, CG_DTLS_ENDED_FAILED, text);
    } else if (handshake->context.now_us >= handshake->deadline_us) {
        fail(handshake, CG_DTLS_ENDED_TIMED_OUT, "no end in time");
    }
}

cg_dtls_state cg_dtls_handshake_advance(cg_dtls_handshake *handshake, int64_t now_us)
{
    handshake->context.now_us = now_us;
    check_deadlines(handshake);
    run(handshake);
    return handshake->state;
}

cg_dtls_state cg_dtls_handshake_receive(cg_dtls_handshake *handshake, int64_t now_us, const uint8_t *data, size_t size)
{
    cg_dtls_record record;
    handshake->context.now_us = now_us;
    if (size > CG_DTLS_MAX_DATAGRAM)
        return handshake->state;
    while (handshake->state == CG_DTLS_GOING && cg_dtls_record_next(&data, &size, &record)) {
        if (record.epoch == 0)
            receive_plain(handshake, &record);
        else if (record.epoch == 1)
            receive_protected(handshake, &record);
        feed_held(handshake);
    }
    return handshake->state;
}

int64_t cg_dtls_handshake_next(const cg_dtls_handshake *handshake)
{
    int64_t next = MIN(handshake->deadline_us, handshake->alert_deadline_us);
    return handshake->context.timer_us ? MIN(next, handshake->context.timer_us) : next;
}

const cg_srtp_keys *cg_dtls_handshake_keys(const cg_dtls_handshake *handshake)
{
    g_assert(handshake->state == CG_DTLS_ENDED_DONE);
    return &handshake->keys;
}

const char *cg_dtls_handshake_detail(const cg_dtls_handshake *handshake)
{
    return handshake->detail;
}
