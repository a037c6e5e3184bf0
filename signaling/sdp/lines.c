/* Splits a description into lines and sections. Strict about order, because an attribute that slips into another
 * section changes what is agreed; lenient about a bare LF, as RFC 8866 section 5 asks. */
#include "signaling/sdp/lines.h"

#include "base/utf8.h"

#include <glib.h>
#include <string.h>

/* RFC 8866 section 9: where each letter may stand. t, r and z repeat as a group and share a place. */
static const char session_order[] = "vosiuepcbtka";
static const char media_order[] = "micbka";

static bool is_printable(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char) text[i];
        if ((byte < 0x20 && byte != '\t' && byte != '\r' && byte != '\n') || byte == 0x7f)
            return false;
    }
    return true;
}

static bool split_line(cg_slice text, cg_sdp_line *ret_line)
{
    if (text.size < 2 || text.at[1] != '=' || memchr(text.at, '\r', text.size))
        return false;
    cg_slice value = {.at = text.at + 2, .size = text.size - 2};
    *ret_line = (cg_sdp_line){.type = text.at[0], .value = value};
    if (ret_line->type != 'a')
        return value.size > 0 || ret_line->type == 's';

    cg_slice rest = value;
    cg_slice_take(&rest, ':', &ret_line->name);
    ret_line->value = rest.at ? rest : (cg_slice){.at = "", .size = 0};
    return cg_slice_is_token(ret_line->name);
}

/* Whether `type` may follow what stood at `place` of `order`; moves `place` on. */
static bool in_order(const char *order, char type, size_t *place)
{
    if (type == 'r' || type == 'z')
        return order[*place] == 't';
    const char *found = strchr(order + *place, type);
    if (!found)
        return false;
    bool repeats = strchr("epcbta", type) != NULL;
    size_t next = (size_t) (found - order);
    if (next == *place && !repeats && type != order[0])
        return false;
    *place = next;
    return true;
}

static bool session_is_complete(const cg_sdp_lines *lines)
{
    static const char needed[] = "vost";
    for (const char *type = needed; *type; type++) {
        size_t i = 0;
        while (i < lines->section[0].end && lines->line[i].type != *type)
            i++;
        if (i == lines->section[0].end)
            return false;
    }
    return lines->line[0].type == 'v' && cg_slice_is(lines->line[0].value, "0");
}

/* Groups lines into sections; false if one stands where it may not. */
static bool make_sections(cg_sdp_lines *lines)
{
    const char *order = session_order;
    size_t place = 0;

    lines->section_count = 1;
    for (size_t i = 0; i < lines->line_count; i++) {
        char type = lines->line[i].type;
        if (type == 'm') {
            if (lines->section_count == G_N_ELEMENTS(lines->section))
                return false;
            lines->section[lines->section_count++].first = i;
            order = media_order;
            place = 0;
        } else if (!in_order(order, type, &place) || (i > 0 && type == 'v')) {
            return false;
        }
        lines->section[lines->section_count - 1].end = i + 1;
    }
    return session_is_complete(lines);
}

static bool read_lines(cg_sdp_lines *lines, cg_slice text)
{
    /* The end of the last line, and the empty lines that scripts leave there. */
    while (text.size > 0 && strchr("\r\n", text.at[text.size - 1]))
        text.size--;

    cg_slice line;
    while (cg_slice_take(&text, '\n', &line)) {
        if (line.size > 0 && line.at[line.size - 1] == '\r')
            line.size--;
        if (lines->line_count == G_N_ELEMENTS(lines->line) || !split_line(line, &lines->line[lines->line_count]))
            return false;
        lines->line_count++;
    }
    return true;
}

cg_sdp_lines *cg_sdp_lines_read(const char *text, size_t size)
{
    if (size == 0 || size > CG_SDP_MAX_SIZE || !is_printable(text, size) || !cg_utf8_valid(text, size))
        return NULL;
    g_autofree cg_sdp_lines *lines = g_new0(cg_sdp_lines, 1);
    if (!read_lines(lines, (cg_slice){.at = text, .size = size}) || lines->line_count == 0 || !make_sections(lines))
        return NULL;
    return g_steal_pointer(&lines);
}

const cg_sdp_line *cg_sdp_lines_next(const cg_sdp_lines *lines, size_t section, const char *name,
                                     const cg_sdp_line *after)
{
    size_t start = after ? (size_t) (after - lines->line) + 1 : lines->section[section].first;
    for (size_t i = start; i < lines->section[section].end; i++)
        if (lines->line[i].type == 'a' && cg_slice_is(lines->line[i].name, name))
            return &lines->line[i];
    return NULL;
}

bool cg_sdp_lines_has(const cg_sdp_lines *lines, size_t section, const char *name)
{
    return cg_sdp_lines_next(lines, section, name, NULL) != NULL;
}

bool cg_sdp_lines_value(const cg_sdp_lines *lines, size_t section, const char *name, cg_slice *ret_value)
{
    const cg_sdp_line *line = cg_sdp_lines_next(lines, section, name, NULL);
    cg_slice value = line ? line->value : (cg_slice){.at = NULL};
    while (line && (line = cg_sdp_lines_next(lines, section, name, line)))
        if (!cg_slice_equal(line->value, value))
            return false;
    *ret_value = value;
    return true;
}
