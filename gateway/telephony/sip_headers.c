/* Nothing is escaped: a header has no way to. What would break out of one is refused. */
#include "gateway/telephony/sip_headers.h"

#include "signaling/sip/sip_grammar.h"

#include <string.h>

bool cg_sip_headers_is_pattern(const char *text)
{
    const char *star = strchr(text, '*');
    return g_ascii_strncasecmp(text, "X-", 2) == 0 && cg_sip_is_token(text) && (star == NULL || star[1] == '\0') &&
           (text[2] != '\0');
}

static bool matches(const char *pattern, const char *name)
{
    size_t size = strcspn(pattern, "*");
    return g_ascii_strncasecmp(pattern, name, size) == 0 && (pattern[size] == '*' || name[size] == '\0');
}

static bool is_listed(const cg_trunk *trunk, const char *name)
{
    for (char **pattern = trunk->headers; *pattern != NULL; pattern++)
        if (matches(*pattern, name))
            return true;
    return false;
}

static bool is_text(const char *value)
{
    size_t size = strlen(value);
    for (size_t i = 0; i < size; i++)
        if (g_ascii_iscntrl(value[i]))
            return false;
    return size <= CG_SIP_MAX_TEXT;
}

bool cg_sip_headers_choose(const cg_trunk *trunk, const cg_form *parameters,
                           cg_sip_header ret_headers[static CG_SIP_MAX_HEADERS], size_t *ret_count)
{
    *ret_count = 0;
    for (size_t i = 0; i < cg_form_size(parameters); i++) {
        const char *name = cg_form_name_at(parameters, i), *value = cg_form_value_at(parameters, i);
        if (!is_listed(trunk, name))
            continue;
        if (!cg_sip_is_token(name) || strlen(name) > CG_SIP_MAX_TEXT || !is_text(value) ||
            *ret_count == CG_SIP_MAX_HEADERS)
            return false;
        ret_headers[(*ret_count)++] = (cg_sip_header){.name = (char *) name, .value = (char *) value};
    }
    return true;
}
