/* The way of a handshake's event to the mailbox of its owner. Keys do not stay behind in freed memory. */
#include "bridge/dtls/dtls_thread.h"

#include <string.h>

typedef struct {
    cg_mail mail;
    void (*on_event)(const cg_dtls_event *event, void *owner);
    cg_dtls_event event;
    uint8_t data[];
} event_mail;

static void discard(cg_mail *mail)
{
    event_mail *posted = (event_mail *) mail;
    explicit_bzero(&posted->event.keys, sizeof posted->event.keys);
    g_free(posted);
}

static void deliver(cg_mail *mail, void *owner)
{
    event_mail *posted = (event_mail *) mail;
    posted->on_event(&posted->event, owner);
    discard(mail);
}

void cg_dtls_event_post(const cg_dtls_event *event, cg_mailbox *owner,
                        void (*on_event)(const cg_dtls_event *event, void *owner))
{
    event_mail *posted = g_malloc(sizeof *posted + event->size);
    posted->mail = (cg_mail){.deliver = deliver, .discard = discard};
    posted->on_event = on_event;
    posted->event = *event;
    if (event->size)
        memcpy(posted->data, event->data, event->size);
    posted->event.data = event->size ? posted->data : NULL;
    cg_mailbox_post(owner, &posted->mail);
}
