/* Pairs are made in order: the first unmatched key of the other form is the one. */
#include "bridge/dtmf/dtmf_match.h"

/* A request may be sent when the key is let go, and be sent again when it is lost. */
#define APART_US INT64_C(3000000)

bool cg_dtmf_is_new(cg_dtmf_match *match, cg_key_form form, char digit, int64_t now_us)
{
    for (unsigned i = 0; i < CG_DTMF_UNMATCHED; i++) {
        unsigned at = (match->next + i) % CG_DTMF_UNMATCHED; /* oldest first */
        bool recent = now_us - match->keys[at].at_us < APART_US;
        if (match->keys[at].digit != digit || match->keys[at].form == form || !recent)
            continue;
        match->keys[at].digit = '\0';
        return false;
    }
    match->keys[match->next].digit = digit;
    match->keys[match->next].form = form;
    match->keys[match->next].at_us = now_us;
    match->next = (match->next + 1) % CG_DTMF_UNMATCHED;
    return true;
}
