/* SIP (RFC 3261) as the control thread sees it: dialogs that are asked for and that come, on a thread of their own with
 * Sofia-SIP. Knows nothing of accounts, trunks or calls; session descriptions pass through it unread.
 *
 * Every function here is called on the control thread and only posts, in order; what happens comes back as events,
 * delivered on the control thread through the mailbox given at creation. A dialog that is gone ignores what it is told.
 *
 * Sofia's nua layer is used, with its own media negotiation off: it has transactions, retransmissions, dialogs, digest
 * and the races of CANCEL; offer and answer are signaling/sdp's. */
#pragma once

#include "base/ip_range.h"
#include "base/mailbox.h"
#include "signaling/sip/sip_connections.h"
#include "signaling/sip/sip_digest.h"
#include "signaling/tls_certificate.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define CG_SIP_MAX_BODY 16384   /* octets of a session description */
#define CG_SIP_MAX_HEADERS 16   /* X- headers of an INVITE, theirs that are told of and ours */
#define CG_SIP_MAX_TEXT 256     /* octets of a user, a name or the value of such a header */
#define CG_SIP_MAX_HOSTS 8      /* that one call is tried at */
#define CG_SIP_RETRY_AFTER_S 10 /* told with 503 */

typedef struct cg_sip cg_sip;
typedef uint64_t cg_sip_dialog_id; /* 0 is none; unique for the life of the process */

typedef struct {
    const char *const *addresses; /* to listen on: of IPv4, of IPv6 or one of each; UDP and TCP. NULL-terminated */
    uint16_t port;
    const char *const *advertise;          /* as for cg_sip_listeners_init() */
    uint16_t tls_port;                     /* ... and TLS, ... */
    const char *tls_certificate, *tls_key; /* ... with this chain and key, PEM; NULL: no TLS */
    const char *tls_ca;                    /* whose signature a host's certificate needs, PEM */
    unsigned timeout_ms;                   /* without any answer to a request, after which it has failed (64*T1) */
    unsigned max_dialogs;                  /* at a time; further INVITEs are answered 503 */
    unsigned min_session_s;                /* the shortest session timer that a peer may ask for (Min-SE) */
    cg_sip_connection_limits connections;
    const char *const *digest_algorithms; /* as for cg_sip_digest_new() */
} cg_sip_config;

typedef struct {
    char *name, *value;
} cg_sip_header;

typedef enum {
    CG_SIP_INCOMING, /* an INVITE from one of the sources: ring, answer or reject it. Without `sdp` it asks for ours */
    CG_SIP_RINGING,  /* ours rings (180 to 183); with `sdp` it has early media. Told again for every new `sdp` */
    CG_SIP_ANSWERED, /* ours is answered; `sdp`, or as its early media was described last */
    CG_SIP_FAILED,   /* ours is not: `status`. The last event */
    /* `host` wants to be left alone for `retry_after_s`; FAILED or another host's answer follows. Of a peer:
     * `peer_host` does, to REGISTER or OPTIONS. */
    CG_SIP_HOST_AWAY,
    CG_SIP_OFFER, /* a re-INVITE or UPDATE: reply with cg_sip_answer or cg_sip_reject. Without `sdp` it asks for ours */
    /* What answers the description of ours with this `version`, given to either or offered by ourselves. Without `sdp`
     * an ACK had none, or the offer was refused. */
    CG_SIP_CONFIRMED,
    CG_SIP_KEY,     /* an INFO with a `key` */
    CG_SIP_REFER,   /* the peer wants the other party sent to `to_user`: reply with cg_sip_refer_reply */
    CG_SIP_REFRESH, /* the session is to be refreshed: cg_sip_offer what is */
    CG_SIP_EXPIRED, /* the peer was to refresh it, and has not in time. The last event */
    CG_SIP_ENDED,   /* BYE or CANCEL; with `status`: the peer has lost it, or does not answer (408). The last event */
    /* Of peers (sip_peer.h): */
    CG_SIP_REGISTERED,          /* ... at `peer_host`, which answers from `registrar` */
    CG_SIP_REGISTRATION_FAILED, /* ... at `peer_host`, with `status`; it is tried again by itself */
    CG_SIP_HOST_UP,             /* `peer_host` answers, ... */
    CG_SIP_HOST_DOWN,           /* ... or does not: each is told when it changes, and once at first */
} cg_sip_event_kind;

typedef struct {
    cg_sip_event_kind kind;
    cg_sip_dialog_id dialog;
    unsigned status;             /* RINGING, FAILED, ENDED: of the response. INCOMING, REFER: with which to refuse it */
    unsigned host;               /* RINGING, ANSWERED, FAILED, HOST_AWAY: index of the one that said it */
    unsigned retry_after_s;      /* HOST_AWAY: it asked for (Retry-After, RFC 3261 section 21.5.4) */
    char key;                    /* KEY: 0-9 * # A-D */
    uint64_t version;            /* CONFIRMED: of our description */
    char *sdp;                   /* NULL: none. "": none that is taken (another type, too long) */
    char *from_user, *from_name; /* INCOMING; unescaped, never NULL */
    char *to_user;               /* INCOMING, REFER; the same */
    char *to_host;               /* REFER: "host" or "host:port"; "": ours, or none is needed */
    char *user;                  /* INCOMING: whom digest has proved the caller to be; NULL: `source` says it */
    struct sockaddr_storage source; /* where the message came from that it tells of; AF_UNSPEC: of none */
    /* INCOMING, REFER: the dialog whose place is asked for (RFC 3891), early or confirmed; 0: none. */
    cg_sip_dialog_id replaces;
    char *replaced; /* REFER: that dialog as a Replaces names it, where it is none of ours; NULL else */
    cg_sip_header headers[CG_SIP_MAX_HEADERS];
    size_t header_count;
    char *addressed_user;   /* INCOMING: the user of To, as above */
    char *peer, *peer_host; /* of a peer's events: its name, and which of its hosts, as given; NULL else */
    cg_ip_range registrar;  /* REGISTERED */
} cg_sip_event;

