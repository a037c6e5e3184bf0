/* The way of leg events and log lines from workers to the control thread. It outlives the bridge for as long as posted
 * events refer to it, so that freeing the bridge leaves nothing dangling in the control thread's mailbox. */
#pragma once

#include "base/log.h"
#include "bridge/bridge.h"

typedef struct cg_events cg_events;

/* `on_event` runs on the thread that delivers `control`. */
cg_events *cg_events_new(cg_mailbox *control, void (*on_event)(const cg_leg_event *event, void *user), void *user);

/* On the control thread: nothing is delivered any more. Gives up the caller's reference. */
void cg_events_close(cg_events *events);

/* From any worker; copies the event. */
void cg_events_post(cg_events *events, const cg_leg_event *event);

#define CG_EVENTS_LOG_FIELDS 4

/* From any worker: a line for the log, at level info, written by the thread that delivers `control`, because a worker
 * may not wait for whoever reads the log (base/log.h). At most CG_EVENTS_LOG_FIELDS fields; their text is copied, their
 * names and `event` are literals. Lines posted before the bridge was freed are still written. */
void cg_events_post_log(cg_events *events, const char *event, const cg_log_field *fields);

#define CG_EVENTS_LOG(events, event, ...) \
    cg_events_post_log((events), (event), (const cg_log_field[]){__VA_ARGS__, {.name = NULL}})
