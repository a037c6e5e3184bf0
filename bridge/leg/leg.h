/* A leg: one peer's ICE, DTLS-SRTP and RTP, as its worker holds it. Everything here runs on that worker's thread; `now`
 * is monotonic microseconds.
 *
 * The functions are spread over leg.c (life), leg_paths.c (addresses), leg_connect.c (ICE, DTLS), leg_agent.c (a full
 * ICE agent in the place of ICE-lite), leg_media.c (RTP in and out), leg_translate.c (between codecs), leg_own.c
 * (packets of our own making), leg_play.c (music), leg_keys.c, leg_control.c (RTCP, timeouts), leg_rtp.c (legs without
 * ICE and DTLS). */
#pragma once

#include "bridge/audio/transcoder.h"
#include "bridge/dtls/dtls_pool.h"
#include "bridge/ice/ice_agent.h"
#include "bridge/ice/ice_lite.h"
#include "bridge/leg/leg_keys.h"
#include "bridge/leg/leg_own.h"
#include "bridge/leg/leg_play.h"
#include "bridge/leg/media_map.h"
#include "bridge/rtp/rtcp_session.h"
#include "bridge/srtp/srtp_session.h"
#include "bridge/transport/path.h"
#include "bridge/transport/rtp_latch.h"
#include "bridge/transport/rtp_sockets.h"

#define CG_LEG_PATHS 8 /* validated addresses a peer may have at a time; the one longest unheard gives way */

typedef enum {
    CG_LEG_OPEN,        /* the remote description is not known yet; checks may come */
    CG_LEG_CHECKING,    /* it is known; no check has validated an address */
    CG_LEG_HANDSHAKING, /* the pool has it */
    CG_LEG_CONNECTED,   /* keys are there, or none are needed: media may pass */
} cg_leg_state;

typedef struct {
    cg_path path;
    uint32_t hash;    /* under which the leg table has it */
    bool used;        /* this place is taken */
    int64_t heard_us; /* last valid check or authenticated packet */
} cg_leg_path;

/* What a leg without ICE and DTLS has in their place. */
typedef struct {
    int fds[CG_RTP_PORT_COUNT]; /* owned */
    cg_rtp_latch latch[CG_RTP_PORT_COUNT];
    bool mux;          /* RTCP comes and goes on the port of RTP */
    cg_srtp_keys keys; /* of the leg's `srtp`, as described last */
} cg_leg_rtp;

struct cg_leg {
    cg_leg_id id;
    uint32_t slot; /* in the leg table */
    cg_leg_state state;

    cg_ice_lite ice;                      /* with an agent: nothing but the credentials in force */
    cg_ice_agent *agent;                  /* owned; NULL: ICE-lite */
    int64_t gather_deadline_us;           /* when GATHER_LATE is told; INT64_MAX: no more */
    char ufrags[2][CG_ICE_UFRAG_MAX + 1]; /* local ones the leg table has for us: in force, previous; or empty */
    cg_leg_path paths[CG_LEG_PATHS];
    int selected;          /* index of the path we send on, -1: none */
    cg_fingerprint remote; /* of the peer's certificate; from CG_LEG_CHECKING on */
    unsigned handshake_datagrams;
    int64_t setup_deadline_us;
    cg_srtp_session *srtp;     /* owned; from CG_LEG_CONNECTED on; NULL: RTP in the clear, of a leg that has `rtp` */
    cg_leg_rtp *rtp;           /* owned; NULL: a leg with ICE and DTLS */
    int64_t heard_us;          /* last valid check or authenticated packet on any path */
    bool interrupted, ringing; /* the latter: the peer need not be heard yet; of a leg with `rtp` */

    cg_leg *partner; /* linked leg of the same worker, or NULL; its partner is this one */
    bool described;  /* `media` is there; before that no media passes */
    cg_media_map media;
    cg_media_link to_partner;  /* there when both are described */
    cg_transcoder *transcoder; /* owned; of what goes to the partner, or NULL: all of it passes */
    bool flow_from, flow_to;
    bool heard_media;       /* CG_LEG_EVENT_MEDIA was told */
    cg_rtp_rewriter stream; /* what this leg's peer hears */
    cg_reception reception; /* what it sends */
    int64_t lost_before;    /* by its earlier SSRCs */
    uint64_t lost_counted;  /* of packets_lost, what the worker's counter has */
    cg_rtcp_session rtcp;
    cg_leg_keys keys;
    cg_budget packet_budget, move_budget;
    cg_leg_own own;
    cg_leg_play play;
    cg_leg_stats stats; /* packet and drop counters; the rest is filled in by cg_leg_read_stats */
};

