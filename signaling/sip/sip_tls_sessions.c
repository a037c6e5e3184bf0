/* Functions of OpenSSL's and of Sofia's that stand in front of their own. */
#include "signaling/sip/sip_tls_sessions.h"

#include "base/log.h"
#include "signaling/sip/sip_overrides.h"

#include <glib.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sofia-sip/hostdomain.h>
#include <sofia-sip/su_wait.h>
#include <sofia-sip/tport.h>
#include <sofia-sip/tport_tag.h>

#define TELL_INTERVAL_US 10000000 /* of one host in the log */
#define MAX_TOLD 64               /* hosts; peers name some of them */

struct cg_sip_tls_sessions {
    cg_tls_certificate *certificate; /* owned; NULL: what Sofia has read */
    tport_t *connecting;             /* Sofia's; whose handshake goes on; NULL: none */
    const char *fault; /* why it will not be spoken with, should Sofia close it now; NULL: nothing is known */
    GHashTable *told;  /* (owned) name of a host, as configured -> (owned) int64_t: when it was last told of */
};

static cg_sip_tls_sessions **of_thread(void)
{
    static _Thread_local cg_sip_tls_sessions *sessions;
    return &sessions;
}

cg_sip_tls_sessions *cg_sip_tls_sessions_new(void)
{
    cg_sip_tls_sessions *sessions = g_new0(cg_sip_tls_sessions, 1);
    sessions->told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return sessions;
}

void cg_sip_tls_sessions_free(cg_sip_tls_sessions *sessions)
{
    cg_tls_certificate_free(sessions->certificate);
    g_hash_table_unref(sessions->told);
    g_free(sessions);
}

void cg_sip_tls_sessions_show(cg_sip_tls_sessions *sessions, cg_tls_certificate *certificate)
{
    cg_tls_certificate_free(sessions->certificate);
    sessions->certificate = certificate;
}

void cg_sip_tls_sessions_watch(cg_sip_tls_sessions *sessions)
{
    *of_thread() = sessions;
}

/* --- handshakes --- */

/* Behind a handshake Sofia looks whether the certificate is of the name that the host has in the URI; behind one that
 * has failed at whatever OpenSSL says last. */
static const char *fault_of(const SSL *session, int result)
{
    if (result == 1) {
        long verified = SSL_get_verify_result(session);
        return verified == X509_V_OK ? "certificate of another name" : X509_verify_cert_error_string(verified);
    }
    int error = SSL_get_error(session, result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        return NULL;
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    return reason != NULL ? reason : "closed by the host";
}

/* An idle connection may close while a phone rings, and nobody minds; one that never came up has failed. */
static void set_closing_is_failure(tport_t *transport, bool on)
{
    tport_set_params(transport, TPTAG_SDWN_ERROR(on), TAG_END());
}

static void show_certificate(const cg_sip_tls_sessions *sessions, SSL *session)
{
    if (sessions->certificate != NULL && SSL_get_state(session) == TLS_ST_BEFORE)
        cg_tls_certificate_use(sessions->certificate, session);
}

static void begin(SSL *session, tport_t *transport)
{
    const char *name = tport_name(transport)->tpn_canon;
    set_closing_is_failure(transport, true);
    if (name != NULL && !host_is_ip_address(name))
        SSL_set_tlsext_host_name(session, name);
}

int SSL_connect(SSL *session)
{
    __typeof__(&SSL_connect) original = CG_SIP_ORIGINAL(SSL_connect);
    cg_sip_tls_sessions *sessions = *of_thread();
    if (sessions == NULL || sessions->connecting == NULL)
        return original(session);
    show_certificate(sessions, session);
    if (SSL_get_state(session) == TLS_ST_BEFORE)
        begin(session, sessions->connecting);
    int result = original(session);
    sessions->fault = fault_of(session, result);
    return result;
}

int SSL_accept(SSL *session)
{
    if (*of_thread() != NULL)
        show_certificate(*of_thread(), session);
    return CG_SIP_ORIGINAL(SSL_accept)(session);
}

static void tell(cg_sip_tls_sessions *sessions, const char *host, const char *fault)
{
    int64_t now_us = g_get_monotonic_time();
    const int64_t *told_us = g_hash_table_lookup(sessions->told, host);
    if (told_us != NULL && now_us - *told_us < TELL_INTERVAL_US)
        return;
    if (g_hash_table_size(sessions->told) >= MAX_TOLD)
        g_hash_table_remove_all(sessions->told);
    g_hash_table_replace(sessions->told, g_strdup(host), g_memdup2(&now_us, sizeof now_us));
    cg_log(CG_LOG_WARNING, "sip.tls_refused", CG_LOG_TEXT("host", host), CG_LOG_TEXT("reason", fault));
}

int tls_connect(su_root_magic_t *magic, su_wait_t *wait, tport_t *transport)
{
    __typeof__(&tls_connect) original = CG_SIP_ORIGINAL(tls_connect);
    cg_sip_tls_sessions *sessions = *of_thread();
    if (sessions == NULL)
        return original(magic, wait, transport);
    sessions->connecting = transport;
    sessions->fault = NULL;
    int result = original(magic, wait, transport);
    sessions->connecting = NULL;
    if (sessions->fault == NULL) /* it goes on, is no connection of ours, or never came to TLS */
        return result;
    if (tport_is_closed(transport))
        tell(sessions, tport_name(transport)->tpn_canon, sessions->fault);
    else
        set_closing_is_failure(transport, false);
    return result;
}

/* --- the end --- */

/* Sofia shuts a session down when it has no more use for it, gives back what the session refers to, and forgets to free
 * it: some 100 KB for each connection. So it is freed here, and what Sofia gives back next gets a reference more. Other
 * threads free their sessions themselves. */
int SSL_shutdown(SSL *session)
{
    int result = CG_SIP_ORIGINAL(SSL_shutdown)(session);
    if (*of_thread() != NULL && SSL_get_rbio(session) != NULL) {
        BIO_up_ref(SSL_get_rbio(session));
        SSL_CTX_up_ref(SSL_get_SSL_CTX(session));
        SSL_free(session);
    }
    return result;
}
