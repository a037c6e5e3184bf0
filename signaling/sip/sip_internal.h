/* What the files of this folder share. Behind `mailbox` everything is the SIP thread's. */
#pragma once

#include "signaling/sip/sip.h"
#include "signaling/sip/sip_body.h"
#include "signaling/sip/sip_connections.h"
#include "signaling/sip/sip_digest.h"
#include "signaling/sip/sip_listen.h"
#include "signaling/sip/sip_message.h"
#include "signaling/sip/sip_reliable.h"
#include "signaling/sip/sip_session.h"
#include "signaling/sip/sip_tls_sessions.h"

#include <netinet/in.h>
#include <stdatomic.h>

#define NUA_MAGIC_T struct cg_sip
#define NUA_HMAGIC_T struct cg_sip_dialog
#include <sofia-sip/nua.h>

/* Methods that get an answer of their own; 405 goes to every other. REFER only within calls: one that belongs to none
 * would have us call at the word of whoever asks, and tell whatever address it names how that went. */
#define CG_SIP_METHODS "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, PRACK, UPDATE"
#define CG_SIP_DIALOG_METHODS CG_SIP_METHODS ", REFER"

typedef enum {
    CG_SIP_DIALOG_CALLING, /* our INVITE is out; it may ring */
    CG_SIP_DIALOG_CALLED,  /* theirs is in, not answered */
    CG_SIP_DIALOG_TALKING,
    CG_SIP_DIALOG_ENDING, /* the control thread has let go of it; our last request is under way */
} cg_sip_dialog_state;

typedef struct cg_sip_dialog {
    cg_sip *sip;
    cg_sip_dialog_id id;
    char *call_id;        /* owned; NULL: not known yet */
    nua_handle_t *handle; /* owned */
    cg_sip_dialog_state state;
    bool confirmed;        /* the 200 to the peer's INVITE was acknowledged */
    bool rang;             /* 180 was told */
    bool asked;            /* an INVITE had no offer: its 200 has ours, and the ACK the answer */
    bool authenticated;    /* in a call: a challenge of the re-INVITE under way was answered */
    GPtrArray *realms;     /* (owned char) of this host, whose challenges our INVITE has answered; owned; NULL: none */
    bool bye_answered;     /* our BYE was challenged, and has answered */
    bool offering;         /* a re-INVITE of ours is under way */
    bool offered;          /* a re-INVITE of the peer's awaits our answer */
    bool answered;         /* our 200 to an INVITE of the peer's awaits its ACK */
    msg_t *update;         /* a reference: the peer's UPDATE that awaits our answer to its offer; NULL: none */
    char *next_offer;      /* to be made when that is over, or `retry` fires; owned; NULL: none */
    uint64_t next_version; /* of `next_offer` */
    uint64_t version;      /* of the description of ours that was offered last */
    su_timer_t *retry;     /* owned; NULL: none */
    unsigned host;         /* index, of the one that is tried */
    unsigned progress_timeout_s; /* as in cg_sip_invite */
    su_timer_t *progress;        /* owned; NULL: no such limit so far */
    GPtrArray *targets; /* (owned char) of that host, which have given way: see sip_targets.h; owned; NULL: none */
    cg_sip_reliable reliable;
    cg_sip_session session;
    struct {
        GString *waiting;    /* owned; to be sent; NULL: none so far */
        bool asked, spacing; /* a request is under way; it is too early for the next */
        bool authenticated;  /* it was challenged, and has answered */
        su_timer_t *timer;   /* owned; of the latter */
    } keys;
    struct {
        msg_t *request;      /* a reference: awaits our answer; NULL: none */
        sip_event_t *event;  /* owned; by which the peer knows it, while it is told how it goes; NULL: it is not */
        bool authenticated;  /* a NOTIFY was challenged, and has answered */
        bool quiet;          /* it does not want to be (RFC 4488) */
        su_timer_t *parting; /* owned; after which we say BYE if the peer has not; NULL: none */
        bool succeeded;      /* the peer was told so */
    } refer;
    GPtrArray *ringing; /* (owned char) remote tags of our INVITE's early dialogs; owned; NULL: none */
    /* Of our INVITE; owned. */
    char *user, *from_user, *from_host, *headers, *auth_user, *auth_password, *sdp;
    char *hosts[CG_SIP_MAX_HOSTS + 1]; /* NULL-terminated */
} cg_sip_dialog;

