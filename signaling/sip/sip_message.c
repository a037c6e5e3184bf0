/* Taking out of SIP messages what is told on, and writing what goes into ours. Sofia has parsed them; lengths are
 * bounded here. */
#include "signaling/sip/sip_internal.h"

#include "base/utf8.h"

#include <sofia-sip/auth_digest.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/msg_header.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/url.h>
#include <string.h>

/* "" where there is none, it is too long or not UTF-8. */
static char *copy_text(const char *text)
{
    size_t size = text != NULL ? strlen(text) : 0;
    return g_strdup(size > 0 && size <= CG_SIP_MAX_TEXT && cg_utf8_valid(text, size) ? text : "");
}

static char *copy_user(const url_t *url)
{
    char text[CG_SIP_MAX_TEXT + 1];
    if (url->url_user == NULL || strlen(url->url_user) > CG_SIP_MAX_TEXT)
        return g_strdup("");
    url_unescape(text, url->url_user);
    return copy_text(text);
}

/* A display name without its quotes, and without what escapes within them (RFC 3261 section 25.1, quoted-pair). */
static char *copy_name(const char *display)
{
    g_autofree char *inner = g_strdup(display);
    bool is_quoted = display != NULL && msg_unquote(inner, display) != NULL;
    return copy_text(is_quoted ? inner : display);
}

static void read_headers(const sip_t *message, cg_sip_event *event)
{
    for (const sip_unknown_t *header = message->sip_unknown; header != NULL; header = header->un_next) {
        bool wanted = header->un_name != NULL && header->un_value != NULL &&
                      g_ascii_strncasecmp(header->un_name, "X-", 2) == 0 && strlen(header->un_name) <= CG_SIP_MAX_TEXT;
        if (!wanted || event->header_count == CG_SIP_MAX_HEADERS)
            continue;
        event->headers[event->header_count++] =
            (cg_sip_header){.name = copy_text(header->un_name), .value = copy_text(header->un_value)};
    }
}

cg_sip_event cg_sip_read_invite(const sip_t *message)
{
    cg_sip_event event = {
        .kind = CG_SIP_INCOMING,
        .status = cg_sip_body_refusal(message),
        .sdp = cg_sip_read_body(message),
        .from_user = copy_user(message->sip_from->a_url),
        .from_name = copy_name(message->sip_from->a_display),
        .to_user = copy_user(message->sip_request->rq_url),
        .addressed_user = copy_user(message->sip_to->a_url),
    };
    read_headers(message, &event);
    return event;
}

/* "host" or "host:port". */
static char *copy_host(const url_t *url)
{
    if (url->url_host == NULL)
        return g_strdup("");
    g_autofree char *host =
        url->url_port != NULL ? g_strdup_printf("%s:%s", url->url_host, url->url_port) : g_strdup(url->url_host);
    return copy_text(host);
}

/* Sofia takes the first of two where there may be one. */
static size_t count_of(const sip_t *message, const msg_hclass_t *class)
{
    size_t count = 0;
    for (const msg_header_t *h = (const msg_header_t *) message->sip_request; h != NULL; h = h->sh_succ)
        count += h->sh_class == class;
    return count;
}

bool cg_sip_read_refer(const sip_t *message, cg_sip_event *ret_event)
{
    const url_t *url = message->sip_refer_to != NULL ? message->sip_refer_to->r_url : NULL;
    bool callable = url != NULL && (url->url_type == url_sip || url->url_type == url_sips || url->url_type == url_tel);
    if (!callable || count_of(message, sip_refer_to_class) != 1)
        return false;
    g_autofree char *host = copy_host(url);
    if (*host == '\0' && url->url_host != NULL) /* none that anybody has; "" would be ours */
        return false;
    ret_event->to_user = copy_user(url);
    ret_event->to_host = g_steal_pointer(&host);
    return true;
}

bool cg_sip_read_replaces(const sip_t *message, const sip_replaces_t **ret_replaces)
{
    for (const sip_error_t *broken = message->sip_error; broken != NULL; broken = broken->er_next)
        if (broken->er_name != NULL && g_ascii_strcasecmp(broken->er_name, "Replaces") == 0)
            return false;
    *ret_replaces = message->sip_replaces;
    return count_of(message, sip_replaces_class) <= 1;
}

/* The header fields of a URI (RFC 3261 section 19.1.1), unescaped, a line each. */
bool cg_sip_read_refer_replaces(su_home_t *home, const sip_t *message, sip_replaces_t **ret_replaces)
{
    const char *fields = message->sip_refer_to->r_url->url_headers;
    *ret_replaces = NULL;
    if (fields == NULL)
        return true;
    char *text = url_query_as_header_string(home, fields);
    g_auto(GStrv) lines = g_strsplit(text != NULL ? text : "", "\n", -1);
    size_t length = strlen("Replaces:"), count = 0;
    for (char **line = lines; *line != NULL; line++) {
        if (g_ascii_strncasecmp(*line, "Replaces:", length) != 0)
            continue;
        *ret_replaces = sip_replaces_make(home, *line + length);
        count++;
    }
    return text != NULL && (count == 0 || (count == 1 && *ret_replaces != NULL));
}

bool cg_sip_read_source(nua_t *nua, struct sockaddr_storage *ret_address)
{
    return cg_sip_read_address(nua_current_request(nua), ret_address);
}