/* leg.c */
cg_leg *cg_leg_new(cg_leg_id id, uint32_t slot, const cg_ice_credentials *local, uint32_t ssrc, int64_t now_us);
/* Says BYE, gives everything back, tells ENDED and frees the leg. */
void cg_leg_finish(cg_worker *worker, cg_leg *leg, cg_leg_end end, int64_t now_us);
void cg_leg_link(cg_worker *worker, cg_leg *a, cg_leg *b); /* either may be NULL */
void cg_leg_update_links(cg_worker *worker, cg_leg *leg);  /* after its media map changed */
cg_leg_stats cg_leg_read_stats(const cg_leg *leg);
/* Brings the worker's sum of losses up to date. */
void cg_leg_count_lost(cg_worker *worker, cg_leg *leg);
void cg_leg_tell(cg_worker *worker, const cg_leg *leg, cg_leg_event_kind kind); /* events without arguments */

/* leg_paths.c */
/* Makes `path` one of the leg's, or finds it there; -1 if it is in live use by another leg. */
int cg_leg_take_path(cg_worker *worker, cg_leg *leg, const cg_path *path, int64_t now_us);
void cg_leg_drop_path(cg_worker *worker, cg_leg *leg, unsigned index);
void cg_leg_select_path(cg_worker *worker, cg_leg *leg, int index, int64_t now_us);
/* A valid check or authenticated packet came: the peer lives and consents. */
void cg_leg_heard(cg_worker *worker, cg_leg *leg, unsigned path, int64_t now_us);
/* ... the latter: media is followed when the selected path has fallen silent. */
void cg_leg_heard_media(cg_worker *worker, cg_leg *leg, unsigned path, int64_t now_us);
/* The path to send on, or NULL. */
static inline const cg_path *cg_leg_path_out(const cg_leg *leg)
{
    return leg->selected < 0 ? NULL : &leg->paths[leg->selected].path;
}

static inline bool cg_leg_may_flow(const cg_leg *from, const cg_leg *to)
{
    return from->flow_from && from->media.may_receive && to->flow_to && to->media.may_send && to->play.player == NULL;
}

/* leg_connect.c */
void cg_leg_describe(cg_worker *worker, cg_leg *leg, const cg_media_description *local,
                     const cg_media_description *remote, int64_t now_us); /* may end the leg */
void cg_leg_restart_ice(cg_worker *worker, cg_leg *leg, const cg_ice_credentials *local);
void cg_leg_start_handshake_if_ready(cg_worker *worker, cg_leg *leg);
void cg_leg_receive_check(cg_worker *worker, cg_leg *leg, const cg_path *path, const uint8_t *data, size_t size,
                          int64_t now_us);
void cg_leg_receive_dtls(cg_worker *worker, cg_leg *leg, unsigned path, const uint8_t *data, size_t size,
                         int64_t now_us);
void cg_leg_dtls_event(cg_worker *worker, cg_leg *leg, const cg_dtls_event *event,
                       int64_t now_us); /* may end the leg */

/* leg_agent.c */
extern const cg_ice_agent_handlers cg_leg_agent_handlers; /* owner: the worker; user: the leg */
void cg_leg_open_agent(cg_worker *worker, cg_leg *leg, cg_leg_role role, int64_t now_us);
/* True if the datagram is on its way. */
bool cg_leg_agent_send(cg_worker *worker, const cg_path *path, const uint8_t *data, size_t size);
/* Tells of gathering that is late. */
void cg_leg_agent_tick(cg_worker *worker, cg_leg *leg, int64_t now_us);

/* leg_media.c */
/* SRTP from one of the leg's paths; changed in place, and perhaps queued for sending where it lies. False if it is not
 * from the peer: broken, or not protected with its key. */
