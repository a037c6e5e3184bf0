/* Pieces of text. Everything compares byte by byte: no locale may decide what a digit is. */
#include "signaling/sdp/slice.h"

#include <glib.h>
#include <string.h>

cg_slice cg_slice_from(const char *text)
{
    return (cg_slice){.at = text, .size = strlen(text)};
}

bool cg_slice_equal(cg_slice a, cg_slice b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

bool cg_slice_is(cg_slice slice, const char *word)
{
    return slice.at && cg_slice_equal(slice, cg_slice_from(word));
}

bool cg_slice_is_nocase(cg_slice slice, const char *word)
{
    return slice.at && slice.size == strlen(word) && g_ascii_strncasecmp(slice.at, word, slice.size) == 0;
}

bool cg_slice_take(cg_slice *rest, char separator, cg_slice *ret_piece)
{
    if (!rest->at)
        return false;
    const char *end = rest->size > 0 ? memchr(rest->at, separator, rest->size) : NULL;
    if (!end) {
        *ret_piece = *rest;
        *rest = (cg_slice){.at = NULL};
        return true;
    }
    size_t size = (size_t) (end - rest->at);
    *ret_piece = (cg_slice){.at = rest->at, .size = size};
    *rest = (cg_slice){.at = end + 1, .size = rest->size - size - 1};
    return true;
}

cg_slice cg_slice_trim(cg_slice slice)
{
    while (slice.size > 0 && slice.at[0] == ' ') {
        slice.at++;
        slice.size--;
    }
    while (slice.size > 0 && slice.at[slice.size - 1] == ' ')
        slice.size--;
    return slice;
}

bool cg_slice_number(cg_slice slice, uint64_t max, uint64_t *ret)
{
    if (!slice.at || slice.size == 0 || slice.size > 20)
        return false;
    uint64_t number = 0;
    for (size_t i = 0; i < slice.size; i++) {
        if (!g_ascii_isdigit(slice.at[i]))
            return false;
        uint64_t digit = (uint64_t) (slice.at[i] - '0');
        if (number > (UINT64_MAX - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    if (number > max)
        return false;
    *ret = number;
    return true;
}

static bool slice_all(cg_slice slice, bool (*holds)(char character))
{
    if (!slice.at || slice.size == 0)
        return false;
    for (size_t i = 0; i < slice.size; i++)
        if (!holds(slice.at[i]))
            return false;
    return true;
}

static bool is_token_char(char character)
{
    /* Printable ASCII but the separators that the grammar of token-char leaves out. */
    return character > ' ' && character < 0x7f && !strchr("\"(),/:;<=>?@[\\]", character);
}

static bool is_ice_char(char character)
{
    return g_ascii_isalnum(character) || character == '+' || character == '/';
}

bool cg_slice_is_token(cg_slice slice)
{
    return slice_all(slice, is_token_char);
}

bool cg_slice_is_ice_text(cg_slice slice)
{
    return slice_all(slice, is_ice_char);
}

bool cg_slice_copy(cg_slice slice, char *ret_text, size_t capacity)
{
    if (slice.size >= capacity)
        return false;
    if (slice.size > 0)
        memcpy(ret_text, slice.at, slice.size);
    ret_text[slice.size] = '\0';
    return true;
}
