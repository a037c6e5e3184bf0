/* A leg of a call: one party as the call sees it. How the party is spoken to (WebSocket client, later SIP) is behind
 * `ops`; its media is a leg of the bridge. Whoever makes a leg embeds this struct first in its own. */
#pragma once

#include "base/json.h"
#include "base/sid.h"
#include "bridge/bridge.h"
#include "gateway/call/call_end.h"

typedef struct cg_call cg_call;
typedef struct cg_call_leg cg_call_leg;
typedef struct cg_leg_record cg_leg_record;

typedef enum {
    CG_CALL_LEG_NEW,      /* made, nothing said */
    CG_CALL_LEG_OFFERED,  /* callee: asked; it may not have rung yet */
    CG_CALL_LEG_RINGING,  /* callee: it rings; caller: told so */
    CG_CALL_LEG_ANSWERED, /* media may flow */
    CG_CALL_LEG_ENDED,    /* nothing more is said to the party */
} cg_call_leg_state;

/* How a transfer goes that a party has asked for. */
typedef enum {
    CG_TRANSFER_RINGING,   /* the destination rings */
    CG_TRANSFER_COMPLETED, /* the other party has been connected; the call of who asked ends */
    CG_TRANSFER_FAILED,    /* it has not: the call goes on */
} cg_transfer_state;

/* A message between the parties of a call. */
typedef struct {
    const cg_json_value *content; /* any JSON */
    const char *content_type;
    const char *type;
    const char *event_id; /* the sender's own, for its acknowledgement */
} cg_call_message;

/* What the call says to a party. Never called on an ended leg. */
typedef struct {
    const char *kind;                  /* "client", for records */
    bool plain_rtp;                    /* its media goes without ICE and DTLS */
    void (*offer)(cg_call_leg *leg);   /* to a callee: ring, with our offer of `leg->local` */
    void (*ringing)(cg_call_leg *leg); /* to the caller */
    /* To the caller, who still hears of ringing: `callee` has media before it answers, and `local` and `remote` are
     * from now on what the caller will be answered with. False if it cannot have it. NULL: this kind of party never
     * can. */
    bool (*early)(cg_call_leg *leg, const cg_call_leg *callee);
    void (*answer)(cg_call_leg *leg); /* to the caller, with our answer of `leg->local` */
    void (*end)(cg_call_leg *leg, cg_call_end end, bool with_error); /* cancel or hang up, by the leg's state */
    void (*digits)(cg_call_leg *leg, const char *digits);            /* the other party pressed keys */
    void (*hold)(cg_call_leg *leg, bool on);                         /* the other party put the call on hold */
    /* A call message from the other party, its content handed on as it is; false if this kind of party takes none. */
    bool (*message)(cg_call_leg *leg, const cg_call_message *message);
    void (*stats)(cg_call_leg *leg, const cg_leg_stats *stats); /* the answer to a question for statistics */
    /* Full ICE has found a candidate for the leg's description; `gathered`: has found all, or (`complete` is false)
     * takes longer than who cannot trickle should wait. NULL: this kind of party has no use for candidates. */
    void (*candidate)(cg_call_leg *leg, const cg_candidate *candidate);
    void (*gathered)(cg_call_leg *leg, bool complete);
    /* The call is over: adds to the leg's record what only its kind knows, and counts what it counts. NULL: nothing. */
    void (*record)(cg_call_leg *leg, cg_leg_record *record);
    /* How the transfer goes that the party asked for; `why` it has FAILED. NULL: it never asks for any. */
    void (*transfer)(cg_call_leg *leg, cg_transfer_state state, cg_call_end why);
    void (*party)(cg_call_leg *leg, const char *address); /* the other party is another now. NULL: not to be told */
    /* Another leg of the same party that is open; NULL: there is none. As a function: it cannot tell. */
    const cg_call_leg *(*sibling)(const cg_call_leg *leg);
    void (*free)(cg_call_leg *leg);
} cg_call_leg_ops;

struct cg_call_leg {
    const cg_call_leg_ops *ops;
    cg_call *call; /* owns the leg */
    cg_sid sid;    /* CA: by which the party knows the call */
    cg_call_leg_state state;
    char *address;               /* "client:alice" */
    cg_leg_id media;             /* in the bridge; 0: none (any more) */
    int rtp_family;              /* with `plain_rtp`: AF_INET, AF_INET6; AF_UNSPEC: whichever is preferred */
    cg_media_description local;  /* what we say to the party */
    cg_media_description remote; /* what it said */
    bool hold_asked;             /* this party asked for hold by request */
    bool on_hold;                /* it holds the call, by request or by direction; the other party was told so */
    const cg_music *hears;       /* what the bridge plays to it instead of the other party; NULL: nothing */
    bool connected;              /* ICE and DTLS are up */
    cg_leg_end media_end;        /* why its media ended */
    cg_leg_stats stats;          /* last known, final once media has ended */
    int64_t first_media_ms;      /* wall time of its first packet; 0: none yet */
    int64_t signaling_lost_us;   /* monotonic; 0: its signalling is there */
};