bool cg_leg_receive_rtp(cg_worker *worker, cg_leg *leg, unsigned path, uint8_t *data, size_t size, int64_t now_us);
/* Protects and queues a packet of the leg's stream; CG_SRTP_MAX_TRAILER octets behind it are free. */
void cg_leg_send_rtp(cg_worker *worker, cg_leg *leg, uint8_t *data, size_t size, size_t payload_size);
void cg_leg_count_refused(cg_worker *worker, cg_leg *leg, unsigned path, cg_srtp_status status, int64_t now_us);
void cg_leg_count_no_keys(cg_worker *worker, cg_leg *leg, unsigned path, int64_t now_us);

/* leg_translate.c */
/* Makes, keeps or gives up the transcoder to the partner, after the link or its media changed. */
void cg_leg_update_transcoder(cg_worker *worker, cg_leg *leg);
void cg_leg_drop_transcoder(cg_worker *worker, cg_leg *leg);
/* Takes a packet for the partner that cannot pass as it is; speech in a codec that nobody expected here makes the
 * transcoder then. False if nothing can be done with it. */
bool cg_leg_translate(cg_worker *worker, cg_leg *leg, const cg_transcoder_packet *packet, int64_t now_us);
/* Sends the partner what is due. */
void cg_leg_send_translated(cg_worker *worker, cg_leg *leg, int64_t now_us);

/* leg_control.c */
bool cg_leg_receive_rtcp(cg_worker *worker, cg_leg *leg, unsigned path, uint8_t *data, size_t size, int64_t now_us);
void cg_leg_send_report(cg_worker *worker, cg_leg *leg, bool bye, int64_t now_us);
/* Does what is due; may end the leg. */
void cg_leg_tick(cg_worker *worker, cg_leg *leg, int64_t now_us);
/* When cg_leg_tick is to be called next. */
int64_t cg_leg_due(const cg_worker *worker, const cg_leg *leg);

/* leg_rtp.c */
/* A leg of plain RTP; takes the descriptors. */
cg_leg *cg_leg_new_rtp(cg_worker *worker, cg_leg_id id, uint32_t slot, const int fds[static CG_RTP_PORT_COUNT],
                       uint32_t ssrc, int64_t now_us);
void cg_leg_free_rtp(cg_leg *leg);
void cg_leg_describe_rtp(cg_worker *worker, cg_leg *leg, const cg_media_description *local,
                         const cg_media_description *remote, int64_t now_us); /* may end the leg */
/* A datagram that came to the leg's own port. */
void cg_leg_receive_plain(cg_worker *worker, cg_leg *leg, cg_rtp_port port, cg_datagram *datagram, int64_t now_us);
/* Where RTCP goes, or NULL; of any leg. */
const cg_path *cg_leg_report_path(const cg_leg *leg);

/* What a leg's peer sends and is sent: SRTP, or, in a leg without DTLS whose descriptions had no keys, as it is. */
static inline bool cg_leg_is_clear(const cg_leg *leg)
{
    return leg->rtp != NULL && leg->srtp == NULL;
}

static inline cg_srtp_status cg_leg_unprotect_rtp(const cg_leg *leg, uint8_t *data, size_t *size)
{
    return cg_leg_is_clear(leg) ? CG_SRTP_OK : cg_srtp_unprotect_rtp(leg->srtp, data, size);
}

static inline cg_srtp_status cg_leg_unprotect_rtcp(const cg_leg *leg, uint8_t *data, size_t *size)
{
    return cg_leg_is_clear(leg) ? CG_SRTP_OK : cg_srtp_unprotect_rtcp(leg->srtp, data, size);
}

static inline cg_srtp_status cg_leg_protect_rtp(const cg_leg *leg, uint8_t *data, size_t *size)
{
    return cg_leg_is_clear(leg) ? CG_SRTP_OK : cg_srtp_protect_rtp(leg->srtp, data, size);
}

static inline cg_srtp_status cg_leg_protect_rtcp(const cg_leg *leg, uint8_t *data, size_t *size)
{
    return cg_leg_is_clear(leg) ? CG_SRTP_OK : cg_srtp_protect_rtcp(leg->srtp, data, size);
}
