/* The gateway: everything on the control thread, wired together. One object from configuration to shutdown. */
#pragma once

#include "base/mailbox.h"
#include "gateway/call/calls.h"
#include "gateway/client/presence.h"
#include "gateway/config/config.h"
#include "gateway/telephony/telephony.h"

#include <uv.h>

typedef enum { CG_GATEWAY_RUNNING, CG_GATEWAY_DRAINING, CG_GATEWAY_STOPPING } cg_gateway_state;

/* A new configuration; NULL and a message (free with g_free) if it has a mistake. */
typedef cg_config *cg_config_reload(void *user, char **ret_error);

typedef struct {
    uv_loop_t *loop;          /* the caller's */
    cg_config_reload *reload; /* reads the configuration again; NULL: there is nothing to read */
    void *reload_user;
    cg_config *config;   /* in force */
    cg_mailbox *mailbox; /* what media workers tell the control thread */
    cg_bridge *bridge;
    cg_server *server;
    cg_presence *presence;
    cg_calls *calls;
    cg_hold_music *music;
    cg_telephony *telephony;
    cg_gateway_state state;
    int64_t deadline_us; /* monotonic; when draining or stopping has taken long enough */
    int64_t tick_due_us; /* when the next tick should run: what it is late by is the loop's lag */
    int64_t loop_lag_us; /* of the last tick */
    uv_poll_t mailbox_poll;
    uv_timer_t tick;
    uv_signal_t signals[3]; /* SIGTERM, SIGINT, SIGHUP */
} cg_gateway;

/* Starts everything on `loop`. Takes `config`; `reload` gives the next one when SIGHUP asks for it. NULL and a message
 * (free with g_free) if a port, address or certificate cannot be had; then the config is freed too. */
cg_gateway *cg_gateway_new(uv_loop_t *loop, cg_config *config, cg_config_reload *reload, void *reload_user,
                           char **ret_error);

/* After the loop has ended. */
void cg_gateway_free(cg_gateway *gateway);

/* Reads the configuration file again; a mistake in it is logged and changes nothing. What is read at start only keeps
 * its value, with a warning that names it; all else applies. */
void cg_gateway_reload(cg_gateway *gateway);

/* The first time: no new calls, end when the last is over or the drain timeout is reached; the second time: end now. */
void cg_gateway_shut_down(cg_gateway *gateway);