typedef struct cg_sip_screen cg_sip_screen;
typedef struct cg_sip_auth cg_sip_auth;

/* The way events take; outlives a mail on it. */
typedef struct {
    atomic_uint references;
    bool closed; /* control thread only */
    cg_mailbox *control;
    cg_sip_handler *handler;
    void *user;
} cg_sip_sink;

struct cg_sip {
    cg_sip_listeners listeners;
    cg_sip_config config; /* without what is owned above and below */
    cg_sip_sink *sink;    /* a reference */
    GThread *thread;
    cg_sip_dialog_id next_dialog; /* control thread's; even */
    atomic_size_t dialog_count, refused_sources;
    cg_mailbox *starting; /* owned, until the thread has told whether it runs */
    cg_mailbox *mailbox;  /* owned */

    su_root_t *root;
    nua_t *nua;
    struct nta_agent_s *agent;      /* of nua, which does not give it away */
    struct sres_cache *names;       /* owned */
    msg_mclass_t *parser;           /* owned */
    su_timer_t *deadline;           /* of stopping */
    bool stopping, finished;        /* ... and the stack has said its last word */
    cg_sip_dialog_id next_incoming; /* odd */
    GHashTable *dialogs;            /* id -> (owned) cg_sip_dialog */
    cg_ip_range *sources;           /* owned */
    size_t source_count;
    cg_sip_screen *screen;           /* owned */
    cg_sip_connections *connections; /* owned */
    cg_sip_tls_sessions *tls;        /* owned */
    cg_sip_auth *auth;               /* owned */
    su_timer_t *looking;             /* owned; at the connections */
    GPtrArray *registrations;        /* (owned) cg_sip_registration */
    GPtrArray *keepalives;           /* (owned) cg_sip_keepalive */
};

/* sip_event.c: takes what `event` points to. */
cg_sip_sink *cg_sip_sink_new(cg_mailbox *control, cg_sip_handler *handler, void *user);
void cg_sip_sink_close(cg_sip_sink *sink); /* on the control thread, for good */
void cg_sip_post_event(cg_sip *sip, const cg_sip_event *event);

/* sip_nua.c: what nua tells of anything; on the SIP thread, as all below. */
void cg_sip_on_nua(nua_event_t event, int status, char const *phrase, nua_t *nua, cg_sip *sip, nua_handle_t *handle,
                   cg_sip_dialog *dialog, sip_t const *message, tagi_t tags[]);

/* sip_dialog.c: what is asked of dialogs ... */
void cg_sip_dialog_ring(cg_sip_dialog *dialog);
void cg_sip_dialog_answer(cg_sip_dialog *dialog, const char *sdp, uint64_t version);
void cg_sip_dialog_offer(cg_sip_dialog *dialog, const char *sdp, uint64_t version);
void cg_sip_dialog_reject(cg_sip_dialog *dialog, unsigned status, cg_sip_warning warning);
void cg_sip_dialog_end(cg_sip_dialog *dialog);
/* ... and what happens to them. */
void cg_sip_dialog_on_reinvite(cg_sip_dialog *dialog, const sip_t *message);
void cg_sip_dialog_on_cancel(cg_sip_dialog *dialog);
void cg_sip_dialog_on_ack(cg_sip_dialog *dialog, const sip_t *message);
void cg_sip_dialog_on_bye_response(cg_sip_dialog *dialog, int status, const sip_t *message);
void cg_sip_dialog_on_terminated(cg_sip_dialog *dialog);
void cg_sip_dialog_keep(cg_sip_dialog *dialog);                        /* in the table, which owns it */
void cg_sip_dialog_heard(cg_sip_dialog *dialog, const sip_t *message); /* its first message tells its Call-ID */
void cg_sip_dialog_unhear(cg_sip_dialog *dialog);                      /* it is to have another */
void cg_sip_dialog_drop(cg_sip_dialog *dialog);                        /* out of it, and freed */
void cg_sip_dialog_tell(cg_sip_dialog *dialog, cg_sip_event_kind kind, unsigned status, char *sdp); /* takes `sdp` */
void cg_sip_dialog_confirm(cg_sip_dialog *dialog, char *sdp); /* CONFIRMED, of what we offered last; takes `sdp` */
void cg_sip_dialog_free(void *dialog);

