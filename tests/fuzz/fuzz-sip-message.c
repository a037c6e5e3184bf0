/* What is taken out of SIP messages that Sofia has parsed, and URIs with whatever user is asked for. The seeds are the
 * torture messages of tests/sip. */
#include "signaling/sip/sip_internal.h"

#include "base/utf8.h"

#include <sofia-sip/sip_parser.h>
#include <sofia-sip/url.h>
#include <stdlib.h>
#include <string.h>

#define HOST "192.0.2.1"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Takes it. */
static void check_text(char *text)
{
    if (text == NULL || strlen(text) > CG_SIP_MAX_TEXT || !cg_utf8_valid(text, strlen(text)))
        abort();
    g_free(text);
}

/* Takes `sdp`. Nothing of a body that is refused is taken. */
static void check_body(const sip_t *message, char *sdp)
{
    if (sdp != NULL && strlen(sdp) > CG_SIP_MAX_BODY)
        abort();
    if (cg_sip_body_refusal(message) != 0 && g_strcmp0(sdp, "") != 0)
        abort();
    g_free(sdp);
}

static void read_invite(const sip_t *message)
{
    cg_sip_event event = cg_sip_read_invite(message);
    check_body(message, event.sdp);
    check_text(event.from_user);
    check_text(event.from_name);
    check_text(event.to_user);
    check_text(event.addressed_user);
    if (event.header_count > CG_SIP_MAX_HEADERS)
        abort();
    for (size_t i = 0; i < event.header_count; i++) {
        check_text(event.headers[i].name);
        check_text(event.headers[i].value);
    }
}

/* A header of ours: one line, no list, the parameters that it should have. */
static void write_replaces(const sip_replaces_t *replaces)
{
    g_autofree char *text = cg_sip_write_replaces(replaces);
    size_t parameters = 0;
    for (const char *c = text; c != NULL && *c != '\0'; c++) {
        if (g_ascii_iscntrl(*c) || *c == ' ' || *c == ',')
            abort();
        parameters += *c == ';';
    }
    if (text != NULL && parameters != 2 + replaces->rp_early_only)
        abort();
}

static void read_refer(const sip_t *message)
{
    cg_sip_event event = {0};
    if (!cg_sip_read_refer(message, &event)) {
        if (event.to_user != NULL || event.to_host != NULL)
            abort();
        return;
    }
    check_text(event.to_user);
    check_text(event.to_host);
    su_home_t home[1] = {SU_HOME_INIT(home)};
    sip_replaces_t *replaces = NULL;
    if (cg_sip_read_refer_replaces(home, message, &replaces) && replaces != NULL) {
        if (replaces->rp_call_id == NULL)
            abort();
        write_replaces(replaces);
    }
    su_home_deinit(home);
}

/* No chance is so lucky. */
static bool is_proved(const cg_sip_credentials *credentials)
{
    static const cg_sip_user users[] = {{"user", "password"}};
    const char *user = NULL;
    cg_sip_digest *digest = cg_sip_digest_new("realm", NULL);
    cg_sip_digest_set_users(digest, users, G_N_ELEMENTS(users));
    cg_sip_digest_result result = cg_sip_digest_check(digest, credentials, "INVITE", "192.0.2.1", 1, &user);
    bool made = cg_sip_digest_made(digest, credentials->nonce, "192.0.2.1");
    cg_sip_digest_free(digest);
    return made || user != NULL || result != CG_SIP_DIGEST_MISSING;
}

static void read_credentials(const sip_t *message)
{
    su_home_t home[1] = {SU_HOME_INIT(home)};
    cg_sip_credentials credentials = {0};
    if (cg_sip_read_credentials(home, message, "realm", &credentials) != (credentials.realm != NULL))
        abort();
    if (credentials.realm != NULL && (strcmp(credentials.realm, "realm") != 0 || is_proved(&credentials)))
        abort();
    su_home_deinit(home);
}

/* Whatever is asked for, a session is refreshed before it is over, and not all the time. */
static void check_timer(const cg_session_timer *timer)
{
    if (timer->interval_s == 0)
        return;
    if (timer->interval_s < CG_SESSION_TIMER_MIN_S || timer->interval_s > 86400 ||
        cg_session_timer_refresh_ms(timer) >= cg_session_timer_expiry_ms(timer))
        abort();
}

static void read_session(const sip_t *message)
{
    cg_session_terms terms = cg_sip_session_read(message);
    cg_session_timer accepted = cg_session_timer_accept(&terms, 1800, CG_SESSION_TIMER_MIN_S);
    cg_session_timer concluded = cg_session_timer_conclude(&terms, 1800, CG_SESSION_TIMER_MIN_S);
    check_timer(&accepted);
    check_timer(&concluded);
}

/* The stack answers what has no From or no To by itself. */
static void read_message(const sip_t *message)
{
    const char *realm = cg_sip_read_realm(message);
    g_autofree char *credentials = realm != NULL ? cg_sip_write_credentials(realm, "user", "password") : NULL;
    read_credentials(message);
    read_session(message);
    if (message->sip_request != NULL)
        read_refer(message);
    if (message->sip_request != NULL && message->sip_from != NULL && message->sip_to != NULL)
        read_invite(message);
    else
        check_body(message, cg_sip_read_body(message));
}

/* Whatever the user is, the URI has it and that host, and nothing beside. */
static void write_uri(const char *user)
{
    su_home_t home[1] = {SU_HOME_INIT(home)};
    g_autofree char *text = cg_sip_write_uri(user, HOST);
    const url_t *url = url_make(home, text);
    if (url == NULL || url->url_type != url_sip || url->url_user == NULL || g_strcmp0(url->url_host, HOST) != 0 ||
        url->url_password != NULL || url->url_port != NULL || url->url_params != NULL || url->url_headers != NULL)
        abort();
    g_autofree char *unescaped = g_malloc(strlen(url->url_user) + 1);
    url_unescape(unescaped, url->url_user);
    if (strcmp(unescaped, user) != 0)
        abort();
    su_home_deinit(home);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    msg_t *msg = msg_make(sip_default_mclass(), 0, data, (ssize_t) size);
    const sip_t *message = msg != NULL ? sip_object(msg) : NULL;
    if (message != NULL)
        read_message(message);
    msg_destroy(msg);
    g_autofree char *user = g_strndup((const char *) data, size);
    if (*user != '\0')
        write_uri(user);
    return 0;
}
