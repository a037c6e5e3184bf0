/* What trunks' phones may want their media to go to: the trunk's policy and the address families that are there. Asked
 * of every description of theirs before it changes anything. */
#pragma once

#include "gateway/telephony/telephony.h"

/* NONE; or MEDIA_ADDRESS or MEDIA_FAMILY, and it is logged (`call`: its sid, "" before there is one). `signalled` is
 * where the description came from; `family` that of the leg's own media, AF_UNSPEC before it has any. */
cg_call_end cg_sip_media_check(const cg_telephony *telephony, const cg_trunk *trunk, const char *call,
                               const struct sockaddr_storage *signalled, int family, const cg_rtp_address *wanted);

/* The family in which a leg is to receive whose phone wants its media there; AF_UNSPEC: the preferred one, since the
 * phone is nowhere. */
int cg_sip_media_family(const cg_rtp_address *wanted);

/* The same of a leg that calls the trunk. */
int cg_sip_media_family_towards(const cg_telephony *telephony, const cg_trunk *trunk);
