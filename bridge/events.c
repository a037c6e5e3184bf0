/* Leg events as mails, each holding a reference to the way it takes, and log lines as mails that need none. */
#include "bridge/events.h"

#include <glib.h>
#include <stdatomic.h>

struct cg_events {
    atomic_uint references;
    bool closed; /* control thread only */
    cg_mailbox *control;
    void (*on_event)(const cg_leg_event *event, void *user);
    void *user;
};

typedef struct {
    cg_mail mail;
    cg_events *events; /* a reference */
    cg_leg_event event;
} event_mail;

cg_events *cg_events_new(cg_mailbox *control, void (*on_event)(const cg_leg_event *event, void *user), void *user)
{
    cg_events *events = g_new0(cg_events, 1);
    *events = (cg_events){.references = 1, .control = control, .on_event = on_event, .user = user};
    return events;
}

static void unref(cg_events *events)
{
    if (atomic_fetch_sub_explicit(&events->references, 1, memory_order_acq_rel) == 1)
        g_free(events);
}

void cg_events_close(cg_events *events)
{
    events->closed = true;
    unref(events);
}

static void discard(cg_mail *mail)
{
    event_mail *posted = (event_mail *) mail;
    unref(posted->events);
    g_free(posted);
}

static void deliver(cg_mail *mail, void *owner)
{
    event_mail *posted = (event_mail *) mail;
    if (!posted->events->closed)
        posted->events->on_event(&posted->event, posted->events->user);
    discard(mail);
}

void cg_events_post(cg_events *events, const cg_leg_event *event)
{
    event_mail *posted = g_new0(event_mail, 1);
    *posted = (event_mail){.mail = {.deliver = deliver, .discard = discard}, .events = events, .event = *event};
    atomic_fetch_add_explicit(&events->references, 1, memory_order_relaxed);
    cg_mailbox_post(events->control, &posted->mail);
}

typedef struct {
    cg_mail mail;
    const char *event;
    cg_log_field fields[CG_EVENTS_LOG_FIELDS + 1]; /* texts are owned */
} log_mail;

static void discard_log(cg_mail *mail)
{
    log_mail *posted = (log_mail *) mail;
    for (const cg_log_field *field = posted->fields; field->name != NULL; field++)
        g_free((char *) field->text);
    g_free(posted);
}

static void deliver_log(cg_mail *mail, void *owner)
{
    const log_mail *posted = (log_mail *) mail;
    cg_log_write(CG_LOG_INFO, posted->event, posted->fields);
    discard_log(mail);
}

void cg_events_post_log(cg_events *events, const char *event, const cg_log_field *fields)
{
    if (!cg_log_enabled(CG_LOG_INFO))
        return;
    log_mail *posted = g_new0(log_mail, 1);
    *posted = (log_mail){.mail = {.deliver = deliver_log, .discard = discard_log}, .event = event};
    for (unsigned i = 0; fields[i].name != NULL; i++) {
        g_assert(i < CG_EVENTS_LOG_FIELDS);
        posted->fields[i] = fields[i];
        posted->fields[i].text = g_strdup(fields[i].text);
    }
    cg_mailbox_post(events->control, &posted->mail);
}
