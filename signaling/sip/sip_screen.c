/* Sofia parses with a table of classes, the message class. Ours is its own but for two entries: what parses the first
 * line of a request, and what is called when all headers are there. Both may say that a message cannot be parsed;
 * without its first line Sofia has no use for it. */
#include "signaling/sip/sip_screen.h"

#include "base/ip_address.h"
#include "base/log.h"
#include "signaling/sip/sip_auth.h"
#include "signaling/sip/sip_challenge.h"

#include <sofia-sip/msg.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/msg_buffer.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/sip_protos.h>
#include <stddef.h>
#include <string.h>

#define TELL_INTERVAL_US 10000000 /* of strangers in the log */
#define REMEMBER_US 32000000      /* 64*T1: how long anything may be sent again */

typedef struct {
    unsigned dialogs; /* with this Call-ID */
    int64_t until_us; /* when there are none any more */
} known_call;

typedef struct {
    char *call_id; /* owned */
    int64_t until_us;
} leaving_call;

struct cg_sip_screen {
    cg_sip *sip;
    GHashTable *calls; /* Call-ID (owned) -> (owned) known_call */
    GQueue leaving;    /* (owned) leaving_call, the first to be forgotten first */
    int64_t told_us;   /* when a refusal was last logged */
    struct msg_hclass_s request_line;
    msg_mclass_t mclass; /* the last member: its table of headers goes on behind it */
};

static const cg_sip_screen *screen_of(const msg_t *message)
{
    return (const cg_sip_screen *) ((const char *) msg_mclass(message) - offsetof(cg_sip_screen, mclass));
}

/* --- calls --- */

static void free_leaving(void *data)
{
    leaving_call *leaving = data;
    g_free(leaving->call_id);
    g_free(leaving);
}

static void forget_old(cg_sip_screen *screen, int64_t now_us)
{
    leaving_call *first;
    while ((first = g_queue_peek_head(&screen->leaving)) != NULL && first->until_us <= now_us) {
        const known_call *call = g_hash_table_lookup(screen->calls, first->call_id);
        if (call != NULL && call->dialogs == 0 && call->until_us <= now_us)
            g_hash_table_remove(screen->calls, first->call_id);
        free_leaving(g_queue_pop_head(&screen->leaving));
    }
}

void cg_sip_screen_enter(cg_sip_screen *screen, const char *call_id, int64_t now_us)
{
    forget_old(screen, now_us);
    known_call *call = g_hash_table_lookup(screen->calls, call_id);
    if (call == NULL)
        g_hash_table_insert(screen->calls, g_strdup(call_id), call = g_new0(known_call, 1));
    call->dialogs++;
}

void cg_sip_screen_leave(cg_sip_screen *screen, const char *call_id, int64_t now_us)
{
    known_call *call = g_hash_table_lookup(screen->calls, call_id);
    leaving_call *leaving = g_new(leaving_call, 1);
    g_assert(call != NULL && call->dialogs > 0);
    call->dialogs--;
    call->until_us = now_us + REMEMBER_US;
    *leaving = (leaving_call){.call_id = g_strdup(call_id), .until_us = call->until_us};
    g_queue_push_tail(&screen->leaving, leaving);
    forget_old(screen, now_us);
}

/* --- strangers --- */

static void refuse(cg_sip_screen *screen, const struct sockaddr_storage *source, const char *method)
{
    char text[INET6_ADDRSTRLEN];
    int64_t now_us = g_get_monotonic_time();
    uint64_t refused = atomic_fetch_add_explicit(&screen->sip->refused_sources, 1, memory_order_relaxed) + 1;
    if (screen->told_us != 0 && now_us - screen->told_us < TELL_INTERVAL_US)
        return;
    screen->told_us = now_us;
    cg_ip_address_write(source, text);
    cg_log(CG_LOG_INFO, "sip.stranger", CG_LOG_TEXT("peer", text), CG_LOG_TEXT("method", method),
           CG_LOG_NUMBER("refused", refused));
}

static bool is_datagram(msg_t *message)
{
    return msg_addrinfo(message)->ai_socktype == SOCK_DGRAM;
}

static bool begins(const sip_t *request)
{
    sip_method_t method = request->sip_request->rq_method;
    return method != sip_method_ack && method != sip_method_cancel &&
           (request->sip_to == NULL || request->sip_to->a_tag == NULL);
}

static bool is_of_call(const cg_sip_screen *screen, const sip_t *request)
{
    return !begins(request) && request->sip_call_id != NULL &&
           g_hash_table_contains(screen->calls, request->sip_call_id->i_id);
}

/* What a stranger begins. A challenge is answered to datagrams here, as nothing may be kept for an address that may be
 * forged; whoever has a connection, or shows what a challenge has led to, has his address. */
static bool may_begin(cg_sip_screen *screen, msg_t *message, const sip_t *request,
                      const struct sockaddr_storage *source, bool *ret_answered)
{
    char peer[INET6_ADDRSTRLEN];
    cg_ip_address_write(source, peer);
    cg_sip_auth_glance glance = cg_sip_auth_look(screen->sip->auth, request, peer);
    if (glance != CG_SIP_AUTH_CHALLENGE)
        return glance == CG_SIP_AUTH_CHECK;
    if (!cg_sip_auth_take_turn(screen->sip->auth, peer, !is_datagram(message)))
        return false;
    if (!is_datagram(message))
        return true;
    cg_sip_challenge_once(screen->sip, request, peer, source);
    *ret_answered = true;
    return false;
}

