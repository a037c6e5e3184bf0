/* Caller ids by a trunk's policy. */
#include "gateway/telephony/caller_id.h"

#include <string.h>

static bool is_anonymous(const char *text)
{
    return strcmp(text, CG_CALLER_ID_ANONYMOUS) == 0;
}

/* Digits behind an optional plus, as they are sent: no other way of writing the number is on the trunk's list. */
static size_t number_length(const char *text)
{
    size_t plus = text[0] == '+' ? 1 : 0;
    return plus + strspn(text + plus, "0123456789");
}

static bool is_number(const char *text)
{
    size_t size = number_length(text);
    return size > 0 && size <= CG_NUMBER_MAX && text[size] == '\0' && g_ascii_isdigit(text[size - 1]);
}

bool cg_caller_id_is_pattern(const char *text)
{
    return is_anonymous(text) || is_number(text) || strcmp(text + number_length(text), "*") == 0;
}

static bool matches(const char *pattern, const char *id)
{
    size_t size = strcspn(pattern, "*");
    if (pattern[size] == '\0')
        return strcmp(pattern, id) == 0;
    return is_number(id) && strncmp(pattern, id, size) == 0;
}

static bool is_allowed(const cg_trunk *trunk, const char *id)
{
    for (char **pattern = trunk->caller_ids; *pattern != NULL; pattern++)
        if (matches(*pattern, id))
            return true;
    return false;
}

static const char *identity_of(const char *caller)
{
    const char *colon = strchr(caller, ':');
    return colon != NULL ? colon + 1 : caller;
}

bool cg_caller_id_choose(const cg_trunk *trunk, const cg_form *parameters, const char *caller, cg_caller_id *ret_id)
{
    const char *wanted = cg_form_get(parameters, CG_CALLER_ID_PARAMETER);
    const char *own = trunk->caller_id != NULL ? trunk->caller_id : identity_of(caller);
    bool asks = wanted != NULL && *wanted != '\0';
    if (asks && !is_allowed(trunk, wanted))
        return false;
    const char *told = asks ? wanted : own;
    ret_id->user = is_anonymous(told) ? NULL : told;
    ret_id->asserted = !trunk->asserts_identity ? NULL : ret_id->user != NULL ? told : own;
    return true;
}
