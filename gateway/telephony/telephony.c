/* Between calls and SIP dialogs. */
#include "gateway/telephony/telephony.h"

#include "base/clock.h"
#include "base/log.h"
#include "gateway/telephony/caller_id.h"
#include "gateway/telephony/sip_description.h"
#include "gateway/telephony/sip_headers.h"
#include "gateway/telephony/sip_leg_event.h"
#include "gateway/telephony/sip_media.h"
#include "gateway/telephony/sip_replaces.h"
#include "gateway/telephony/sip_status.h"

#include <string.h>

void cg_telephony_remember(cg_telephony *telephony, cg_sip_leg *leg)
{
    g_hash_table_insert(telephony->legs, &leg->dialog, leg);
}

void cg_telephony_forget(cg_telephony *telephony, cg_sip_leg *leg)
{
    if (leg->dialog != 0)
        g_hash_table_remove(telephony->legs, &leg->dialog);
    leg->dialog = 0;
}

/* --- to trunks --- */

static bool has_room(const cg_telephony *telephony, const cg_trunk *trunk)
{
    cg_trunk_counts *counts = cg_trunk_stats_of((cg_trunk_stats *) &telephony->stats, trunk->name);
    return trunk->max_calls == 0 || counts->calls < trunk->max_calls;
}

static cg_call_end dial_trunk(cg_telephony *telephony, cg_call *call, const cg_trunk *trunk, const char *dialled)
{
    cg_sip_header headers[CG_SIP_MAX_HEADERS];
    size_t count;
    cg_caller_id caller;
    if (!cg_sip_headers_choose(trunk, call->parameters, headers, &count))
        return CG_CALL_END_BAD_HEADER;
    if (!cg_caller_id_choose(trunk, call->parameters, call->caller->address, &caller))
        return CG_CALL_END_CALLER_ID;
    if (!has_room(telephony, trunk))
        return CG_CALL_END_OVERLOADED;
    if (!cg_trunk_peers_admit(&telephony->peers, trunk, cg_clock_monotonic_us()))
        return CG_CALL_END_TRUNK_BUSY;
    cg_sip_leg *leg = cg_sip_leg_new_callee(telephony, trunk, dialled, call->to);
    return cg_call_add_callee(call, &leg->base) ? CG_CALL_END_NONE : CG_CALL_END_OVERLOADED;
}

static cg_call_end end_of(cg_route_result result)
{
    return result == CG_ROUTE_FORBIDDEN ? CG_CALL_END_FORBIDDEN : CG_CALL_END_NOT_FOUND;
}

cg_call_end cg_telephony_dial_number(cg_call *call, const char *number, cg_telephony *telephony)
{
    char normal[CG_NUMBER_MAX + 1];
    const cg_trunk *trunk;
    if (telephony->sip == NULL || !cg_number_normalize(number, normal))
        return CG_CALL_END_NOT_FOUND;
    cg_route_result result = cg_routes_find_number(telephony->routes, &call->account, normal, &trunk);
    if (result != CG_ROUTE_OK)
        return end_of(result);
    g_autofree char *dialled = cg_trunk_dialled(trunk, normal);
    return dialled != NULL ? dial_trunk(telephony, call, trunk, dialled) : CG_CALL_END_NOT_FOUND;
}

cg_call_end cg_telephony_dial_address(cg_call *call, const char *address, cg_telephony *telephony)
{
    const char *at = strchr(address, '@');
    const cg_trunk *trunk;
    if (telephony->sip == NULL || at == NULL || at == address || (size_t) (at - address) > CG_SIP_MAX_TEXT)
        return CG_CALL_END_NOT_FOUND;
    g_autofree char *user = g_strndup(address, (size_t) (at - address));
    cg_route_result result = cg_routes_find_host(telephony->routes, &call->account, user, at + 1, &trunk);
    return result == CG_ROUTE_OK ? dial_trunk(telephony, call, trunk, user) : end_of(result);
}

/* --- from trunks --- */

cg_form *cg_telephony_parameters(const cg_sip_event *event, const char *called)
{
    cg_form *form = cg_form_new();
    cg_form_set(form, "Called", called);
    if (*event->from_name != '\0')
        cg_form_set(form, "CallerName", event->from_name);
    for (size_t i = 0; i < event->header_count; i++)
        cg_form_set(form, event->headers[i].name, event->headers[i].value);
    return form;
}

static char *address_of(const cg_sip_event *event)
{
    char number[CG_NUMBER_MAX + 1];
    if (cg_number_normalize(event->from_user, number))
        return g_strdup(number);
    return g_strconcat("sip:", *event->from_user != '\0' ? event->from_user : "anonymous", NULL);
}