bool cg_sip_read_address(msg_t *message, struct sockaddr_storage *ret_address)
{
    const su_sockaddr_t *address = message != NULL ? msg_addr(message) : NULL;
    if (address == NULL || (address->su_family != AF_INET && address->su_family != AF_INET6))
        return false;
    memset(ret_address, 0, sizeof *ret_address);
    memcpy(ret_address, address,
           address->su_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
    return true;
}

bool cg_sip_read_credentials(su_home_t *home, const sip_t *request, const char *realm, cg_sip_credentials *ret)
{
    for (const sip_authorization_t *header = request->sip_authorization; header != NULL; header = header->au_next) {
        auth_response_t got = {.ar_size = sizeof got};
        if (header->au_scheme == NULL || g_ascii_strcasecmp(header->au_scheme, "Digest") != 0 ||
            header->au_params == NULL || auth_digest_response_get(home, &got, header->au_params) < 0 ||
            g_strcmp0(got.ar_realm, realm) != 0)
            continue;
        *ret = (cg_sip_credentials){.user = got.ar_username,
                                    .realm = got.ar_realm,
                                    .nonce = got.ar_nonce,
                                    .uri = got.ar_uri,
                                    .response = got.ar_response,
                                    .algorithm = got.ar_algorithm,
                                    .cnonce = got.ar_cnonce,
                                    .qop = got.ar_qop,
                                    .nc = got.ar_nc};
        return true;
    }
    return false;
}

unsigned cg_sip_read_retry_after(const sip_t *response)
{
    const sip_retry_after_t *after = response != NULL ? response->sip_retry_after : NULL;
    return after != NULL ? (unsigned) MIN(after->af_delta, G_MAXINT) : 0;
}

/* RFC 3261 section 25.1, user: everything that is not plainly allowed is escaped, so that no name can become another
 * part of the URI or of the header around it. */
static void append_user(GString *out, const char *user)
{
    for (; *user != '\0'; user++) {
        if (g_ascii_isalnum(*user) || strchr("+-_.!~*", *user) != NULL)
            g_string_append_c(out, *user);
        else
            g_string_append_printf(out, "%%%02X", (unsigned char) *user);
    }
}

char *cg_sip_write_uri(const char *user, const char *host)
{
    GString *out = g_string_new("sip:");
    append_user(out, user);
    g_string_append_printf(out, "@%s", host);
    return g_string_free(out, FALSE);
}

char *cg_sip_write_host(const char *host)
{
    return strchr(host, ':') != NULL && host[0] != '[' ? g_strdup_printf("[%s]", host) : g_strdup(host);
}

/* Who knows no Replaces would ring a second time for nothing (RFC 3891 section 3). */
char *cg_sip_write_headers(const cg_sip_invite *invite, const char *from_host)
{
    bool is_private = invite->from_user == NULL, asserts = invite->asserted_user != NULL;
    if (invite->header_count == 0 && invite->replaced == NULL && !is_private && !asserts)
        return NULL;
    GString *out = g_string_new(is_private ? "Privacy: id\r\n" : NULL);
    if (asserts) {
        g_autofree char *uri = cg_sip_write_uri(invite->asserted_user, from_host);
        g_string_append_printf(out, "P-Asserted-Identity: <%s>\r\n", uri);
    }
    if (invite->replaced != NULL)
        g_string_append_printf(out, "Replaces: %s\r\nRequire: replaces\r\n", invite->replaced);
    for (size_t i = 0; i < invite->header_count; i++)
        g_string_append_printf(out, "%s: %s\r\n", invite->headers[i].name, invite->headers[i].value);
    return g_string_free(out, FALSE);
}

char *cg_sip_write_from(const char *user, const char *host)
{
    if (user == NULL) /* RFC 3323 section 4.1.1.3 */
        return g_strdup("\"Anonymous\" <sip:anonymous@anonymous.invalid>");
    g_autofree char *uri = cg_sip_write_uri(user, host);
    return g_strdup_printf("<%s>", uri);
}

char *cg_sip_write_warning(cg_sip_warning warning, const char *host)
{
    switch (warning) {
    case CG_SIP_WARNING_FAMILY:
        return g_strdup_printf("%d %s \"Incompatible network address formats\"", warning, host);
    case CG_SIP_WARNING_MEDIA:
        return g_strdup_printf("%d %s \"Incompatible media format\"", warning, host);
    case CG_SIP_WARNING_ADDRESS:
        return g_strdup_printf("%d %s \"Media does not go to that address\"", warning, host);
    case CG_SIP_WARNING_NONE:
        break;
    }
    return NULL;
}

const char *cg_sip_read_realm(const sip_t *challenge)
{
    bool of_proxy = challenge->sip_status != NULL && challenge->sip_status->st_status == 407;
    const msg_auth_t *asked = of_proxy ? challenge->sip_proxy_authenticate : challenge->sip_www_authenticate;
    if (asked == NULL || asked->au_scheme == NULL || g_ascii_strcasecmp(asked->au_scheme, "Digest") != 0)
        return NULL;
    return msg_params_find(asked->au_params, "realm=");
}

char *cg_sip_write_credentials(const char *realm, const char *user, const char *password)
{
    return g_strdup_printf("Digest:%s:%s:%s", realm, user, password);
}
