/* Sofia's sets of characters; its own span_token() and span_word() take "$" as well. */
#include "signaling/sip/sip_grammar.h"

#include <sofia-sip/bnf.h>

#include <stddef.h>

static bool consists_of(const char *text, const char *characters)
{
    return text != NULL && *text != '\0' && text[strspn(text, characters)] == '\0';
}

bool cg_sip_is_token(const char *text)
{
    return consists_of(text, SIP_TOKEN);
}

bool cg_sip_is_call_id(const char *text)
{
    return consists_of(text, SIP_TOKEN SIP_WORD "@");
}