cg_call_end cg_telephony_refusal(const cg_telephony *telephony, const cg_sid *account)
{
    const cg_account *known = cg_directory_find_account(telephony->directory, account);
    unsigned limit = telephony->calls->policy->calls_per_account;
    if (telephony->draining)
        return CG_CALL_END_SHUTDOWN;
    if (known == NULL || known->suspended)
        return CG_CALL_END_FORBIDDEN;
    if (limit != 0 && cg_calls_count(telephony->calls, account) >= limit)
        return CG_CALL_END_OVERLOADED;
    return CG_CALL_END_NONE;
}

/* Why a call cannot be taken now; NONE if it can, and then it counts. */
static cg_call_end refusal_of(cg_telephony *telephony, const cg_trunk *trunk)
{
    cg_call_end end = cg_telephony_refusal(telephony, &trunk->account);
    if (end == CG_CALL_END_NONE && !has_room(telephony, trunk))
        end = CG_CALL_END_OVERLOADED;
    if (end == CG_CALL_END_NONE && !cg_trunk_peers_admit(&telephony->peers, trunk, cg_clock_monotonic_us()))
        end = CG_CALL_END_TRUNK_BUSY;
    return end;
}

void cg_telephony_note_refused(cg_telephony *telephony, const cg_sip_event *event, const cg_trunk *trunk,
                               const char *reason, unsigned status)
{
    if (trunk != NULL) {
        cg_trunk_counts *counts = cg_trunk_stats_of(&telephony->stats, trunk->name);
        counts->attempts[CG_TRUNK_IN]++;
        cg_trunk_counts_failure(counts, CG_TRUNK_IN, status);
    }
    cg_log(CG_LOG_INFO, "sip.refused", CG_LOG_TEXT("trunk", trunk != NULL ? trunk->name : ""),
           CG_LOG_TEXT("called", event->to_user), CG_LOG_TEXT("from", event->from_user), CG_LOG_TEXT("reason", reason),
           CG_LOG_NUMBER("status", status));
}

static void refuse(cg_telephony *telephony, const cg_sip_event *event, const cg_trunk *trunk, cg_call_end end)
{
    unsigned status = cg_sip_status_of(end);
    cg_telephony_note_refused(telephony, event, trunk, cg_call_end_get_info(end)->name, status);
    cg_sip_reject_warning(telephony->sip, event->dialog, status, cg_sip_warning_of(end));
}

static void log_created(const cg_call *call, const cg_incoming_route *route)
{
    cg_log(CG_LOG_INFO, "call.created", CG_LOG_TEXT("account", call->account.text), CG_LOG_TEXT("call", call->sid.text),
           CG_LOG_TEXT("application", call->application.text), CG_LOG_TEXT("from", call->caller->address),
           CG_LOG_TEXT("to", call->to), CG_LOG_TEXT("trunk", route->trunk->name), CG_LOG_TEXT("called", route->called));
}

/* The offer, if anything of it may be used on this trunk, or NULL if there is none; else why not. */
static cg_call_end take_offer(const cg_telephony *telephony, const cg_trunk *trunk, const cg_sip_event *event,
                              cg_sdp **ret_offer)
{
    g_autoptr(cg_sdp) offer = NULL;
    if (event->sdp == NULL)
        return CG_CALL_END_NONE;
    if (cg_sdp_parse_rtp(event->sdp, strlen(event->sdp), CG_SDP_OFFER, &offer) != CG_SDP_OK)
        return CG_CALL_END_INCOMPATIBLE;
    cg_media_description media = *cg_sdp_media(offer), unused = {0};
    cg_sip_leg_prefer(trunk, &media);
    bool usable = cg_sdp_has_speech(&media) && cg_sdp_answer_crypto(trunk->srtp, &media, &unused);
    cg_call_end end = usable ? cg_sip_media_check(telephony, trunk, "", &event->source, AF_UNSPEC, &media.rtp)
                             : CG_CALL_END_INCOMPATIBLE;
    cg_media_wipe_keys(&media);
    if (end == CG_CALL_END_NONE)
        *ret_offer = g_steal_pointer(&offer);
    return end;
}

cg_sip_leg *cg_telephony_take_caller(cg_telephony *telephony, const cg_incoming_route *route, const cg_sip_event *event)
{
    cg_sdp *offer = NULL;
    if (event->status != 0) {
        const char *reason = event->status == 415 ? "media_type" : "body";
        cg_telephony_note_refused(telephony, event, route->trunk, reason, event->status);
        cg_sip_reject(telephony->sip, event->dialog, event->status);
        return NULL;
    }
    cg_call_end end = take_offer(telephony, route->trunk, event, &offer);
    if (end != CG_CALL_END_NONE) {
        refuse(telephony, event, route->trunk, end);
        return NULL;
    }
    g_autofree char *address = address_of(event);
    return cg_sip_leg_new_caller(telephony, route, event, address, offer);
}

