/* Keys that come in more than one form. A phone may say the same key as an event and as a request of its signalling, or
 * as a request and as a tone: each key is new once, in whichever form it comes first; the other form's is matched with
 * it. A phone that uses one form alone is never matched, however fast it presses the same key again. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef enum { CG_KEY_EVENT, CG_KEY_TONE, CG_KEY_SIGNALLED } cg_key_form;

#define CG_DTMF_UNMATCHED 16 /* keys remembered; the oldest gives way */

typedef struct {
    struct {
        char digit; /* '\0': free */
        cg_key_form form;
        int64_t at_us;
    } keys[CG_DTMF_UNMATCHED];
    unsigned next; /* place of the next key */
} cg_dtmf_match;

/* Takes a key; false if it has been taken in another form within the last seconds. */
bool cg_dtmf_is_new(cg_dtmf_match *match, cg_key_form form, char digit, int64_t now_us);
