/* Events to the control thread, as mails. */
#include "signaling/sip/sip_internal.h"

#include "base/secret.h"

typedef struct {
    cg_mail mail;
    cg_sip_sink *sink; /* a reference */
    cg_sip_event event;
} event_mail;

cg_sip_sink *cg_sip_sink_new(cg_mailbox *control, cg_sip_handler *handler, void *user)
{
    cg_sip_sink *sink = g_new0(cg_sip_sink, 1);
    *sink = (cg_sip_sink){.references = 1, .control = control, .handler = handler, .user = user};
    return sink;
}

static void unref(cg_sip_sink *sink)
{
    if (atomic_fetch_sub_explicit(&sink->references, 1, memory_order_acq_rel) == 1)
        g_free(sink);
}

void cg_sip_sink_close(cg_sip_sink *sink)
{
    sink->closed = true;
    unref(sink);
}

static void discard(cg_mail *mail)
{
    event_mail *posted = (event_mail *) mail;
    cg_sip_event *event = &posted->event;
    for (size_t i = 0; i < event->header_count; i++) {
        g_free(event->headers[i].name);
        g_free(event->headers[i].value);
    }
    cg_secret_free(event->sdp);
    g_free(event->from_user);
    g_free(event->from_name);
    g_free(event->to_user);
    g_free(event->user);
    g_free(event->to_host);
    g_free(event->replaced);
    g_free(event->addressed_user);
    g_free(event->peer);
    g_free(event->peer_host);
    unref(posted->sink);
    g_free(posted);
}

static void deliver(cg_mail *mail, void *owner)
{
    event_mail *posted = (event_mail *) mail;
    if (!posted->sink->closed)
        posted->sink->handler(&posted->event, posted->sink->user);
    discard(mail);
}

void cg_sip_post_event(cg_sip *sip, const cg_sip_event *event)
{
    event_mail *posted = g_new0(event_mail, 1);
    *posted = (event_mail){.mail = {.deliver = deliver, .discard = discard}, .sink = sip->sink, .event = *event};
    atomic_fetch_add_explicit(&sip->sink->references, 1, memory_order_relaxed);
    cg_mailbox_post(sip->sink->control, &posted->mail);
}
