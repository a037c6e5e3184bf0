/* A media worker: one thread with its sockets, its legs, its timer. The struct is for the files of this folder that run
 * on the worker's thread (leg*.c, receive.c, worker*.c); others use the functions of "for the control thread". */
#pragma once

#include "bridge/addresses.h"
#include "bridge/drop.h"
#include "bridge/events.h"
#include "bridge/leg_table.h"
#include "bridge/rtp_sockets.h"
#include "bridge/stats.h"
#include "bridge/udp.h"

#include <glib.h>

typedef struct {
    unsigned index;
    unsigned max_legs;
    int64_t setup_timeout_us, consent_warning_us, consent_timeout_us;
    int64_t rtp_timeout_us;        /* silence that ends a leg of plain RTP */
    int64_t rtp_latch_window_us;   /* in which the first packet wins; 0: none */
    const cg_addresses *addresses; /* outlives the worker */
    uint16_t port;                 /* 0: any free one */
    cg_events *events;             /* outlives the worker */
} cg_worker_config;

struct cg_worker {
    cg_worker_config config;
    cg_mailbox *mailbox; /* owned */
    cg_udp *ipv4, *ipv6; /* owned; NULL if the family is not there */
    cg_rtp_sockets *rtp; /* owned; those of legs without ICE */
    cg_dtls_pool *pool;  /* outlives the thread */
    cg_worker_counters counters;

    GThread *thread;
    GMainContext *context;
    GMainLoop *loop;
    GSource *timer;
    int64_t timer_us; /* when it is set to run; INT64_MAX: not */
    cg_leg_table *legs;
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

/* Counts, and tells now and then, a datagram that is not taken. */
void cg_worker_drop(cg_worker *worker, cg_drop_reason reason, const cg_path *from, int64_t now_us);

/* Something changed what the leg waits for. */
void cg_worker_schedule(cg_worker *worker, const cg_leg *leg);

/* receive.c: a datagram from the network; may be changed in place. */
void cg_worker_receive(cg_worker *worker, cg_datagram *datagram, int64_t now_us);
