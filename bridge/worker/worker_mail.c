/* Mails to a worker. One envelope for all: the leg, what to do with it, and the arguments of that. */
#include "bridge/worker/worker_mail.h"

#include "base/clock.h"

#include <string.h>

typedef struct command command;
typedef void command_function(cg_worker *worker, cg_leg *leg, const command *what, int64_t now_us);

struct command {
    cg_mail mail;
    cg_leg_id leg;
    command_function *run;
    union {
        struct {
            cg_media_description local, remote;
        } describe;
        cg_ice_credentials restart;
        cg_candidate candidate;
        cg_leg_id link;
        struct {
            bool from_leg, to_leg;
        } flow;
        bool ringing;
        cg_keys_form keys;
    };
    cg_music *music; /* a reference; may be NULL */
    char *digits;    /* owned; all of them, so that those without room are counted where the queue is */
};

/* Opening comes before there is a leg. */
typedef struct {
    cg_mail mail;
    cg_leg_id leg;
    cg_leg_role role;
    bool plain; /* RTP without ICE */
    union {
        cg_ice_credentials local;
        int fds[CG_RTP_PORT_COUNT]; /* owned */
    };
    uint32_t ssrc;
} open_command;

static void discard_command(cg_mail *mail)
{
    command *what = (command *) mail;
    g_free(what->digits);
    cg_music_unref(what->music);
    explicit_bzero(what, sizeof *what); /* descriptions have keys */
    g_free(what);
}

static void deliver(cg_mail *mail, void *owner)
{
    cg_worker *worker = owner;
    command *what = (command *) mail;
    cg_leg *leg = cg_leg_table_find(worker->legs, what->leg);
    if (leg != NULL)
        what->run(worker, leg, what, cg_clock_monotonic_us());
    discard_command(mail);
}

static command *make(cg_leg_id leg, command_function *run)
{
    command *what = g_new0(command, 1);
    what->mail = (cg_mail){.deliver = deliver, .discard = discard_command};
    what->leg = leg;
    what->run = run;
    return what;
}

static void discard_open(cg_mail *mail)
{
    open_command *what = (open_command *) mail;
    if (what->plain)
        cg_rtp_ports_close(what->fds);
    g_free(what);
}

static void open_leg(cg_mail *mail, void *owner)
{
    cg_worker *worker = owner;
    open_command *what = (open_command *) mail;
    uint32_t slot = cg_leg_id_slot(what->leg);
    int64_t now_us = cg_clock_monotonic_us();
    cg_leg *leg = what->plain ? cg_leg_new_rtp(worker, what->leg, slot, what->fds, what->ssrc, now_us)
                              : cg_leg_new(what->leg, slot, &what->local, what->ssrc, now_us);
    cg_leg_table_add(worker->legs, leg);
    cg_counter_add(&worker->counters.legs, 1);
    if (worker->agents != NULL && !what->plain)
        cg_leg_open_agent(worker, leg, what->role, now_us);
    else
        cg_leg_table_update_ufrags(worker->legs, leg);
    g_free(what);
}

void cg_worker_post_open(cg_worker *worker, cg_leg_id leg, cg_leg_role role, const cg_ice_credentials *local,
                         uint32_t ssrc)
{
    open_command *what = g_new0(open_command, 1);
    *what = (open_command){.mail = {.deliver = open_leg, .discard = discard_open},
                           .leg = leg,
                           .local = *local,
                           .role = role,
                           .ssrc = ssrc};
    cg_mailbox_post(worker->mailbox, &what->mail);
}

void cg_worker_post_open_rtp(cg_worker *worker, cg_leg_id leg, const int fds[static CG_RTP_PORT_COUNT], uint32_t ssrc)
{
    open_command *what = g_new0(open_command, 1);
    *what =
        (open_command){.mail = {.deliver = open_leg, .discard = discard_open}, .leg = leg, .plain = true, .ssrc = ssrc};
    memcpy(what->fds, fds, sizeof what->fds);
    cg_mailbox_post(worker->mailbox, &what->mail);
}

static void describe(cg_worker *worker, cg_leg *leg, const command *what, int64_t now_us)
{
    cg_leg_describe(worker, leg, &what->describe.local, &what->describe.remote, now_us);
}

void cg_worker_post_describe(cg_worker *worker, cg_leg_id leg, const cg_media_description *local,
                             const cg_media_description *remote)
{
    command *what = make(leg, describe);
    what->describe.local = *local;
    what->describe.remote = *remote;
    cg_mailbox_post(worker->mailbox, &what->mail);
}

static void restart(cg_worker *worker, cg_leg *leg, const command *what, int64_t now_us)
{
    cg_leg_restart_ice(worker, leg, &what->restart);
}

void cg_worker_post_restart(cg_worker *worker, cg_leg_id leg, const cg_ice_credentials *local)
{
    command *what = make(leg, restart);
    what->restart = *local;
    cg_mailbox_post(worker->mailbox, &what->mail);
}

