/* Answers and offers as the gateway writes them, for tests that put them before real browsers. Reads a browser's
 * description on standard input:
 *
 *     sdp-tool offer          nothing read; prints our offer of everything we speak
 *     sdp-tool offer-to       an offer read (the caller's); prints what we would offer to the callee
 *     sdp-tool answer         an offer read; prints our answer to it
 *     sdp-tool answer-opus    the same, with Opus and its events only
 *     sdp-tool check-answer   an answer read; prints the codecs in it, one a line
 *
 * Refusals print the status' name and end with 1. Fingerprint and addresses are made up: no media can flow. Our
 * credentials are the browser's own sent back, so that they change when, and only when, it restarts ICE: a browser
 * refuses others. */
#include "signaling/sdp/sdp.h"

#include <arpa/inet.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

static cg_candidate candidate_at(int family, const char *address, uint32_t priority, const char *foundation)
{
    cg_candidate candidate = {.priority = priority};
    struct sockaddr_in *in4 = (struct sockaddr_in *) &candidate.address;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *) &candidate.address;

    candidate.address.ss_family = (sa_family_t) family;
    in4->sin_port = htons(40000); /* at the same place in both */
    g_strlcpy(candidate.foundation, foundation, sizeof(candidate.foundation));
    void *target = family == AF_INET ? (void *) &in4->sin_addr : (void *) &in6->sin6_addr;
    g_assert(inet_pton(family, address, target) == 1);
    return candidate;
}

static cg_media_description new_local(const cg_sdp *remote)
{
    cg_media_description local = {.ssrc = 3735928559, .ice = {.ufrag = "callgate", .pwd = "0123456789abcdefghijklmn"}};
    local.fingerprint = (cg_fingerprint){.hash = CG_HASH_SHA256, .size = 32};
    memset(local.fingerprint.digest, 0xa5, 32);
    if (remote)
        local.ice = cg_sdp_media(remote)->ice;
    return local;
}

static char *write_reply(const char *mode, const cg_sdp *remote)
{
    cg_candidate candidates[] = {candidate_at(AF_INET, "192.0.2.1", 2130706431, "1"),
                                 candidate_at(AF_INET6, "2001:db8::1", 2130706175, "2")};
    cg_sdp_origin origin = {.session_id = G_MAXINT64,
                            .session_version = 1,
                            .candidates = candidates,
                            .candidate_count = G_N_ELEMENTS(candidates),
                            .ice_lite = true,
                            .cname = "callgate-test"};
    cg_media_description local = new_local(remote);

    if (g_str_has_prefix(mode, "offer")) {
        cg_sdp_offer_media(remote ? cg_sdp_media(remote) : NULL, &local);
        return cg_sdp_write_offer(&origin, &local, NULL);
    }
    const bool opus_only[CG_CODEC_COUNT] = {
        [CG_CODEC_OPUS] = true, [CG_CODEC_TELEPHONE_EVENT_48000] = true, [CG_CODEC_TELEPHONE_EVENT_8000] = true};
    bool opus = strcmp(mode, "answer-opus") == 0;
    cg_sdp_answer_media(cg_sdp_media(remote), opus ? opus_only : NULL, CG_DIRECTION_SENDRECV, &local);
    return cg_sdp_write_answer(&origin, &local, remote);
}

static int run(const char *mode)
{
    char text[CG_SDP_MAX_SIZE + 1];
    cg_sdp *remote = NULL;
    bool answer = strcmp(mode, "check-answer") == 0;

    if (strcmp(mode, "offer") != 0) {
        size_t size = fread(text, 1, sizeof(text), stdin);
        cg_sdp_status status = cg_sdp_parse(text, size, answer ? CG_SDP_ANSWER : CG_SDP_OFFER, &remote);
        if (status != CG_SDP_OK) {
            puts(cg_sdp_status_name(status));
            return 1;
        }
    }
    if (answer) {
        const cg_media_description *media = cg_sdp_media(remote);
        for (size_t i = 0; i < media->format_count; i++) {
            const cg_codec_info *info = cg_codec_get_info(media->formats[i].codec);
            printf("%u %s/%u %s\n", media->formats[i].payload_type, info->name, info->clock_rate,
                   media->formats[i].fmtp);
        }
    } else {
        g_autofree char *reply = write_reply(mode, remote);
        fputs(reply, stdout);
    }
    cg_sdp_free(remote);
    return 0;
}

int main(int argc, char **argv)
{
    const char *const modes[] = {"offer", "offer-to", "answer", "answer-opus", "check-answer", NULL};
    if (argc != 2 || !g_strv_contains(modes, argv[1])) {
        fputs("usage: sdp-tool offer|offer-to|answer|answer-opus|check-answer < description\n", stderr);
        return 2;
    }
    return run(argv[1]);
}
