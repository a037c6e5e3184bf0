/* The ring of numbered messages. The one thing to know: `next` walks the same queue that keeps what was sent, so a
 * resume is nothing but moving the cursor back. */
#include "signaling/replay.h"

#include <string.h>

cg_message *cg_message_new(const char *text, size_t size)
{
    cg_message *message = g_malloc(sizeof(*message) + CG_MESSAGE_HEADROOM + size);

    message->seq = 0;
    message->size = size;
    memcpy(message->bytes + CG_MESSAGE_HEADROOM, text, size);
    return message;
}

char *cg_message_text(cg_message *message)
{
    return (char *) message->bytes + CG_MESSAGE_HEADROOM;
}

void cg_replay_init(cg_replay *replay, size_t max_bytes, bool keep)
{
    *replay = (cg_replay){.max_bytes = max_bytes, .keep = keep};
    g_queue_init(&replay->messages);
}

void cg_replay_finish(cg_replay *replay)
{
    g_queue_clear_full(&replay->messages, g_free);
    replay->next = NULL;
}

uint64_t cg_replay_next_seq(const cg_replay *replay)
{
    return replay->last_seq + 1;
}

/* Unlinks the oldest message and hands it over. */
static cg_message *unlink_oldest(cg_replay *replay)
{
    GList *link = replay->messages.head;
    cg_message *message = link->data;

    replay->bytes -= message->size;
    if (link == replay->next) {
        replay->unsent_bytes -= message->size;
        replay->next = link->next;
    }
    g_queue_delete_link(&replay->messages, link);
    return message;
}

bool cg_replay_push(cg_replay *replay, cg_message *message)
{
    bool in_order = true;

    message->seq = ++replay->last_seq;
    g_queue_push_tail(&replay->messages, message);
    replay->bytes += message->size;
    replay->unsent_bytes += message->size;
    if (!replay->next)
        replay->next = replay->messages.tail;
    while (replay->bytes > replay->max_bytes && replay->messages.length > 1) {
        in_order = in_order && replay->messages.head != replay->next;
        g_free(unlink_oldest(replay));
    }
    return in_order;
}

cg_message *cg_replay_peek(const cg_replay *replay)
{
    return replay->next ? replay->next->data : NULL;
}

void cg_replay_sent(cg_replay *replay)
{
    g_assert(replay->next);
    cg_message *message = replay->next->data;

    replay->unsent_bytes -= message->size;
    replay->next = replay->next->next;
    while (!replay->keep && replay->messages.head && replay->messages.head != replay->next)
        g_free(unlink_oldest(replay));
}

uint64_t cg_replay_sent_seq(const cg_replay *replay)
{
    const cg_message *next = cg_replay_peek(replay);

    return next ? next->seq - 1 : replay->last_seq;
}

void cg_replay_release(cg_replay *replay, uint64_t seq)
{
    while (replay->messages.head && replay->messages.head != replay->next) {
        const cg_message *oldest = replay->messages.head->data;

        if (oldest->seq > seq)
            break;
        g_free(unlink_oldest(replay));
    }
}

bool cg_replay_rewind(cg_replay *replay, uint64_t seq)
{
    const cg_message *oldest = g_queue_peek_head(&replay->messages);
    uint64_t first = oldest ? oldest->seq : cg_replay_next_seq(replay);

    if (seq > replay->last_seq || seq + 1 < first)
        return false;
    replay->next = NULL;
    replay->unsent_bytes = 0;
    for (GList *link = replay->messages.tail; link; link = link->prev) {
        const cg_message *message = link->data;

        if (message->seq <= seq)
            break;
        replay->next = link;
        replay->unsent_bytes += message->size;
    }
    return true;
}

cg_message *cg_replay_steal(cg_replay *replay)
{
    while (replay->next && replay->messages.head != replay->next)
        g_free(unlink_oldest(replay));
    return replay->next ? unlink_oldest(replay) : NULL;
}