static bool is_wanted(cg_sip_screen *screen, msg_t *message, const sip_t *request)
{
    struct sockaddr_storage source = {0};
    bool answered = false;
    if (cg_sip_read_address(message, &source) &&
        (cg_sip_knows(screen->sip, &source) || is_of_call(screen, request) ||
         (begins(request) && may_begin(screen, message, request, &source, &answered))))
        return true;
    /* The acknowledgement of a challenge is of nothing that is known any more. */
    if (request->sip_request->rq_method == sip_method_ack && cg_sip_auth_is_on(screen->sip->auth))
        return false;
    if (!answered)
        refuse(screen, &source, request->sip_request->rq_method_name);
    if (!is_datagram(message))
        cg_sip_connections_end(screen->sip->connections, &source);
    return false;
}

/* Sofia answers some requests, those with errors or of another version of SIP, to the host or maddr of their topmost
 * Via, and while it asks for the address of a name nothing else goes on. Answers go where requests come from (RFC 3581
 * section 4); maddr is for multicast. */
static void answer_to_source(msg_t *message, const sip_t *request)
{
    struct sockaddr_storage source;
    char address[INET6_ADDRSTRLEN];
    if (request->sip_via == NULL || !is_datagram(message) || !cg_sip_read_address(message, &source))
        return;
    cg_ip_address_write(&source, address);
    msg_header_remove_param(request->sip_via->v_common, "maddr");
    msg_header_replace_param(msg_home(message), request->sip_via->v_common,
                             su_sprintf(msg_home(message), "received=%s", address));
}

/* nua, which does not know of session timers (sip_session.h), would refuse a request that requires them. */
static void grant_timer(sip_t *request)
{
    sip_require_t *require = request->sip_require;
    msg_param_t *kept = require != NULL ? (msg_param_t *) require->k_items : NULL;
    if (kept == NULL)
        return;
    for (const msg_param_t *item = require->k_items; *item != NULL; item++)
        if (g_ascii_strcasecmp(*item, "timer") != 0)
            *kept++ = *item;
    *kept = NULL;
}

/* --- what Sofia calls --- */

/* A datagram whose headers do not end would be answered 400, whoever sent it. */
static bool has_end(const msg_t *message)
{
    const char *data = msg_buf_committed_data(message);
    usize_t size = msg_buf_committed(message);
    return memmem(data, size, "\r\n\r\n", 4) != NULL || memmem(data, size, "\n\n", 2) != NULL;
}

static issize_t parse_request_line(su_home_t *home, msg_header_t *header, char *text, isize_t size)
{
    msg_t *message = (msg_t *) home; /* which is what a message begins with: msg_home() */
    cg_sip_screen *screen = (cg_sip_screen *) screen_of(message);
    struct sockaddr_storage source = {0};
    bool known = cg_sip_read_address(message, &source) && cg_sip_knows(screen->sip, &source);
    if (!is_datagram(message)) {
        cg_sip_connections_begun(screen->sip->connections, &source, g_get_monotonic_time());
    } else if (!known && !has_end(message)) {
        refuse(screen, &source, "");
        return -1;
    }
    return sip_request_class->hc_parse(home, header, text, size);
}

static issize_t extract_body(msg_t *message, msg_pub_t *public, char data[], isize_t size, int end)
{
    cg_sip_screen *screen = (cg_sip_screen *) screen_of(message);
    sip_t *sip = (sip_t *) public;
    bool headers_end = (sip->sip_flags & MSG_FLG_BODY) == 0;
    if (headers_end && sip->sip_request != NULL && !is_wanted(screen, message, sip)) {
        sip->sip_request = NULL;
        return -1;
    }
    if (headers_end && sip->sip_request != NULL) {
        answer_to_source(message, sip);
        grant_timer(sip);
    }
    if (headers_end && sip->sip_status != NULL)
        cg_sip_drop_challenges(message, sip);
    issize_t taken = sip_default_mclass()->mc_extract_body(message, public, data, size, end);
    if (!is_datagram(message) && (sip->sip_flags & MSG_FLG_COMPLETE) != 0) {
        struct sockaddr_storage source;
        if (cg_sip_read_address(message, &source))
            cg_sip_connections_heard(screen->sip->connections, &source);
    }
    return taken;
}

/* --- life --- */

cg_sip_screen *cg_sip_screen_new(cg_sip *sip, const msg_mclass_t *parser)
{
    size_t size = offsetof(msg_mclass_t, mc_hash) + (size_t) parser->mc_hash_size * sizeof parser->mc_hash[0];
    cg_sip_screen *screen = g_malloc0(offsetof(cg_sip_screen, mclass) + MAX(size, sizeof *parser));
    screen->sip = sip;
    screen->calls = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_queue_init(&screen->leaving);
    memcpy(&screen->mclass, parser, size);
    screen->request_line = sip_request_class[0];
    screen->request_line.hc_parse = parse_request_line;
    screen->mclass.mc_request->hr_class = &screen->request_line;
    screen->mclass.mc_extract_body = extract_body;
    return screen;
}

void cg_sip_screen_free(cg_sip_screen *screen)
{
    if (screen == NULL)
        return;
    g_hash_table_unref(screen->calls);
    g_queue_clear_full(&screen->leaving, free_leaving);
    g_free(screen);
}

const msg_mclass_t *cg_sip_screen_mclass(const cg_sip_screen *screen)
{
    return &screen->mclass;
}
