/* Who the browser is on the network: ICE credentials (RFC 8839), certificate fingerprint (RFC 8122), DTLS role
 * (RFC 8842) and rtcp-mux (RFC 5761). Exactly one fingerprint may apply: it is all that authenticates the browser's
 * media, so a second one would be a second identity allowed to answer. */
#include "signaling/sdp/description.h"

#include <glib.h>
#include <string.h>

/* The single value that applies to our audio; false if its section says two different ones. */
static bool read_value(const cg_sdp_reading *reading, const char *name, cg_slice *ret_value)
{
    return cg_sdp_lines_value(reading->lines, cg_sdp_section_with(reading, name), name, ret_value);
}

/* RFC 8839 section 5.4: ufrag of 4 to 256 and pwd of 22 to 256 ice-chars; our own upper bounds are in base/media.h. */
static cg_sdp_status read_ice(const cg_sdp_reading *reading)
{
    cg_ice_credentials *ice = &reading->sdp->media.ice;
    cg_slice ufrag, pwd;

    if (!read_value(reading, "ice-ufrag", &ufrag) || !read_value(reading, "ice-pwd", &pwd))
        return CG_SDP_MALFORMED;
    if (!cg_slice_is_ice_text(ufrag) || ufrag.size < 4 || !cg_slice_copy(ufrag, ice->ufrag, sizeof(ice->ufrag)))
        return CG_SDP_NO_ICE;
    if (!cg_slice_is_ice_text(pwd) || pwd.size < 22 || !cg_slice_copy(pwd, ice->pwd, sizeof(ice->pwd)))
        return CG_SDP_NO_ICE;
    return CG_SDP_OK;
}

static const struct {
    const char *name; /* RFC 8122 section 5, any case */
    cg_hash hash;
    uint8_t size; /* bytes */
} hashes[] = {
    {"sha-256", CG_HASH_SHA256, 32},
    {"sha-384", CG_HASH_SHA384, 48},
    {"sha-512", CG_HASH_SHA512, 64},
};

const char *cg_sdp_hash_name(cg_hash hash)
{
    size_t i = 0;
    while (hashes[i].hash != hash) {
        i++;
        g_assert(i < G_N_ELEMENTS(hashes)); /* sha-1 is nobody's fingerprint here */
    }
    return hashes[i].name;
}

/* Pairs of hex digits with colons between. RFC 8122 wants capitals; small ones are understood as well. */
static bool read_digest(cg_slice text, cg_fingerprint *fingerprint)
{
    if (text.size != fingerprint->size * 3u - 1)
        return false;
    for (size_t i = 0; i < fingerprint->size; i++) {
        const char *pair = text.at + i * 3;
        if (!g_ascii_isxdigit(pair[0]) || !g_ascii_isxdigit(pair[1]) || (i + 1 < fingerprint->size && pair[2] != ':'))
            return false;
        fingerprint->digest[i] = (uint8_t) (g_ascii_xdigit_value(pair[0]) << 4 | g_ascii_xdigit_value(pair[1]));
    }
    return true;
}

static cg_sdp_status read_fingerprint(cg_slice value, cg_fingerprint *ret_fingerprint)
{
    cg_slice name;
    if (!cg_slice_take(&value, ' ', &name) || !cg_slice_is_token(name) || !value.at)
        return CG_SDP_MALFORMED;
    for (size_t i = 0; i < G_N_ELEMENTS(hashes); i++) {
        if (!cg_slice_is_nocase(name, hashes[i].name))
            continue;
        *ret_fingerprint = (cg_fingerprint){.hash = hashes[i].hash, .size = hashes[i].size};
        return read_digest(value, ret_fingerprint) ? CG_SDP_OK : CG_SDP_MALFORMED;
    }
    return CG_SDP_WEAK_FINGERPRINT;
}

/* The hash name in any case, the digest in any case: two lines that say the same are one fingerprint. */
static bool same_fingerprint(cg_slice a, cg_slice b)
{
    return a.size == b.size && g_ascii_strncasecmp(a.at, b.at, a.size) == 0;
}

/* RFC 8122 section 5 would let us choose among several; refusing them all is the safe reading of its "MAY". */
static cg_sdp_status read_fingerprints(const cg_sdp_reading *reading)
{
    size_t section = cg_sdp_section_with(reading, "fingerprint");
    const cg_sdp_line *first = cg_sdp_lines_next(reading->lines, section, "fingerprint", NULL);
    if (!first)
        return CG_SDP_NO_FINGERPRINT;

    const cg_sdp_line *line = first;
    while ((line = cg_sdp_lines_next(reading->lines, section, "fingerprint", line)))
        if (!same_fingerprint(first->value, line->value))
            return CG_SDP_TWO_FINGERPRINTS;
    return read_fingerprint(first->value, &reading->sdp->media.fingerprint);
}

/* The gateway is always the DTLS client: an offer must leave us that role, an answer must have taken the other.
 * A missing a=setup is refused: its default (RFC 4145 section 4) is active. */
static cg_sdp_status read_setup(const cg_sdp_reading *reading)
{
    cg_slice setup;
    if (!read_value(reading, "setup", &setup))
        return CG_SDP_MALFORMED;
    if (cg_slice_is_nocase(setup, "passive"))
        return CG_SDP_OK;
    bool open = reading->kind == CG_SDP_OFFER && cg_slice_is_nocase(setup, "actpass");
    return open ? CG_SDP_OK : CG_SDP_SETUP;
}

cg_sdp_status cg_sdp_read_transport(const cg_sdp_reading *reading)
{
    cg_sdp_status status = read_ice(reading);
    if (status == CG_SDP_OK)
        status = read_fingerprints(reading);
    if (status == CG_SDP_OK)
        status = read_setup(reading);
    /* rtcp-mux is no session attribute (RFC 5761 section 5.1.1): section 0 may not say it. */
    if (status == CG_SDP_OK && cg_sdp_section_with(reading, "rtcp-mux") == 0)
        status = CG_SDP_NO_RTCP_MUX;
    return status;
}
