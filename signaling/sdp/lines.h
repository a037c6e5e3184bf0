/* The outer grammar of RFC 8866: lines in their order, grouped into the session's and each media section's.
 * Knows letters and attribute names, not what they mean. Valid as long as the text it was read from. */
#pragma once

#include "signaling/sdp/sdp.h"
#include "signaling/sdp/slice.h"

typedef struct {
    char type;      /* the letter before '=' */
    cg_slice name;  /* of an attribute (type 'a') */
    cg_slice value; /* after '=', of an attribute after ':' (empty if it has none) */
} cg_sdp_line;

typedef struct {
    size_t first, end; /* indices into cg_sdp_lines::line, end excluded */
} cg_sdp_range;

/* Section 0 is the session's own lines; section n is the n-th m-line with what follows it. */
typedef struct {
    cg_sdp_line line[CG_SDP_MAX_LINES];
    cg_sdp_range section[1 + CG_SDP_MAX_SECTIONS];
    size_t line_count;
    size_t section_count; /* the session's included: 1 when there is no m-line */
} cg_sdp_lines;

/* NULL if `text` is not SDP or over a limit; otherwise free with g_free. */
cg_sdp_lines *cg_sdp_lines_read(const char *text, size_t size);

/* The next attribute called `name` in `section` behind `after` (NULL: from the start); NULL if there is none. */
const cg_sdp_line *cg_sdp_lines_next(const cg_sdp_lines *lines, size_t section, const char *name,
                                     const cg_sdp_line *after);

bool cg_sdp_lines_has(const cg_sdp_lines *lines, size_t section, const char *name);

/* The value of the only attribute called `name`; at == NULL if there is none. False if there are several that differ:
 * no rule says which of them counts. */
bool cg_sdp_lines_value(const cg_sdp_lines *lines, size_t section, const char *name, cg_slice *ret_value);