static void on_incoming(cg_telephony *telephony, const cg_sip_event *event)
{
    cg_incoming incoming = {&event->source, event->user, event->to_user, event->addressed_user,
                            telephony->peers.registrars};
    cg_incoming_route route;
    cg_routes_find_incoming(telephony->routes, &incoming, &route);
    const cg_trunk *trunk = route.trunk;
    cg_call_end end = trunk != NULL ? refusal_of(telephony, trunk) : CG_CALL_END_FORBIDDEN;
    if (end == CG_CALL_END_NONE && route.to == NULL)
        end = CG_CALL_END_NOT_FOUND;
    if (end != CG_CALL_END_NONE) {
        refuse(telephony, event, trunk, end);
        return;
    }
    cg_sip_leg *leg = cg_telephony_take_caller(telephony, &route, event);
    if (leg == NULL)
        return;
    const cg_application *application = cg_directory_find_application(telephony->directory, &trunk->application);
    cg_call *call = cg_call_new(telephony->calls, &leg->base, &trunk->account, application,
                                cg_telephony_parameters(event, route.called), route.to);
    log_created(call, &route);
    cg_call_dial(call);
}

static void on_event(const cg_sip_event *event, void *user)
{
    cg_telephony *telephony = user;
    cg_sip_leg *leg = g_hash_table_lookup(telephony->legs, &event->dialog);
    if (event->peer != NULL)
        cg_trunk_peers_event(&telephony->peers, telephony->routes, event);
    else if (event->kind == CG_SIP_INCOMING && event->replaces != 0)
        cg_sip_replaces_incoming(telephony, event);
    else if (event->kind == CG_SIP_INCOMING)
        on_incoming(telephony, event);
    else if (leg != NULL)
        cg_sip_leg_event(leg, event);
}

/* --- life --- */

static void tell_stack(cg_telephony *telephony)
{
    g_autoptr(GArray) sources = g_array_new(FALSE, FALSE, sizeof(cg_ip_range));
    g_autoptr(GArray) users = g_array_new(FALSE, FALSE, sizeof(cg_sip_user));
    for (guint i = 0; i < telephony->routes->trunks->len; i++) {
        const cg_trunk *trunk = telephony->routes->trunks->pdata[i];
        cg_sip_user user = {trunk->inbound_user, trunk->inbound_password};
        g_array_append_vals(sources, trunk->sources, (guint) trunk->source_count);
        if (user.user != NULL)
            g_array_append_val(users, user);
    }
    cg_sip_set_users(telephony->sip, (const cg_sip_user *) users->data, users->len);
    cg_sip_set_sources(telephony->sip, (const cg_ip_range *) sources->data, sources->len);
    cg_trunk_peers_set_routes(&telephony->peers, telephony->sip, telephony->routes);
}

cg_telephony *cg_telephony_new(const cg_sip_config *config, cg_mailbox *control, const cg_directory *directory,
                               cg_routes *routes, char **ret_error)
{
    cg_telephony *telephony = g_new0(cg_telephony, 1);
    telephony->directory = directory;
    telephony->routes = cg_routes_ref(routes);
    telephony->legs = g_hash_table_new(g_int64_hash, g_int64_equal);
    cg_trunk_stats_init(&telephony->stats);
    cg_trunk_peers_init(&telephony->peers);
    if (config->addresses[0] == NULL)
        return telephony;
    telephony->sip = cg_sip_new(config, control, on_event, telephony, ret_error);
    if (telephony->sip == NULL) {
        cg_telephony_free(telephony);
        return NULL;
    }
    tell_stack(telephony);
    return telephony;
}

void cg_telephony_close(cg_telephony *telephony)
{
    if (telephony != NULL)
        g_clear_pointer(&telephony->sip, cg_sip_free);
}

void cg_telephony_free(cg_telephony *telephony)
{
    if (telephony == NULL)
        return;
    cg_telephony_close(telephony);
    g_hash_table_unref(telephony->legs);
    cg_trunk_stats_clear(&telephony->stats);
    cg_trunk_peers_clear(&telephony->peers);
    cg_routes_unref(telephony->routes);
    g_free(telephony);
}

void cg_telephony_set_routes(cg_telephony *telephony, const cg_directory *directory, cg_routes *routes)
{
    cg_routes_unref(telephony->routes);
    telephony->routes = cg_routes_ref(routes);
    telephony->directory = directory;
    if (telephony->sip != NULL)
        tell_stack(telephony);
}

void cg_telephony_set_certificate(cg_telephony *telephony, cg_tls_certificate *certificate)
{
    if (telephony->sip != NULL && certificate != NULL)
        cg_sip_set_certificate(telephony->sip, certificate);
    else
        cg_tls_certificate_free(certificate);
}
