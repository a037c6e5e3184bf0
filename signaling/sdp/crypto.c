/* Keys in descriptions: a=crypto lines (RFC 4568), read and written. What is broken is refused; what is sound and asks
 * for more than we do (another suite, a master key identifier, a key for few packets) is passed over, as section 5.1.2
 * has it. */
#include "signaling/sdp/description.h"

#include <glib.h>
#include <string.h>

enum {
    KEY_CHARACTERS = CG_SRTP_MASTER_SIZE / 3 * 4, /* of base64, without any left over */
    TAG_MAX = 999999999,
};

/* Packets that a key must be good for (section 6.1). 2^31 is the most for SRTCP, and no call gets that far: at 100
 * packets a second it takes 248 days. So nobody has to count. */
#define LIFETIME_MIN (UINT64_C(1) << 31)
#define LIFETIME_MAX (UINT64_C(1) << 48)

static const struct {
    const char *name; /* section 6.2 */
    cg_srtp_profile profile;
} suites[] = {
    {"AES_CM_128_HMAC_SHA1_80", CG_SRTP_AES128_CM_SHA1_80},
    {"AES_CM_128_HMAC_SHA1_32", CG_SRTP_AES128_CM_SHA1_32},
};

typedef enum { CRYPTO_TAKEN, CRYPTO_PASSED_OVER, CRYPTO_BROKEN } crypto_verdict;

/* Without a leading zero: one text for one number. */
static bool read_tag(cg_slice text, uint32_t *ret_tag)
{
    uint64_t tag;
    if (!cg_slice_number(text, TAG_MAX, &tag) || (text.size > 1 && text.at[0] == '0'))
        return false;
    *ret_tag = (uint32_t) tag;
    return true;
}

/* Strictly: GLib's decoder skips what is not base64. */
static bool read_master(cg_slice text, uint8_t ret_master[static CG_SRTP_MASTER_SIZE])
{
    gint state = 0;
    guint save = 0;
    uint8_t master[CG_SRTP_MASTER_SIZE + 3];
    if (text.size != KEY_CHARACTERS || !cg_slice_is_ice_text(text)) /* the same alphabet */
        return false;
    g_base64_decode_step(text.at, KEY_CHARACTERS, master, &state, &save);
    memcpy(ret_master, master, CG_SRTP_MASTER_SIZE);
    explicit_bzero(master, sizeof master);
    explicit_bzero(&save, sizeof save);
    return true;
}

/* "2^48" or a number of packets. */
static bool read_lifetime(cg_slice text, uint64_t *ret_packets)
{
    uint64_t exponent;
    if (text.size < 2 || text.at[0] != '2' || text.at[1] != '^')
        return cg_slice_number(text, LIFETIME_MAX, ret_packets) && *ret_packets > 0;
    if (!cg_slice_number((cg_slice){.at = text.at + 2, .size = text.size - 2}, 48, &exponent))
        return false;
    *ret_packets = UINT64_C(1) << exponent;
    return true;
}

/* "1:4" */
static bool is_identifier(cg_slice text)
{
    cg_slice value;
    uint64_t number;
    return cg_slice_take(&text, ':', &value) && cg_slice_number(value, UINT64_MAX, &number) &&
           cg_slice_number(text, 128, &number);
}

/* "inline:" key ["|" lifetime] ["|" identifier ":" length]; several with ";" between need identifiers. */
static crypto_verdict read_key(cg_slice text, uint8_t ret_master[static CG_SRTP_MASTER_SIZE])
{
    cg_slice method, key, more;
    uint64_t lifetime = LIFETIME_MAX;
    if (memchr(text.at, ';', text.size))
        return CRYPTO_PASSED_OVER;
    if (!cg_slice_take(&text, ':', &method) || !text.at)
        return CRYPTO_BROKEN;
    if (!cg_slice_is_nocase(method, "inline"))
        return CRYPTO_PASSED_OVER;
    if (!cg_slice_take(&text, '|', &key) || !read_master(key, ret_master))
        return CRYPTO_BROKEN;
    if (!cg_slice_take(&text, '|', &more))
        return CRYPTO_TAKEN;
    bool timed = read_lifetime(more, &lifetime);
    bool identified = timed ? cg_slice_take(&text, '|', &more) : true;
    if (text.at || (identified && !is_identifier(more)))
        return CRYPTO_BROKEN;
    return identified || lifetime < LIFETIME_MIN ? CRYPTO_PASSED_OVER : CRYPTO_TAKEN;
}

