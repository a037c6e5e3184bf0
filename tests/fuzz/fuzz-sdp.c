/* Session descriptions: whatever is accepted must be answered and offered on in text that we accept ourselves, and that
 * says what was meant. That is how a browser's bytes could leak into another browser's description. */
#include "signaling/sdp/sdp.h"

#include <glib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static cg_media_description local_of(void)
{
    cg_media_description local = {.ice = {.ufrag = "ufragufr", .pwd = "passwordpasswordpassword"}, .ssrc = 1};
    local.fingerprint = (cg_fingerprint){.hash = CG_HASH_SHA512, .size = 64};
    return local;
}

static void assert_same_formats(const cg_media_description *a, const cg_media_description *b)
{
    g_assert(a->format_count == b->format_count);
    for (size_t i = 0; i < a->format_count; i++) {
        g_assert(a->formats[i].codec == b->formats[i].codec);
        g_assert(a->formats[i].payload_type == b->formats[i].payload_type);
        g_assert(strcmp(a->formats[i].fmtp, b->formats[i].fmtp) == 0);
    }
    g_assert(a->direction == b->direction && a->ptime_ms == b->ptime_ms && a->ssrc == b->ssrc);
    g_assert(a->max_ptime_ms == b->max_ptime_ms);
    g_assert(memcmp(a->extensions, b->extensions, sizeof(a->extensions)) == 0);
}

/* Reads back what we wrote, as if a browser had: with the DTLS role that a browser has towards us. */
static void assert_reads_back(char *text, cg_sdp_kind kind, const cg_media_description *written)
{
    g_auto(GStrv) parts = g_strsplit(text, "a=setup:active\r\n", -1);
    g_assert(g_strv_length(parts) == 2);
    g_autofree char *turned = g_strjoinv("a=setup:passive\r\n", parts);
    g_autoptr(cg_sdp) sdp = NULL;
    g_assert(cg_sdp_parse(turned, strlen(turned), kind, &sdp) == CG_SDP_OK);
    assert_same_formats(cg_sdp_media(sdp), written);
}

static void assert_sound(const cg_sdp *sdp)
{
    const cg_media_description *media = cg_sdp_media(sdp);
    g_assert(media->format_count > 0 && media->format_count <= CG_MAX_FORMATS);
    for (size_t i = 0; i < media->format_count; i++) {
        g_assert(cg_media_find_payload_type(media, media->formats[i].payload_type) == &media->formats[i]);
        g_assert(cg_media_find_codec(media, media->formats[i].codec) == &media->formats[i]);
    }
}

/* An offer of ours later in its session has its sections: their number and places. */
static void assert_same_sections(const char *text, const char *again)
{
    g_auto(GStrv) before = g_strsplit(text, "\nm=", -1), after = g_strsplit(again, "\nm=", -1);
    g_assert(g_strv_length(before) == g_strv_length(after));
    for (size_t i = 1; before[i] != NULL; i++)
        g_assert(strcspn(before[i], " ") == strcspn(after[i], " ") && before[i][0] == after[i][0]);
}

/* Answers it, with its own fmtp crossing back, and offers it on. */
static void use(const cg_sdp *sdp)
{
    const cg_sdp_origin origin = {.session_id = 1, .session_version = 2, .ice_lite = true, .cname = "c"};
    cg_media_description local = local_of();
    cg_sdp_answer_media(cg_sdp_media(sdp), NULL, CG_DIRECTION_SENDRECV, &local);
    cg_sdp_cross_media(cg_sdp_media(sdp), &local);
    g_autofree char *answer = cg_sdp_write_answer(&origin, &local, sdp);
    assert_reads_back(answer, CG_SDP_ANSWER, &local);

    cg_sdp_offer_media(cg_sdp_media(sdp), &local);
    g_autofree char *offer = cg_sdp_write_offer(&origin, &local, NULL);
    assert_reads_back(offer, CG_SDP_OFFER, &local);
    g_autoptr(cg_sdp_layout) layout = cg_sdp_layout_of(sdp);
    g_autofree char *again = cg_sdp_write_offer(&origin, &local, layout);
    assert_reads_back(again, CG_SDP_OFFER, &local);
    assert_same_sections(answer, again);
}

