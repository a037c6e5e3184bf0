/* Candidate attributes (RFC 8839 section 5.1), in descriptions and trickled. A line that breaks the grammar refuses
 * what it stands in; a sound one that is of no use to us (another component or transport, a name of mDNS or DNS) is
 * passed over: the peer's checks tell where it is as well. */
#include "signaling/sdp/description.h"

#include <arpa/inet.h>
#include <glib.h>
#include <string.h>

enum { MAX_FOUNDATION = 32, RTP_COMPONENT = 1 };

typedef struct {
    cg_slice foundation, component, transport, priority, address, port, type_word, type;
    cg_slice extensions; /* pairs of a name and a value */
} candidate_words;

static bool split_words(cg_slice value, candidate_words *ret_words)
{
    cg_slice *word[] = {&ret_words->foundation, &ret_words->component, &ret_words->transport, &ret_words->priority,
                        &ret_words->address,    &ret_words->port,      &ret_words->type_word, &ret_words->type};
    for (size_t i = 0; i < sizeof(word) / sizeof(word[0]); i++)
        if (!cg_slice_take(&value, ' ', word[i]) || word[i]->size == 0)
            return false;
    ret_words->extensions = value;
    return cg_slice_is(ret_words->type_word, "typ") && cg_slice_is_token(ret_words->type) &&
           cg_slice_is_token(ret_words->transport);
}

static const struct {
    const char *name;
    cg_candidate_type type;
} types[] = {
    {"host", CG_CANDIDATE_HOST},
    {"srflx", CG_CANDIDATE_SERVER_REFLEXIVE},
    {"prflx", CG_CANDIDATE_PEER_REFLEXIVE},
    {"relay", CG_CANDIDATE_RELAYED},
};

const char *cg_sdp_candidate_type_name(cg_candidate_type type)
{
    return types[type].name;
}

static bool read_type(cg_slice word, cg_candidate_type *ret_type)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (cg_slice_is(word, types[i].name)) {
            *ret_type = types[i].type;
            return true;
        }
    return false;
}

/* One host that has a port; no name, no zone, no group of hosts. */
static bool read_address(cg_slice word, uint16_t port, struct sockaddr_storage *ret_address)
{
    struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    char text[INET6_ADDRSTRLEN];
    if (port == 0 || !cg_slice_copy(word, text, sizeof(text)))
        return false;
    if (inet_pton(AF_INET, text, &in4.sin_addr) == 1) {
        memcpy(ret_address, &in4, sizeof(in4));
        return in4.sin_addr.s_addr != INADDR_ANY && !IN_MULTICAST(ntohl(in4.sin_addr.s_addr)) &&
               in4.sin_addr.s_addr != INADDR_BROADCAST;
    }
    memcpy(ret_address, &in6, sizeof(in6));
    return inet_pton(AF_INET6, text, &((struct sockaddr_in6 *) ret_address)->sin6_addr) == 1 &&
           !IN6_IS_ADDR_UNSPECIFIED(&((struct sockaddr_in6 *) ret_address)->sin6_addr) &&
           !IN6_IS_ADDR_MULTICAST(&((struct sockaddr_in6 *) ret_address)->sin6_addr);
}

/* RFC 8838 section 4: whose generation a trickled candidate is of. One that we cannot keep is nobody's. */
static bool read_ufrag(cg_slice extensions, char ret_ufrag[static CG_ICE_UFRAG_MAX + 1])
{
    cg_slice name, value;
    while (cg_slice_take(&extensions, ' ', &name) && cg_slice_take(&extensions, ' ', &value))
        if (cg_slice_is(name, "ufrag"))
            return cg_slice_copy(value, ret_ufrag, CG_ICE_UFRAG_MAX + 1);
    return true;
}

static cg_sdp_candidate_status read_candidate(cg_slice value, cg_candidate *ret_candidate)
{
    candidate_words words;
    cg_candidate candidate = {0};
    uint64_t component, priority, port;

    if (!split_words(value, &words) || !cg_slice_is_ice_text(words.foundation) ||
        !cg_slice_copy(words.foundation, candidate.foundation, MAX_FOUNDATION + 1) ||
        !cg_slice_number(words.component, 256, &component) || component == 0 ||
        !cg_slice_number(words.priority, INT32_MAX, &priority) || priority == 0 ||
        !cg_slice_number(words.port, UINT16_MAX, &port))
        return CG_SDP_CANDIDATE_MALFORMED;
    candidate.priority = (uint32_t) priority;
    if (component != RTP_COMPONENT || !cg_slice_is_nocase(words.transport, "udp") ||
        !read_type(words.type, &candidate.type) || !read_address(words.address, (uint16_t) port, &candidate.address) ||
        !read_ufrag(words.extensions, candidate.ufrag))
        return CG_SDP_CANDIDATE_USELESS;
    *ret_candidate = candidate;
    return CG_SDP_CANDIDATE_OK;
}

cg_sdp_candidate_status cg_sdp_parse_candidate(const char *text, cg_candidate *ret_candidate)
{
    static const char prefix[] = "candidate:";
    size_t size = strlen(text), skipped = sizeof(prefix) - 1;
    if (size > CG_SDP_MAX_CANDIDATE_SIZE || strncmp(text, prefix, skipped) != 0)
        return CG_SDP_CANDIDATE_MALFORMED;
    return read_candidate((cg_slice){.at = text + skipped, .size = size - skipped}, ret_candidate);
}

/* In a bundle they stand with the tagged section (RFC 9143 section 10.1); most browsers repeat them in every one. */
cg_sdp_status cg_sdp_read_candidates(const cg_sdp_reading *reading)
{
    size_t section = cg_sdp_section_with(reading, "candidate");
    const cg_sdp_line *line = NULL;
    cg_sdp *sdp = reading->sdp;

    while (section != 0 && (line = cg_sdp_lines_next(reading->lines, section, "candidate", line))) {
        cg_candidate candidate;
        cg_sdp_candidate_status status = read_candidate(line->value, &candidate);
        if (status == CG_SDP_CANDIDATE_MALFORMED)
            return CG_SDP_MALFORMED;
        if (status == CG_SDP_CANDIDATE_OK && sdp->candidate_count < CG_SDP_MAX_CANDIDATES) {
            sdp->candidates = g_renew(cg_candidate, sdp->candidates, sdp->candidate_count + 1);
            sdp->candidates[sdp->candidate_count++] = candidate;
        }
    }
    return CG_SDP_OK;
}

const cg_candidate *cg_sdp_candidates(const cg_sdp *sdp, size_t *ret_count)
{
    *ret_count = sdp->candidate_count;
    return sdp->candidates;
}
