/* Candidate attributes (RFC 8839 section 5.1): a line that breaks the grammar refuses the description. What a sound one
 * says is not kept: a lite agent sends no checks, so it needs no address; the peer's checks tell where it is, mDNS
 * names and all. A full agent would read them here. */
#include "signaling/sdp/description.h"

enum { MAX_FOUNDATION = 32 };

typedef struct {
    cg_slice foundation, component, transport, priority, address, port, type_word, type;
} candidate_words;

static bool split_words(cg_slice value, candidate_words *ret_words)
{
    cg_slice *word[] = {&ret_words->foundation, &ret_words->component, &ret_words->transport, &ret_words->priority,
                        &ret_words->address,    &ret_words->port,      &ret_words->type_word, &ret_words->type};
    for (size_t i = 0; i < sizeof(word) / sizeof(word[0]); i++)
        if (!cg_slice_take(&value, ' ', word[i]) || word[i]->size == 0)
            return false;
    return cg_slice_is(ret_words->type_word, "typ") && cg_slice_is_token(ret_words->type) &&
           cg_slice_is_token(ret_words->transport);
}

static bool is_sound(cg_slice value)
{
    candidate_words words;
    uint64_t component, priority, port;

    return split_words(value, &words) && cg_slice_is_ice_text(words.foundation) &&
           words.foundation.size <= MAX_FOUNDATION && cg_slice_number(words.component, 256, &component) &&
           component != 0 && cg_slice_number(words.priority, INT32_MAX, &priority) && priority != 0 &&
           cg_slice_number(words.port, UINT16_MAX, &port);
}

/* In a bundle they stand with the tagged section (RFC 9143 section 10.1); most browsers repeat them in every one. */
cg_sdp_status cg_sdp_read_candidates(const cg_sdp_reading *reading)
{
    size_t section = cg_sdp_section_with(reading, "candidate");
    const cg_sdp_line *line = NULL;

    while (section != 0 && (line = cg_sdp_lines_next(reading->lines, section, "candidate", line)))
        if (!is_sound(line->value))
            return CG_SDP_MALFORMED;
    return CG_SDP_OK;
}