static void add_candidate(cg_worker *worker, cg_leg *leg, const command *what, int64_t now_us)
{
    if (leg->agent != NULL)
        cg_ice_agent_add_remote(leg->agent, &what->candidate);
}

void cg_worker_post_candidate(cg_worker *worker, cg_leg_id leg, const cg_candidate *candidate)
{
    command *what = make(leg, add_candidate);
    what->candidate = *candidate;
    cg_mailbox_post(worker->mailbox, &what->mail);
}

static void link_legs(cg_worker *worker, cg_leg *leg, const command *what, int64_t now_us)
{
    cg_leg_link(worker, leg, cg_leg_table_find(worker->legs, what->link));
}

void cg_worker_post_link(cg_worker *worker, cg_leg_id a, cg_leg_id b)
{
    command *what = make(a != 0 ? a : b, link_legs);
    what->link = a != 0 ? b : 0;
    cg_mailbox_post(worker->mailbox, &what->mail);
}

static void set_flow(cg_worker *worker, cg_leg *leg, const command *what, int64_t now_us)
{
    leg->flow_from = what->flow.from_leg;
    leg->flow_to = what->flow.to_leg;
    cg_worker_schedule(worker, leg);
}

void cg_worker_post_flow(cg_worker *worker, cg_leg_id leg, bool from_leg, bool to_leg)
{
    command *what = make(leg, set_flow);
    what->flow.from_leg = from_leg;
    what->flow.to_leg = to_leg;
    cg_mailbox_post(worker->mailbox, &what->mail);
}

static void play(cg_worker *worker, cg_leg *leg, const command *what, int64_t now_us)
{
    cg_leg_set_music(worker, leg, what->music, now_us);
}

void cg_worker_post_play(cg_worker *worker, cg_leg_id leg, cg_music *music)
{
    command *what = make(leg, play);
    what->music = music != NULL ? cg_music_ref(music) : NULL;
    cg_mailbox_post(worker->mailbox, &what->mail);
}

static void set_ringing(cg_worker *worker, cg_leg *leg, const command *what, int64_t now_us)
{
    if (leg->rtp == NULL)
        return;
    leg->ringing = what->ringing;
    leg->heard_us = now_us; /* its silence counts from here */
    cg_worker_schedule(worker, leg);
}

void cg_worker_post_ringing(cg_worker *worker, cg_leg_id leg, bool ringing)
{
    command *what = make(leg, set_ringing);
    what->ringing = ringing;
    cg_mailbox_post(worker->mailbox, &what->mail);
}

static void send_digits(cg_worker *worker, cg_leg *leg, const command *what, int64_t now_us)
{
    cg_leg_keys_push(worker, leg, what->digits, now_us);
}

void cg_worker_post_digits(cg_worker *worker, cg_leg_id leg, const char *digits)
{
    command *what = make(leg, send_digits);
    what->digits = g_strdup(digits);
    cg_mailbox_post(worker->mailbox, &what->mail);
}

static void take_keys(cg_worker *worker, cg_leg *leg, const command *what, int64_t now_us)
{
    cg_leg_keys_take(worker, leg, what->digits, now_us);
}

void cg_worker_post_take_keys(cg_worker *worker, cg_leg_id leg, const char *digits)
{
    command *what = make(leg, take_keys);
    what->digits = g_strdup(digits);
    cg_mailbox_post(worker->mailbox, &what->mail);
}

static void set_keys(cg_worker *worker, cg_leg *leg, const command *what, int64_t now_us)
{
    leg->keys.form = what->keys;
    cg_leg_keys_update(leg);
}

void cg_worker_post_keys(cg_worker *worker, cg_leg_id leg, cg_keys_form form)
{
    command *what = make(leg, set_keys);
    what->keys = form;
    cg_mailbox_post(worker->mailbox, &what->mail);
}

static void tell_stats(cg_worker *worker, cg_leg *leg, const command *what, int64_t now_us)
{
    cg_leg_tell(worker, leg, CG_LEG_EVENT_STATS);
}

void cg_worker_post_stats(cg_worker *worker, cg_leg_id leg)
{
    cg_mailbox_post(worker->mailbox, &make(leg, tell_stats)->mail);
}

static void close_leg(cg_worker *worker, cg_leg *leg, const command *what, int64_t now_us)
{
    cg_leg_finish(worker, leg, CG_LEG_END_CLOSED, now_us);
}

void cg_worker_post_close(cg_worker *worker, cg_leg_id leg)
{
    cg_mailbox_post(worker->mailbox, &make(leg, close_leg)->mail);
}

void cg_worker_dtls_event(const cg_dtls_event *event, void *owner)
{
    cg_worker *worker = owner;
    cg_leg *leg = cg_leg_table_find(worker->legs, event->leg);
    if (leg != NULL)
        cg_leg_dtls_event(worker, leg, event, cg_clock_monotonic_us());
}
