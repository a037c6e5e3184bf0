/* Order by sequence number, time by timestamp. Times are extended to 64 bits when packets come, so that nothing here
 * wraps but sequence numbers. */
#include "bridge/audio/jitter_buffer.h"

#include <glib.h>
#include <string.h>

enum {
    LEAST_DELAY_US = 20000,
    MARGIN_US = 10000,    /* beyond the jitter seen: our own timers' */
    MAX_RISE_US = 180000, /* of the fastest packets, within which all are waited for; jitter comes on top */
    RESYNC_US = 1000000,  /* a packet this far off belongs to another time */
    DEFAULT_STEP_MS = 20,
    LEAST_STEP_MS = 5,        /* holes are not filled in smaller pieces, whatever a peer's packets are */
    LOSSY_US = 10000000,      /* how long a loss is remembered */
    MAX_GAP_EXCESS_US = 5000, /* in a sender's silence the delay is brought to its target at once */
};

void cg_jitter_buffer_reset(cg_jitter_buffer *buffer)
{
    for (unsigned i = 0; i < CG_JITTER_SLOTS; i++)
        buffer->slots[i].used = false;
    buffer->running = false;
    buffer->starving = false;
    buffer->lossy_until_us = 0;
    buffer->delay = (cg_jitter_delay){0};
}

static cg_jitter_slot *slot_of(cg_jitter_buffer *buffer, uint32_t sequence)
{
    return &buffer->slots[sequence % CG_JITTER_SLOTS];
}

static int64_t to_us(const cg_jitter_buffer *buffer, int64_t units)
{
    return units * 1000000 / buffer->clock_rate;
}

/* The earliest packet that waits; NULL if none does. */
static cg_jitter_slot *first_slot(cg_jitter_buffer *buffer)
{
    for (uint32_t i = 0; i < CG_JITTER_SLOTS; i++)
        if (slot_of(buffer, buffer->next + i)->used)
            return slot_of(buffer, buffer->next + i);
    return NULL;
}

static void set_step(cg_jitter_buffer *buffer, uint32_t duration)
{
    buffer->step = MAX(duration, buffer->clock_rate / 1000 * LEAST_STEP_MS);
}

static void begin(cg_jitter_buffer *buffer, const cg_jitter_packet *packet)
{
    cg_jitter_buffer_reset(buffer);
    buffer->running = true;
    buffer->clock_rate = packet->clock_rate;
    buffer->next = packet->sequence;
    buffer->position = packet->timestamp;
    set_step(buffer, packet->duration > 0 ? packet->duration : packet->clock_rate / 1000 * DEFAULT_STEP_MS);
}

static int64_t extend(const cg_jitter_buffer *buffer, uint32_t timestamp)
{
    return buffer->position + (int32_t) (timestamp - (uint32_t) buffer->position);
}

static cg_jitter_range range_of(const cg_jitter_buffer *buffer)
{
    return cg_jitter_delay_range(&buffer->delay, MAX_RISE_US);
}

/* Notes when it came; false if that has nothing to do with the packets before. */
static bool note_arrival(cg_jitter_buffer *buffer, const cg_jitter_packet *packet, int64_t time, int64_t now_us)
{
    int64_t transit_us = now_us - to_us(buffer, time);
    if (buffer->delay.used > 0 && ABS(transit_us - range_of(buffer).least_us) > RESYNC_US)
        return false;
    if (packet->duration > 0)
        cg_jitter_delay_note(&buffer->delay, transit_us, now_us);
    return true;
}

/* Room for a sequence number beyond all room: the oldest packets give way. */
static void make_room(cg_jitter_buffer *buffer, uint32_t sequence)
{
    while (sequence - buffer->next >= CG_JITTER_SLOTS) {
        cg_jitter_slot *oldest = slot_of(buffer, buffer->next);
        buffer->stats.late += oldest->used;
        oldest->used = false;
        buffer->next = first_slot(buffer) != NULL ? buffer->next + 1 : sequence;
    }
    const cg_jitter_slot *first = first_slot(buffer);
    if (first != NULL && first->time > buffer->position)
        buffer->position = first->time;
}

static void store(cg_jitter_buffer *buffer, const cg_jitter_packet *packet, int64_t time)
{
    cg_jitter_slot *slot = slot_of(buffer, packet->sequence);
    if (slot->used) { /* within CG_JITTER_SLOTS of `next`, so it is the same number */
        buffer->stats.duplicate++;
        return;
    }
    slot->used = true;
    slot->codec = packet->codec;
    slot->sequence = packet->sequence;
    slot->duration = packet->duration;
    slot->time = time;
    slot->size = (uint16_t) packet->size;
    memcpy(slot->payload, packet->payload, packet->size);
    if (buffer->starving && packet->duration > 0) {
        buffer->position = MIN(buffer->position, time);
        buffer->starving = false;
    }
}

void cg_jitter_buffer_put(cg_jitter_buffer *buffer, const cg_jitter_packet *packet, int64_t now_us)
{
    g_assert(packet->size <= CG_CODEC_MAX_PAYLOAD);
    if (!buffer->running || buffer->clock_rate != packet->clock_rate)
        begin(buffer, packet);
    int64_t time = extend(buffer, packet->timestamp);
    if (!note_arrival(buffer, packet, time, now_us)) {
        begin(buffer, packet);
        time = packet->timestamp;
        note_arrival(buffer, packet, time, now_us);
    }
    int32_t ahead = (int32_t) (packet->sequence - buffer->next);
    if (ahead < 0) {
        buffer->stats.late++;
        return;
    }
    if (ahead >= CG_JITTER_SLOTS)
        make_room(buffer, packet->sequence);
    store(buffer, packet, time);
}

