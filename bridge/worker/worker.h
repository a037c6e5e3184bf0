/* A media worker: one thread with its sockets, its legs, its timer. The struct is for the files of this folder that run
 * on the worker's thread (leg*.c, receive.c, worker*.c); others use the functions of "for the control thread". */
#pragma once

#include "bridge/events.h"
#include "bridge/leg/leg_table.h"
#include "bridge/stats.h"
#include "bridge/transport/addresses.h"
#include "bridge/transport/rtp_sockets.h"
#include "bridge/transport/udp.h"
#include "bridge/worker/drop.h"
#include "bridge/worker/load.h"

#include <glib.h>

typedef struct cg_worker_tcp cg_worker_tcp;

typedef struct {
    unsigned index;
    unsigned max_legs;
    int64_t setup_timeout_us, consent_warning_us, consent_timeout_us;
    int64_t rtp_timeout_us;        /* silence that ends a leg of plain RTP */
    int64_t rtp_latch_window_us;   /* in which the first packet wins; 0: none */
    const cg_addresses *addresses; /* outlives the worker */
    uint16_t port;                 /* 0: any free one */
    bool tcp;                      /* takes connections as well */
    const cg_ice_servers *servers; /* outlives the worker; NULL: ICE-lite, else legs have agents */
    int64_t gather_timeout_us;
    cg_events *events; /* outlives the worker */
} cg_worker_config;

typedef enum { CG_QUESTION_NONE, CG_QUESTION_ASKED, CG_QUESTION_ANSWERED } cg_question_state;

/* worker_load.h. Asked: the worker's; else the control thread's. */
typedef struct {
    cg_mail mail; /* embedded: there is one question at a time */
    _Atomic cg_question_state state;
    int64_t asked_us;      /* monotonic */
    cg_load_sample answer; /* there when answered */
} cg_load_question;

struct cg_worker {
    cg_worker_config config;
    cg_mailbox *mailbox; /* owned */
    cg_udp *ipv4, *ipv6; /* owned; NULL if the family is not there */
    cg_worker_tcp *tcp;  /* owned; NULL: no ICE-TCP */
    cg_rtp_sockets *rtp; /* owned; those of legs without ICE */
    cg_dtls_pool *pool;  /* outlives the thread */
    cg_worker_counters counters;
    unsigned taken; /* datagrams, since the last poll */
    cg_load_question load_question;

    GThread *thread;
    GMainContext *context;
    GMainLoop *loop;
    GSource *timer;
    int64_t timer_us; /* when it is set to run; INT64_MAX: not */
    cg_leg_table *legs;
    GPtrArray *players;                                       /* owned (cg_player); of music that legs hear now */
    cg_ice_agents *agents;                                    /* owned; of the thread; NULL: ICE-lite */
    uint8_t agent_in[CG_UDP_MAX_DATAGRAM + CG_UDP_HEADROOM];  /* what an agent received last */
    uint8_t agent_out[CG_UDP_MAX_DATAGRAM + CG_UDP_HEADROOM]; /* cg_worker_buffer of agents' paths */
    cg_drop_log drops;
    int64_t ntp_offset_us; /* wall clock since 1900 minus monotonic */
};

/* For the control thread. `new` opens the sockets (NULL and a message if it cannot), `start` runs the thread,
 * `stop` ends every leg and joins it. */
cg_worker *cg_worker_new(const cg_worker_config *config, char **ret_error);
void cg_worker_start(cg_worker *worker, cg_dtls_pool *pool);
void cg_worker_stop(cg_worker *worker);
void cg_worker_free(cg_worker *worker);

/* For the worker's thread: queues a datagram, which leaves when the present wake-up has been dealt with. */
void cg_worker_send(cg_worker *worker, const cg_path *path, const uint8_t *data, size_t size); /* data stays */
void cg_worker_send_copy(cg_worker *worker, const cg_path *path, const uint8_t *data, size_t size);
uint8_t *cg_worker_buffer(cg_worker *worker, const cg_path *path); /* for cg_worker_send, see cg_udp_buffer */

/* Sends what is queued, for whoever uses the buffers again within a wake-up. */
void cg_worker_flush(cg_worker *worker);

/* Delivers mail that waits. Called between reading from a socket and looking at what was read: what was asked for
 * before a packet was sent is done before the packet is. */
void cg_worker_catch_up(cg_worker *worker);

/* Counts, and tells now and then, a datagram that is not taken. */
void cg_worker_drop(cg_worker *worker, cg_drop_reason reason, const cg_path *from, int64_t now_us);

/* Something changed what the leg waits for. */
void cg_worker_schedule(cg_worker *worker, const cg_leg *leg);

/* receive.c: a datagram from the network; may be changed in place. */
void cg_worker_receive(cg_worker *worker, cg_datagram *datagram, int64_t now_us);
/* The same of one whose leg is known, by the place of its path there. */
void cg_worker_receive_from(cg_worker *worker, cg_leg *leg, unsigned path, cg_datagram *datagram, int64_t now_us);