/* Session parameters (section 6.3) change the packets, except for a hint for the size of the replay window and what
 * need not be understood. */
static crypto_verdict read_parameters(cg_slice rest)
{
    cg_slice parameter;
    crypto_verdict verdict = CRYPTO_TAKEN;
    while (cg_slice_take(&rest, ' ', &parameter)) {
        if (parameter.size == 0)
            return CRYPTO_BROKEN;
        bool hint = parameter.at[0] == '-' || (parameter.size > 4 && g_ascii_strncasecmp(parameter.at, "WSH=", 4) == 0);
        if (!hint)
            verdict = CRYPTO_PASSED_OVER;
    }
    return verdict;
}

/* <tag> <suite> <key> [<session parameter> ...] */
static crypto_verdict read_crypto(cg_slice value, cg_crypto *ret_crypto)
{
    cg_slice tag, suite, key;
    cg_crypto crypto = {0};
    size_t i = 0;
    if (!cg_slice_take(&value, ' ', &tag) || !read_tag(tag, &crypto.tag) || !cg_slice_take(&value, ' ', &suite) ||
        !cg_slice_is_token(suite) || !cg_slice_take(&value, ' ', &key) || key.size == 0)
        return CRYPTO_BROKEN;
    ret_crypto->tag = crypto.tag;
    while (i < G_N_ELEMENTS(suites) && !cg_slice_is_nocase(suite, suites[i].name))
        i++;
    if (i == G_N_ELEMENTS(suites))
        return CRYPTO_PASSED_OVER;
    crypto.profile = suites[i].profile;
    crypto_verdict verdict = read_key(key, crypto.master), rest = read_parameters(value);
    if (verdict == CRYPTO_TAKEN && rest == CRYPTO_TAKEN)
        *ret_crypto = crypto;
    explicit_bzero(&crypto, sizeof crypto);
    return MAX(verdict, rest);
}

/* Section 5.1.2: tags tell an offer's lines apart. */
static bool is_new(uint32_t tag, uint32_t tags[static CG_SDP_MAX_LINES], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (tags[i] == tag)
            return false;
    tags[count] = tag;
    return true;
}

cg_sdp_status cg_sdp_read_crypto(const cg_sdp_reading *reading)
{
    cg_media_description *media = &reading->sdp->media;
    uint32_t tags[CG_SDP_MAX_LINES];
    size_t count = 0;
    const cg_sdp_line *line = NULL;
    media->rtp.savp = strcmp(reading->sdp->section[reading->sdp->audio].protocol, "RTP/SAVP") == 0;
    while ((line = cg_sdp_lines_next(reading->lines, reading->audio, "crypto", line))) {
        cg_crypto crypto;
        crypto_verdict verdict = read_crypto(line->value, &crypto);
        if (verdict == CRYPTO_BROKEN || !is_new(crypto.tag, tags, count++))
            return CG_SDP_MALFORMED;
        if (verdict == CRYPTO_TAKEN && media->crypto_count < CG_MAX_CRYPTO)
            media->crypto[media->crypto_count++] = crypto;
        explicit_bzero(&crypto, sizeof crypto);
    }
    if (reading->kind == CG_SDP_ANSWER && count > 1) /* section 5.1.2: exactly one */
        return CG_SDP_MALFORMED;
    return media->rtp.savp && media->crypto_count == 0 ? CG_SDP_NO_CRYPTO : CG_SDP_OK;
}

void cg_sdp_write_crypto(GString *out, const cg_media_description *local)
{
    for (size_t i = 0; i < local->crypto_count; i++) {
        const cg_crypto *crypto = &local->crypto[i];
        g_autofree char *key = g_base64_encode(crypto->master, sizeof crypto->master);
        size_t suite = 0;
        while (suites[suite].profile != crypto->profile)
            suite++;
        g_string_append_printf(out, "a=crypto:%u %s inline:%s\r\n", crypto->tag, suites[suite].name, key);
        explicit_bzero(key, KEY_CHARACTERS);
    }
}