/* Where packets get lost, one more is waited for: it may tell of the lost one. */
int64_t cg_jitter_buffer_target_us(const cg_jitter_buffer *buffer, int64_t now_us)
{
    int64_t target_us = LEAST_DELAY_US;
    if (buffer->delay.used > 0)
        target_us = MAX(target_us, range_of(buffer).spread_us + MARGIN_US);
    if (now_us < buffer->lossy_until_us)
        target_us += to_us(buffer, buffer->step);
    return MIN(target_us, CG_JITTER_MAX_DELAY_US);
}

/* The delay is what lies between the time a sample could have come at the earliest and the time it is used. */
static int64_t measure_excess(const cg_jitter_buffer *buffer, int64_t now_us, int64_t pending_us)
{
    if (buffer->delay.used == 0)
        return 0;
    int64_t delay_us = now_us + pending_us - to_us(buffer, buffer->position) - range_of(buffer).least_us;
    return delay_us - cg_jitter_buffer_target_us(buffer, now_us);
}

static void give_packet(cg_jitter_buffer *buffer, cg_jitter_slot *slot, cg_jitter_frame *frame)
{
    frame->kind = CG_JITTER_PACKET;
    frame->packet = slot;
    frame->duration = slot->duration;
    buffer->stats.lost += slot->sequence - buffer->next; /* those before it whose time has run out */
    buffer->next = slot->sequence + 1;
    slot->used = false;
    if (slot->duration == 0)
        return;
    buffer->position = MAX(buffer->position, slot->time + slot->duration);
    set_step(buffer, slot->duration);
}

/* A hole in the sequence: the next packet is there, its time is not. */
static void give_loss(cg_jitter_buffer *buffer, const cg_jitter_slot *after, cg_jitter_frame *frame)
{
    int64_t missing = after->time - buffer->position;
    frame->kind = CG_JITTER_LOST;
    frame->duration = (uint32_t) MIN(missing, buffer->step);
    frame->packet = missing <= buffer->step ? after : NULL;
    buffer->position += frame->duration;
    buffer->stats.lost++;
    buffer->next = missing <= buffer->step || buffer->next + 1 == after->sequence ? after->sequence : buffer->next + 1;
}

static void give_silence(cg_jitter_buffer *buffer, const cg_jitter_slot *after, cg_jitter_frame *frame)
{
    int64_t gap = after != NULL ? after->time - buffer->position : buffer->step;
    if (after != NULL && frame->excess_us > MAX_GAP_EXCESS_US) {
        int64_t excess = frame->excess_us * buffer->clock_rate / 1000000;
        buffer->position += MIN(excess, gap - 1);
        gap -= MIN(excess, gap - 1);
    }
    frame->kind = CG_JITTER_SILENT;
    frame->duration = (uint32_t) MIN(gap, buffer->step);
    buffer->position += frame->duration;
    buffer->starving = buffer->starving || after == NULL;
}

/* What has no length comes in its turn. */
static bool is_due(const cg_jitter_buffer *buffer, const cg_jitter_slot *slot)
{
    return slot->time <= buffer->position || (slot->duration == 0 && slot->sequence == buffer->next);
}

/* The latest packet with sound that waits; NULL if none does. */
static const cg_jitter_slot *last_sound(const cg_jitter_buffer *buffer)
{
    for (uint32_t i = CG_JITTER_SLOTS; i > 0; i--) {
        const cg_jitter_slot *slot = &buffer->slots[(buffer->next + i - 1) % CG_JITTER_SLOTS];
        if (slot->used && slot->duration > 0)
            return slot;
    }
    return NULL;
}

/* So far behind that catching up bit by bit would take long: as after a network that stood still. Never beyond what has
 * come: a sender or a way that has become slower is not caught up with by letting its packets go. */
static void skip(cg_jitter_buffer *buffer, int64_t excess_us)
{
    const cg_jitter_slot *last = last_sound(buffer);
    if (last == NULL || last->time <= buffer->position)
        return;
    buffer->position = MIN(buffer->position + excess_us * buffer->clock_rate / 1000000, last->time);
    for (cg_jitter_slot *slot; (slot = first_slot(buffer)) != NULL && slot->time < buffer->position;) {
        buffer->stats.late++;
        buffer->next = slot->sequence + 1;
        slot->used = false;
    }
}

cg_jitter_frame cg_jitter_buffer_take(cg_jitter_buffer *buffer, int64_t now_us, int64_t pending_us)
{
    g_assert(buffer->running);
    cg_jitter_frame frame = {.excess_us = measure_excess(buffer, now_us, pending_us)};
    uint64_t lost = buffer->stats.lost;
    if (frame.excess_us > CG_JITTER_MAX_DELAY_US) {
        skip(buffer, frame.excess_us);
        frame.excess_us = 0;
    }
    cg_jitter_slot *first = first_slot(buffer);
    frame.empty = first == NULL;
    if (first != NULL && is_due(buffer, first))
        give_packet(buffer, first, &frame);
    else if (first != NULL && first->sequence != buffer->next)
        give_loss(buffer, first, &frame);
    else
        give_silence(buffer, first, &frame);
    if (buffer->stats.lost > lost)
        buffer->lossy_until_us = now_us + LOSSY_US;
    return frame;
}
