/* The table of call end reasons. Codes are those that existing clients know (docs/protocol.md). */
#include "gateway/call/call_end.h"

static const cg_call_end_info infos[CG_CALL_END_COUNT] = {
    [CG_CALL_END_NONE] = {"none", "in-progress", 0, ""},
    [CG_CALL_END_CALLER_HANGUP] = {"caller_hangup", "completed", 0, ""},
    [CG_CALL_END_CALLEE_HANGUP] = {"callee_hangup", "completed", 0, ""},
    [CG_CALL_END_TRANSFERRED] = {"transferred", "completed", 0, ""},
    [CG_CALL_END_CANCELED] = {"canceled", "canceled", 0, ""},
    [CG_CALL_END_DECLINED] = {"declined", "busy", 31603, "The call was declined"},
    [CG_CALL_END_BUSY] = {"busy", "busy", 31486, "The called party is busy"},
    [CG_CALL_END_NO_ANSWER] = {"no_answer", "no-answer", 31480, "The called party did not answer"},
    [CG_CALL_END_UNAVAILABLE] = {"unavailable", "no-answer", 31480, "Nobody is registered under the called identity"},
    [CG_CALL_END_NOT_FOUND] = {"not_found", "failed", 31404,
                               "No such destination: To must be client:<identity>, a number or address of a trunk"},
    [CG_CALL_END_FORBIDDEN] = {"forbidden", "failed", 31403, "This destination may not be called"},
    [CG_CALL_END_INCOMPATIBLE] = {"incompatible", "failed", 53402, "The two parties have no audio codec in common"},
    [CG_CALL_END_MEDIA_ADDRESS] = {"media_address", "failed", 53402,
                                   "The telephone network wants media at an address that is not allowed"},
    [CG_CALL_END_MEDIA_FAMILY] = {"media_family", "failed", 53402,
                                  "The telephone network wants media in an address family that cannot be had"},
    [CG_CALL_END_TRUNK_FAILED] = {"trunk_failed", "failed", 31503, "The telephone network did not take the call"},
    [CG_CALL_END_BAD_HEADER] = {"bad_header", "failed", 31400,
                                "Parameters that the telephone network is told as headers must be 16 at most, each of "
                                "256 octets at most, without line breaks and other control characters"},
    [CG_CALL_END_CALLER_ID] = {"caller_id", "failed", 31403,
                               "CallerId must be one of the numbers that the trunk allows (its caller_ids)"},
    [CG_CALL_END_TRUNK_BUSY] = {"trunk_busy", "failed", 31503,
                                "The telephone network takes no more calls now: try again in a moment"},
    [CG_CALL_END_TRUNK_LOST] = {"trunk_lost", "completed", 31408,
                                "The telephone network does not answer any more, or has lost the call"},
    [CG_CALL_END_MEDIA_FAILED] = {"media_failed", "failed", 53405,
                                  "No media connection: the way to the gateway's media ports may be blocked"},
    [CG_CALL_END_MEDIA_LOST] = {"media_lost", "completed", 53405, "The media connection was lost"},
    [CG_CALL_END_SIGNALING_LOST] = {"signaling_lost", "completed", 53001,
                                    "The signaling connection did not come back in time"},
    [CG_CALL_END_SESSION_EXPIRED] = {"session_expired", "completed", 31408,
                                     "The telephone network did not refresh the call in time"},
    [CG_CALL_END_OVERLOADED] = {"overloaded", "failed", 31206,
                                "The gateway is too busy for another call now: try again in a moment"},
    [CG_CALL_END_SHUTDOWN] = {"shutdown", "completed", 53001, "The gateway is shutting down"},
};

const cg_call_end_info *cg_call_end_get_info(cg_call_end end)
{
    return &infos[end];
}

static unsigned weight(cg_call_end end)
{
    switch (end) {
    case CG_CALL_END_DECLINED:
        return 5;
    case CG_CALL_END_BUSY:
        return 4;
    case CG_CALL_END_NO_ANSWER:
        return 3;
    case CG_CALL_END_UNAVAILABLE:
        return 1;
    case CG_CALL_END_NONE:
        return 0;
    default:
        return 2;
    }
}

cg_call_end cg_call_end_choose(cg_call_end first, cg_call_end second)
{
    return weight(second) >= weight(first) ? second : first;
}