/* sip_outgoing.c */
void cg_sip_dialog_dial(cg_sip *sip, cg_sip_dialog *dialog); /* takes it */
void cg_sip_dialog_on_response(cg_sip_dialog *dialog, int status, const sip_t *message);

/* sip_offer.c: re-INVITEs of ours. */
void cg_sip_dialog_on_offer_response(cg_sip_dialog *dialog, int status, const sip_t *message);
void cg_sip_dialog_lost(cg_sip_dialog *dialog, int status); /* by what a refusal says; it is told so */
void cg_sip_dialog_continue_offers(cg_sip_dialog *dialog);  /* what kept ours waiting is over */
void cg_sip_dialog_forget_offers(cg_sip_dialog *dialog);

/* sip_incoming.c */
bool cg_sip_knows(const cg_sip *sip, const struct sockaddr_storage *source); /* one of the sources */
void cg_sip_on_invite(cg_sip *sip, nua_handle_t *handle, const sip_t *message);
void cg_sip_on_options(cg_sip *sip, nua_handle_t *handle, const sip_t *message, bool in_dialog);

/* sip_once.c: a datagram's request is answered 401, and nothing kept. */
void cg_sip_challenge_once(const cg_sip *sip, const sip_t *request, const char *peer,
                           const struct sockaddr_storage *source);

/* sip_info.c */
void cg_sip_dialog_on_info(cg_sip_dialog *dialog, const sip_t *message);
void cg_sip_dialog_on_info_response(cg_sip_dialog *dialog, int status, const sip_t *message);
void cg_sip_dialog_send_keys(cg_sip_dialog *dialog, const char *keys);
void cg_sip_dialog_clear_keys(cg_sip_dialog *dialog);

/* sip_replaces.c */
void cg_sip_dialog_note_ringing(cg_sip_dialog *dialog, const sip_t *response); /* there is an early dialog */
/* As in a header; g_free. NULL: what it consists of cannot be in one. */
char *cg_sip_write_replaces(const sip_replaces_t *replaces);
/* 0 and the dialog that it names, or the status of the refusal. */
unsigned cg_sip_find_replaced(cg_sip *sip, const sip_replaces_t *replaces, cg_sip_dialog_id *ret_dialog);

/* sip_refer.c */
void cg_sip_dialog_on_refer(cg_sip_dialog *dialog, const sip_t *message, tagi_t tags[]);
void cg_sip_dialog_refer_reply(cg_sip_dialog *dialog, unsigned status);
void cg_sip_dialog_refer_tell(cg_sip_dialog *dialog, unsigned status);
bool cg_sip_dialog_await_bye(cg_sip_dialog *dialog); /* the peer will say it itself; false: it will not */
void cg_sip_dialog_forget_refer(cg_sip_dialog *dialog);
/* sip_peer.c: a response to a request of no dialog; whether a registrar of ours speaks from there. */
void cg_sip_peers_on_nua(cg_sip *sip, nua_event_t event, int status, nua_handle_t *handle, const sip_t *message);
bool cg_sip_peers_have_handle(const cg_sip *sip, const nua_handle_t *handle); /* of a request of theirs */
bool cg_sip_peers_have_source(const cg_sip *sip, const struct sockaddr_storage *source);
/* Tells of a host that wants to be left alone, by a 503 with Retry-After. */
void cg_sip_peer_note_away(cg_sip *sip, const char *peer, const char *host, int status, const sip_t *response);

/* sip.c: what cg_sip_new waits for. */
void cg_sip_tell_started(cg_mailbox *waiting, bool running);

/* sip_thread.c */
gpointer cg_sip_run(gpointer sip);
void cg_sip_stop(cg_sip *sip); /* on the SIP thread */
