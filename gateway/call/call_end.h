/* Why calls end: one table of names, the ecosystem's call status, and what the parties are told. */
#pragma once

typedef enum {
    CG_CALL_END_NONE,          /* it has not */
    CG_CALL_END_CALLER_HANGUP, /* after the answer */
    CG_CALL_END_CALLEE_HANGUP,
    CG_CALL_END_TRANSFERRED,     /* one of the parties went on to another call */
    CG_CALL_END_CANCELED,        /* the caller gave up before the answer */
    CG_CALL_END_DECLINED,        /* somebody pressed reject */
    CG_CALL_END_BUSY,            /* a device said so, and nobody took it or declined */
    CG_CALL_END_NO_ANSWER,       /* rang until the timeout */
    CG_CALL_END_UNAVAILABLE,     /* nobody is registered under that identity */
    CG_CALL_END_NOT_FOUND,       /* no such destination */
    CG_CALL_END_FORBIDDEN,       /* the destination may not be called */
    CG_CALL_END_INCOMPATIBLE,    /* no codec in common */
    CG_CALL_END_MEDIA_ADDRESS,   /* a trunk's phone wants its media at an address that the trunk's policy forbids */
    CG_CALL_END_MEDIA_FAMILY,    /* ... or in an address family that cannot be had */
    CG_CALL_END_TRUNK_FAILED,    /* the trunk did not answer, or could not place the call */
    CG_CALL_END_BAD_HEADER,      /* a parameter cannot be a header of the trunk's call */
    CG_CALL_END_CALLER_ID,       /* a trunk may not be told that this number calls */
    CG_CALL_END_TRUNK_BUSY,      /* the trunk takes no more calls in this second */
    CG_CALL_END_TRUNK_LOST,      /* ... or, in a call that is up, answers no more or knows it no more */
    CG_CALL_END_MEDIA_FAILED,    /* a leg's media never came up */
    CG_CALL_END_MEDIA_LOST,      /* it went away and did not come back */
    CG_CALL_END_SIGNALING_LOST,  /* a client's WebSocket did not come back in time */
    CG_CALL_END_SESSION_EXPIRED, /* a phone did not refresh its session in time (RFC 4028) */
    CG_CALL_END_OVERLOADED,      /* no room for another call */
    CG_CALL_END_SHUTDOWN,        /* the gateway stops */
    CG_CALL_END_COUNT
} cg_call_end;

typedef struct {
    const char *name;   /* "caller_hangup": records, metrics */
    const char *status; /* completed, busy, failed, no-answer, canceled */
    int code;           /* for the other party's hangup; 0: an ordinary end, no error */
    const char *text;   /* what went wrong and what to do */
} cg_call_end_info;

const cg_call_end_info *cg_call_end_get_info(cg_call_end end);

/* Of two reasons why parties did not take a call, `first` being the earlier one (or NONE), what the caller is told:
 * what a person said before what befell a device (RFC 3261 section 16.7, step 6). */
cg_call_end cg_call_end_choose(cg_call_end first, cg_call_end second);
