/* Where a trunk's phones may want their media: an address in a description has the gateway send datagrams there, 50 a
 * second, whoever lives at it. */
#pragma once

#include "base/ip_range.h"
#include "base/media.h"
#include "bridge/transport/rtp_host.h"

#include <stddef.h>

typedef enum {
    CG_MEDIA_ADDRESSES_AUTO,   /* none nearer than where its signalling comes from: private ones if that is private */
    CG_MEDIA_ADDRESSES_PUBLIC, /* none but public ones */
    CG_MEDIA_ADDRESSES_ANY,    /* all that are some host's */
    CG_MEDIA_ADDRESSES_LISTED, /* those of `ranges` */
} cg_media_addresses;

typedef struct {
    cg_media_addresses addresses;
    cg_ip_range *ranges; /* owned; NULL unless LISTED */
    size_t range_count;
} cg_media_policy;

/* "auto", "public", "any", or ranges, in a NULL-terminated list (empty: auto). False, and nothing changed, if it is
 * none of them; `*ret_wrong` is then the word. */
bool cg_media_policy_parse(char **words, cg_media_policy *policy, const char **ret_wrong);
void cg_media_policy_clear(cg_media_policy *policy);

/* Why the policy forbids what a description asks for that `signalled` (where it came from) has sent: "private", "own"
 * and the like; NULL if it may be. An address of this `host` is as near as loopback; those that it receives media at
 * itself only ANY and LISTED allow. A description that is nowhere (hold) may be; so may one with ICE. */
const char *cg_media_policy_forbids(const cg_media_policy *policy, const cg_rtp_host *host,
                                    const struct sockaddr_storage *signalled, const cg_rtp_address *wanted);
