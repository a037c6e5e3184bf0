/* Two tables. */
#include "gateway/telephony/sip_status.h"

#include <stddef.h>

#include <glib.h>

static const struct {
    unsigned status;
    cg_call_end end;
} refusals[] = {
    {403, CG_CALL_END_FORBIDDEN},    {404, CG_CALL_END_NOT_FOUND},    {408, CG_CALL_END_TRUNK_FAILED},
    {410, CG_CALL_END_NOT_FOUND},    {415, CG_CALL_END_INCOMPATIBLE}, {480, CG_CALL_END_UNAVAILABLE},
    {484, CG_CALL_END_NOT_FOUND},    {486, CG_CALL_END_BUSY},         {487, CG_CALL_END_NO_ANSWER},
    {488, CG_CALL_END_INCOMPATIBLE}, {600, CG_CALL_END_BUSY},         {603, CG_CALL_END_DECLINED},
    {604, CG_CALL_END_NOT_FOUND},    {606, CG_CALL_END_INCOMPATIBLE}, {607, CG_CALL_END_DECLINED},
};

cg_call_end cg_sip_status_end(unsigned status)
{
    for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++)
        if (refusals[i].status == status)
            return refusals[i].end;
    return CG_CALL_END_TRUNK_FAILED;
}

unsigned cg_sip_status_of(cg_call_end end)
{
    switch (end) {
    case CG_CALL_END_DECLINED:
        return 603;
    case CG_CALL_END_BUSY:
        return 486;
    case CG_CALL_END_BAD_HEADER:
        return 400;
    case CG_CALL_END_NOT_FOUND:
        return 404;
    case CG_CALL_END_FORBIDDEN:
    case CG_CALL_END_CALLER_ID:
        return 403;
    case CG_CALL_END_INCOMPATIBLE:
    case CG_CALL_END_MEDIA_ADDRESS:
    case CG_CALL_END_MEDIA_FAMILY:
        return 488;
    case CG_CALL_END_OVERLOADED:
    case CG_CALL_END_TRUNK_BUSY:
    case CG_CALL_END_SHUTDOWN:
        return 503;
    case CG_CALL_END_TRUNK_FAILED:
        return 502;
    default:
        return 480;
    }
}

cg_sip_warning cg_sip_warning_of(cg_call_end end)
{
    switch (end) {
    case CG_CALL_END_INCOMPATIBLE:
        return CG_SIP_WARNING_MEDIA;
    case CG_CALL_END_MEDIA_ADDRESS:
        return CG_SIP_WARNING_ADDRESS;
    case CG_CALL_END_MEDIA_FAMILY:
        return CG_SIP_WARNING_FAMILY;
    default:
        return CG_SIP_WARNING_NONE;
    }
}