typedef void cg_sip_handler(const cg_sip_event *event, void *user); /* what `event` points to is gone afterwards */

/* Opens the port and starts the thread. NULL and a message (free with g_free) if the port cannot be had. */
cg_sip *cg_sip_new(const cg_sip_config *config, cg_mailbox *control, cg_sip_handler *handler, void *user,
                   char **ret_error);
/* Lets dialogs say their last word for a short time, ends the thread. No event is delivered afterwards. */
void cg_sip_free(cg_sip *sip);

/* From whom requests are taken. Everybody else gets no answer, and no connection, ... */
void cg_sip_set_sources(cg_sip *sip, const cg_ip_range *sources, size_t count);
/* ... unless there are those who can prove by digest who they are: whoever begins something is challenged then. Both
 * are copied. */
void cg_sip_set_users(cg_sip *sip, const cg_sip_user *users, size_t count);

/* The certificate of every later TLS handshake (taken), where there is TLS. */
void cg_sip_set_certificate(cg_sip *sip, cg_tls_certificate *certificate);

typedef struct {
    const char *user;                    /* whom to call; escaped here */
    const char *from_user;               /* NULL: anonymous, and asked to be kept so (RFC 3323) */
    const char *asserted_user;           /* who calls in truth, for the host alone (RFC 3325); NULL: is not told */
    const char *from_host;               /* NULL: ours */
    const char *hosts[CG_SIP_MAX_HOSTS]; /* "192.0.2.1:5060;transport=tcp", in the order in which they are tried */
    size_t host_count;
    const char *auth_user, *auth_password; /* for digest; NULL: a challenge is a refusal */
    const char *sdp;
    const char *replaced;         /* the dialog whose place it takes there, from a REFER's event; NULL: of none */
    const cg_sip_header *headers; /* as they are to be sent: no control characters */
    size_t header_count;
    unsigned session_expires_s;  /* the session timer that is asked for (RFC 4028); 0: none */
    unsigned progress_timeout_s; /* a host that has said no more than 100 gives way after so long; 0: it never does */
} cg_sip_invite;

/* Calls. A host that does not answer in time, or with 5xx, gives way to the next as long as nothing rang. */
cg_sip_dialog_id cg_sip_dial(cg_sip *sip, const cg_sip_invite *invite);

/* The session timer that an incoming dialog is to have where the peer asks for none, or for a longer one; 0: none. */
void cg_sip_set_session_expires(cg_sip *sip, cg_sip_dialog_id dialog, unsigned seconds);
/* An incoming dialog rings (180). */
void cg_sip_ring(cg_sip *sip, cg_sip_dialog_id dialog);
/* Accepts an INVITE, re-INVITE or UPDATE with our description. `version` is that of its o= line (sess-version), by
 * which CONFIRMED names it where it is an offer. */
void cg_sip_answer(cg_sip *sip, cg_sip_dialog_id dialog, const char *sdp, uint64_t version);
/* Offers another description within an answered call (re-INVITE); CONFIRMED brings what answers it. One that is refused
 * changes nothing; one that crosses an offer of the peer's is made again (RFC 3261 section 14.1). Of those that wait
 * for one under way only the last is made. */
void cg_sip_offer(cg_sip *sip, cg_sip_dialog_id dialog, const char *sdp, uint64_t version);
/* What a refusal says of its reason (RFC 3261 section 20.43). */
typedef enum {
    CG_SIP_WARNING_NONE,
    CG_SIP_WARNING_FAMILY = 301,  /* incompatible network address formats */
    CG_SIP_WARNING_MEDIA = 305,   /* incompatible media format */
    CG_SIP_WARNING_ADDRESS = 399, /* no code of its own: an address that media does not go to */
} cg_sip_warning;

/* Refuses it; after an INVITE no event follows. 503 carries Retry-After, 415 what would be taken. */
void cg_sip_reject(cg_sip *sip, cg_sip_dialog_id dialog, unsigned status);
void cg_sip_reject_warning(cg_sip *sip, cg_sip_dialog_id dialog, unsigned status, cg_sip_warning warning);
/* Presses keys (0-9 * # A-D, w: half a second's pause) by INFO requests, one after the other. 64 wait at most. */
void cg_sip_send_keys(cg_sip *sip, cg_sip_dialog_id dialog, const char *keys);
/* The answer to a REFER (RFC 3515): 202 takes it. Another status refuses it; one that would end the dialog along with
 * it (RFC 5057 section 5.1) is told as the outcome instead. */
void cg_sip_refer_reply(cg_sip *sip, cg_sip_dialog_id dialog, unsigned status);
/* How what was taken goes: 180, and at last a final status, which cg_sip_end leaves the peer some time to react to. */
void cg_sip_refer_tell(cg_sip *sip, cg_sip_dialog_id dialog, unsigned status);
/* CANCEL, BYE, or 480, as its state asks for. No event follows. */
void cg_sip_end(cg_sip *sip, cg_sip_dialog_id dialog);

typedef struct {
    uint64_t dialogs;         /* now */
    uint64_t refused_sources; /* requests of strangers */
    uint64_t auth_failures;   /* wrong proofs */
    uint64_t mailbox_depth;
    cg_sip_connections_stats connections;
} cg_sip_stats;
void cg_sip_stats_read(const cg_sip *sip, cg_sip_stats *ret_stats); /* from the control thread */
