/* The numbered messages of one session: what is still to be sent, and what was sent and may have to be sent again after
 * a lost socket. Pure; bounded by bytes. Messages go in at the end with numbers 1, 2, 3, ...; a cursor marks the next
 * one to send; the oldest fall out when the bound is reached. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CG_MESSAGE_HEADROOM 16 /* bytes before the text that the socket layer writes a frame header to */

typedef struct {
    uint64_t seq; /* 0: not numbered */
    size_t size;  /* of the text */
    uint8_t bytes[];
} cg_message;

/* Copies `size` bytes. Free with g_free. */
cg_message *cg_message_new(const char *text, size_t size);
char *cg_message_text(cg_message *message); /* `size` bytes, with CG_MESSAGE_HEADROOM writable ones before them */

typedef struct {
    GQueue messages;     /* of cg_message, oldest first; owned */
    GList *next;         /* the first one not sent; NULL: all are sent */
    uint64_t last_seq;   /* of the newest message ever pushed; 0: none yet */
    size_t bytes;        /* of all kept */
    size_t unsent_bytes; /* of those from `next` on */
    size_t max_bytes;
    bool keep; /* sent messages are kept for a resume */
} cg_replay;

void cg_replay_init(cg_replay *replay, size_t max_bytes, bool keep);
void cg_replay_finish(cg_replay *replay);

/* The number the next pushed message gets. */
uint64_t cg_replay_next_seq(const cg_replay *replay);

/* Appends a message (takes it). False if one that had not been sent fell out for it: whoever reads is too slow, and
 * what it misses can no longer be delivered in order. The newest message itself always stays. */
bool cg_replay_push(cg_replay *replay, cg_message *message);

/* The next one to send, or NULL. Valid until the replay changes. */
cg_message *cg_replay_peek(const cg_replay *replay);
/* What cg_replay_peek gave has been handed to the socket. */
void cg_replay_sent(cg_replay *replay);

/* The number of the last message sent so far; 0: none. */
uint64_t cg_replay_sent_seq(const cg_replay *replay);

/* The peer has seen all up to `seq`: of those sent, they need not be kept any longer. */
void cg_replay_release(cg_replay *replay, uint64_t seq);

/* Continues after `seq`, the last one the peer has seen. False, and nothing changed, if it cannot have seen it or
 * something after it is gone. */
bool cg_replay_rewind(cg_replay *replay, uint64_t seq);

/* Takes the oldest unsent message out, for a socket that outlives the session. NULL if there is none. */
cg_message *cg_replay_steal(cg_replay *replay);
