/* Transfers that phones ask for. Who is called costs the account money, so the trunk's `transfers` says whom a phone
 * may name: nobody, those whom the trunk itself could call, or everybody whom a client could. */
#include "gateway/telephony/sip_transfer.h"

#include "base/log.h"
#include "gateway/call/transfer.h"
#include "gateway/telephony/sip_status.h"
#include "gateway/telephony/telephony.h"

#include <string.h>

enum { DECLINED = 603, PENDING = 491, ACCEPTED = 202 }; /* statuses of a REFER */

static void log_refused(const cg_sip_leg *leg, const cg_sip_event *event, unsigned status)
{
    cg_log(CG_LOG_INFO, "sip.transfer_refused", CG_LOG_TEXT("account", leg->base.call->account.text),
           CG_LOG_TEXT("call", leg->base.call->sid.text), CG_LOG_TEXT("trunk", leg->trunk->name),
           CG_LOG_TEXT("by", leg->base.address), CG_LOG_TEXT("called", event->to_user),
           CG_LOG_TEXT("host", event->to_host), CG_LOG_NUMBER("status", status));
}

static void refuse(const cg_sip_leg *leg, const cg_sip_event *event, unsigned status)
{
    log_refused(leg, event, status);
    cg_sip_refer_reply(leg->telephony->sip, leg->dialog, status);
}

/* Listed numbers are those that the trunk can call itself, whatever host the phone puts behind them. NULL: the phone
 * may not have it called. */
static char *destination_of(const cg_sip_leg *leg, const cg_sip_event *event)
{
    const char *listed = cg_routes_find_listed(leg->telephony->routes, &leg->trunk->account, event->to_user);
    char number[CG_NUMBER_MAX + 1];
    if (listed != NULL)
        return g_strdup(listed);
    if (leg->trunk->transfers != CG_TRANSFERS_ANY)
        return NULL;
    if (*event->to_host != '\0')
        return g_strdup_printf("sip:%s@%s", event->to_user, event->to_host);
    return cg_number_normalize(event->to_user, number) ? g_strconcat("tel:", number, NULL) : g_strdup("");
}

static cg_form *parameters_of(const cg_sip_event *event)
{
    cg_form *form = cg_form_new();
    cg_form_set(form, "Called", event->to_user);
    return form;
}

static const cg_application *application_of(const cg_sip_leg *leg)
{
    return cg_directory_find_application(leg->telephony->directory, &leg->trunk->application);
}

static void transfer_to(cg_sip_leg *leg, const cg_sip_event *event, const char *to)
{
    cg_telephony *telephony = leg->telephony;
    cg_call_end end = cg_telephony_refusal(telephony, &leg->base.call->account);
    if (end == CG_CALL_END_NONE)
        end = cg_transfer_blind(&leg->base, application_of(leg), parameters_of(event), to, event->replaced);
    if (end != CG_CALL_END_NONE) {
        refuse(leg, event, cg_sip_status_of(end));
        return;
    }
    cg_sip_refer_reply(telephony->sip, leg->dialog, ACCEPTED);
    cg_transfer_tell(&leg->base);
}

static void refer_to(cg_sip_leg *leg, const cg_sip_event *event)
{
    g_autofree char *to = destination_of(leg, event);
    if (to == NULL)
        refuse(leg, event, cg_sip_status_of(CG_CALL_END_FORBIDDEN));
    else
        transfer_to(leg, event, to);
}

/* The other call is of the phone and somebody else over there: the party that stays is sent into it, with the name of
 * the dialog whose place it takes. That is worth something only to the trunk that the dialog is of. */
static void refer_into(cg_sip_leg *leg, const cg_sip_event *event)
{
    const cg_trunk *trunk = NULL;
    cg_route_result result =
        cg_routes_find_host(leg->telephony->routes, &leg->trunk->account, event->to_user, event->to_host, &trunk);
    g_autofree char *to = g_strdup_printf("sip:%s@%s", event->to_user, event->to_host);
    if (leg->trunk->transfers != CG_TRANSFERS_ANY || result != CG_ROUTE_OK ||
        strcmp(trunk->name, leg->trunk->name) != 0)
        refuse(leg, event, cg_sip_status_of(CG_CALL_END_FORBIDDEN));
    else
        transfer_to(leg, event, to);
}

/* The other call is of the same phone, as far as can be told: of a trunk whose calls this one may lay hands on. */
static void transfer_with(cg_sip_leg *leg, const cg_sip_event *event)
{
    cg_telephony *telephony = leg->telephony;
    cg_sip_leg *with = event->status == 0 ? g_hash_table_lookup(telephony->legs, &event->replaces) : NULL;
    cg_call_hop *hop;
    if (with == NULL)
        refuse(leg, event, event->status != 0 ? event->status : 481);
    else if (!cg_trunk_may_transfer(leg->trunk, with->trunk))
        refuse(leg, event, cg_sip_status_of(CG_CALL_END_FORBIDDEN));
    else if (cg_transfer_join_fault(&leg->base, &with->base, application_of(leg)) != NULL)
        refuse(leg, event, DECLINED);
    else if (!cg_transfer_join_hop(&leg->base, &with->base, &hop))
        refuse(leg, event, cg_sip_status_of(CG_CALL_END_OVERLOADED));
    else {
        cg_sip_refer_reply(telephony->sip, leg->dialog, ACCEPTED);
        cg_transfer_join(&leg->base, &with->base, application_of(leg), hop);
    }
}

void cg_sip_transfer_asked(cg_sip_leg *leg, const cg_sip_event *event)
{
    if (leg->trunk->transfers == CG_TRANSFERS_OFF) {
        refuse(leg, event, DECLINED);
    } else if (cg_transfer_fault(&leg->base) != NULL) {
        refuse(leg, event, PENDING);
    } else if (event->replaced != NULL) {
        refer_into(leg, event);
    } else if (event->replaces != 0 || event->status != 0) {
        transfer_with(leg, event);
    } else {
        refer_to(leg, event);
    }
}

void cg_sip_transfer_tell(cg_call_leg *base, cg_transfer_state state, cg_call_end why)
{
    const cg_sip_leg *leg = cg_sip_leg_from(base);
    unsigned status = state == CG_TRANSFER_RINGING ? 180 : state == CG_TRANSFER_COMPLETED ? 200 : cg_sip_status_of(why);
    cg_sip_refer_tell(leg->telephony->sip, leg->dialog, status);
}