static void assert_same_keys(const cg_media_description *a, const cg_media_description *b)
{
    g_assert(a->rtp.savp == b->rtp.savp && a->crypto_count == b->crypto_count && a->crypto_count <= 1);
    g_assert(a->crypto[0].tag == b->crypto[0].tag && a->crypto[0].profile == b->crypto[0].profile);
    g_assert(memcmp(a->crypto[0].master, b->crypto[0].master, CG_SRTP_MASTER_SIZE) == 0);
}

/* A phone's, answered to it, and offered on to a browser and to a phone. */
static void use_rtp(const cg_sdp *sdp)
{
    const cg_codec trunk[] = {CG_CODEC_PCMA, CG_CODEC_PCMU, CG_CODEC_OPUS, CG_CODEC_G722, CG_CODEC_COUNT};
    const cg_sdp_origin origin = {.session_id = 1, .session_version = 2, .ice_lite = true, .cname = "c"};
    cg_media_description local = {.ssrc = 1, .rtp.mux = cg_sdp_media(sdp)->rtp.mux};
    local.rtp.media = local.rtp.rtcp = cg_sdp_media(sdp)->rtp.media;
    cg_media_description theirs = *cg_sdp_media(sdp);
    g_assert(theirs.rtp.savp <= theirs.crypto_count && theirs.crypto_count <= CG_MAX_CRYPTO);
    g_assert(cg_sdp_answer_crypto(CG_SRTP_OPTIONAL, &theirs, &local));
    cg_sdp_answer_media(cg_sdp_media(sdp), NULL, CG_DIRECTION_SENDRECV, &local);
    memset(local.extensions, 0, sizeof(local.extensions));
    cg_sdp_cross_media(cg_sdp_media(sdp), &local);
    g_autofree char *answer = cg_sdp_write_answer(&origin, &local, sdp);
    g_autoptr(cg_sdp) back = NULL;
    cg_sdp_status status = cg_sdp_parse_rtp(answer, strlen(answer), CG_SDP_OFFER, &back);
    /* Nowhere cannot be said of us: its port is 0, as in a section that is refused. */
    g_assert(status == CG_SDP_OK || (status == CG_SDP_NO_AUDIO && strstr(answer, "m=audio 0 ")));
    if (status == CG_SDP_OK)
        assert_same_keys(cg_sdp_media(back), &local);
    g_autoptr(cg_sdp_layout) layout = cg_sdp_layout_of(sdp);
    g_autofree char *again = cg_sdp_write_offer(&origin, &local, layout);
    assert_same_sections(answer, again);

    cg_sdp_prefer_codecs(trunk, true, &local);
    for (size_t i = 0; i < local.format_count; i++)
        g_assert(cg_media_find_codec(cg_sdp_media(sdp), local.formats[i].codec));
    cg_media_description browser = local_of();
    cg_sdp_offer_media(cg_sdp_media(sdp), &browser);
    g_autofree char *offer = cg_sdp_write_offer(&origin, &browser, NULL);
    assert_reads_back(offer, CG_SDP_OFFER, &browser);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (cg_sdp_kind kind = CG_SDP_OFFER; kind <= CG_SDP_ANSWER; kind++) {
        g_autoptr(cg_sdp) sdp = NULL;
        if (cg_sdp_parse_rtp((const char *) data, size, kind, &sdp) != CG_SDP_OK)
            continue;
        assert_sound(sdp);
        use_rtp(sdp);
    }
    for (cg_sdp_kind kind = CG_SDP_OFFER; kind <= CG_SDP_ANSWER; kind++) {
        g_autoptr(cg_sdp) sdp = NULL;
        if (cg_sdp_parse((const char *) data, size, kind, &sdp) != CG_SDP_OK)
            continue;
        assert_sound(sdp);
        use(sdp);
    }
    return 0;
}
