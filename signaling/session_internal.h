/* Sessions as the rest of this folder sees them; session.h is what the gateway sees. */
#pragma once

#include "signaling/server_internal.h"
#include "signaling/socket.h"

typedef enum { CG_SESSION_DETACHED, CG_SESSION_ATTACHED, CG_SESSION_CLOSING } cg_session_state;

struct cg_session {
    cg_server *server;
    GList *link; /* in server->sessions */
    cg_session_state state;
    cg_sid id;                         /* SE, for logs */
    char secret[CG_SECRET_LENGTH + 1]; /* what resumes it */
    cg_grants *grants;
    char peer[INET6_ADDRSTRLEN];
    cg_socket *socket; /* set if attached */
    cg_replay replay;
    bool can_resume;
    bool trickles;   /* as its last `listen` said */
    bool is_counted; /* in sessions_by_account */
    bool token_valid;
    bool expiry_told;      /* token.expiring was sent */
    int64_t notice_ms;     /* how long before the end it is sent */
    cg_deadline expiry;    /* of the token */
    cg_deadline end;       /* of the resume window; or, closing, of everything */
    cg_bucket refusal_log; /* lines about refused messages that may be written */
    uint64_t refusals_not_logged;
    void *data;
};

/* A new session in state DETACHED; takes the grants. */
cg_session *cg_session_new(cg_server *server, cg_grants *grants, bool can_resume);
void cg_session_attach(cg_session *session, cg_socket *socket);
/* Its socket is lost: the session waits for a resume, or ends if it cannot have one. */
void cg_session_lose_socket(cg_session *session);
/* New grants in force (taken), without telling anyone. */
void cg_session_set_grants(cg_session *session, cg_grants *grants);
/* The directory changed: a key or account that is gone ends the token. */
void cg_session_recheck_token(cg_session *session);
/* Runs the `closed` handler and frees. */
void cg_session_free(cg_session *session);

/* listen.c */
void cg_listen_handle(cg_socket *socket, const cg_session_message *message);
