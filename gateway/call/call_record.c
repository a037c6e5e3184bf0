/* The record of a finished call. Everything an operator asks first: who, whom, when, how long, why it ended, how it
 * sounded. */
#include "gateway/call/call_record.h"

#include "base/clock.h"
#include "base/log.h"
#include "gateway/call/call_codecs.h"
#include "gateway/call/leg_record.h"

#define MAX_FIELDS 64

typedef struct {
    cg_log_field fields[MAX_FIELDS + 1];
    size_t count;
} field_list;

static void add_text(field_list *list, const char *name, const char *text)
{
    g_assert(list->count < MAX_FIELDS);
    list->fields[list->count++] = CG_LOG_TEXT(name, text);
}

static void add_number(field_list *list, const char *name, int64_t number)
{
    g_assert(list->count < MAX_FIELDS);
    list->fields[list->count++] = CG_LOG_NUMBER(name, number);
}

/* From the answer to the party's first packet; -1: none came. */
static int64_t media_delay_ms(const cg_call *call, const cg_call_leg *leg)
{
    return leg != NULL && leg->first_media_ms != 0 ? leg->first_media_ms - call->answered_ms : -1;
}

static int64_t dropped(const cg_leg_stats *stats)
{
    return (int64_t) (stats->dropped_unauthenticated + stats->dropped_replayed + stats->dropped_other);
}

static void add_call(field_list *list, const cg_call *call, const char *created, const char *answered,
                     const char *ended)
{
    const cg_call_end_info *end = cg_call_end_get_info(call->end);
    add_text(list, "account", call->account.text);
    add_text(list, "call", call->sid.text);
    add_text(list, "callee_call", call->callee != NULL ? call->callee->sid.text : "");
    add_text(list, "application", call->application.text);
    add_text(list, "from", call->caller->address);
    add_text(list, "to", call->to);
    add_text(list, "status", end->status);
    add_text(list, "reason", end->name);
    add_text(list, "transferred_from", call->transferred_from.text);
    add_text(list, "transferred_to", call->transferred_to.text);
    add_text(list, "transferred_by", call->transferred_by != NULL ? call->transferred_by : "");
    add_text(list, "created", created);
    add_text(list, "answered", answered);
    add_text(list, "ended", ended);
    add_number(list, "duration_ms", call->answered_ms != 0 ? call->ended_ms - call->answered_ms : 0);
    add_number(list, "rang", call->legs->len - 1);
}

/* What each of the two legs has, in this order. */
typedef enum {
    CODEC,
    MEDIA_END,
    MEDIA_MS,
    PACKETS,
    LOST,
    LOST_REMOTE,
    JITTER,
    RTT,
    DROPPED,
    MOS,
    LEG_FIELDS
} leg_field;
typedef enum { TRUNK, HOST, CALLED, SIP_STATUS, TRUNK_FIELDS } trunk_field;

typedef struct {
    const char *fields[LEG_FIELDS];
    const char *trunk_fields[TRUNK_FIELDS]; /* of legs over a trunk */
} leg_names;

static const leg_names caller_names = {
    .fields = {"caller_codec", "caller_media_end", "caller_media_ms", "caller_packets", "caller_lost",
               "caller_lost_remote", "caller_jitter_us", "caller_rtt_us", "caller_dropped", "caller_mos_x100"},
    .trunk_fields = {"caller_trunk", "caller_host", "caller_called", "caller_sip_status"},
};
static const leg_names callee_names = {
    .fields = {"codec", "callee_media_end", "callee_media_ms", "callee_packets", "callee_lost", "callee_lost_remote",
               "callee_jitter_us", "callee_rtt_us", "callee_dropped", "callee_mos_x100"},
    .trunk_fields = {"callee_trunk", "callee_host", "callee_called", "callee_sip_status"},
};

static void add_trunk(field_list *list, const char *const names[static TRUNK_FIELDS], const cg_leg_record *record)
{
    add_text(list, names[TRUNK], record->trunk);
    add_text(list, names[HOST], record->host);
    add_text(list, names[CALLED], record->called);
    add_number(list, names[SIP_STATUS], record->sip_status);
}

static void add_leg(field_list *list, const cg_call *call, cg_call_leg *leg, const leg_names *names)
{
    static const cg_leg_stats none;
    const cg_leg_stats *stats = leg != NULL ? &leg->stats : &none;
    cg_leg_record record = {.codec = ""};
    if (leg != NULL)
        cg_leg_record_make(call, leg, &record);
    add_text(list, names->fields[CODEC], record.codec);
    add_text(list, names->fields[MEDIA_END], leg != NULL ? cg_leg_end_name(leg->media_end) : "");
    add_number(list, names->fields[MEDIA_MS], media_delay_ms(call, leg));
    add_number(list, names->fields[PACKETS], (int64_t) stats->packets_received);
    add_number(list, names->fields[LOST], (int64_t) stats->packets_lost);
    add_number(list, names->fields[LOST_REMOTE], (int64_t) stats->packets_lost_remote);
    add_number(list, names->fields[JITTER], stats->jitter_us);
    add_number(list, names->fields[RTT], stats->round_trip_us);
    add_number(list, names->fields[DROPPED], dropped(stats));
    add_number(list, names->fields[MOS], (int64_t) (100 * record.mos + 0.5));
    if (record.trunk != NULL)
        add_trunk(list, names->trunk_fields, &record);
}

/* Who answered; of a call that nobody did, the one party that was tried, for what became of it. */
static cg_call_leg *callee_of(const cg_call *call)
{
    return call->callee == NULL && call->legs->len == 2 ? call->legs->pdata[1] : call->callee;
}

void cg_call_record_log(const cg_call *call)
{
    field_list list = {.count = 0};
    char created[25], answered[25] = "", ended[25];
    cg_clock_format(call->created_ms, created);
    cg_clock_format(call->ended_ms, ended);
    if (call->answered_ms != 0)
        cg_clock_format(call->answered_ms, answered);
    add_call(&list, call, created, answered, ended);
    add_number(&list, "translated", cg_call_was_translated(call));
    add_leg(&list, call, call->caller, &caller_names);
    add_leg(&list, call, callee_of(call), &callee_names);
    if (cg_log_enabled(CG_LOG_INFO))
        cg_log_write(CG_LOG_INFO, "call.ended", list.fields);
}
