/* Each request within a call is made again once: with our password, or by our stack where it has that already. */
#include "signaling/sip/sip_challenge.h"

#include "base/secret.h"

#include <sofia-sip/auth_digest.h>
#include <sofia-sip/msg_header.h>
#include <sofia-sip/sip_header.h>

enum {
    MAX_REALMS = 3, /* as often as our stack makes a request again by itself */
};

static bool is_answerable(su_home_t *home, const msg_auth_t *challenge)
{
    auth_challenge_t asked = {.ac_size = sizeof asked};
    return challenge->au_scheme != NULL && g_ascii_strcasecmp(challenge->au_scheme, "Digest") == 0 &&
           challenge->au_params != NULL && auth_digest_challenge_get(home, &asked, challenge->au_params) >= 0 &&
           asked.ac_realm != NULL && asked.ac_nonce != NULL && (asked.ac_md5 || asked.ac_md5sess) &&
           (asked.ac_qop == NULL || asked.ac_auth || asked.ac_auth_int);
}

static void drop_from(msg_t *message, sip_t *response, msg_auth_t *first)
{
    su_home_t home[1] = {SU_HOME_INIT(home)};
    for (msg_auth_t *challenge = first, *next; challenge != NULL; challenge = next) {
        next = challenge->au_next;
        if (!is_answerable(home, challenge))
            msg_header_remove(message, (msg_pub_t *) response, (msg_header_t *) challenge);
    }
    su_home_deinit(home);
}

void cg_sip_drop_challenges(msg_t *message, sip_t *response)
{
    drop_from(message, response, response->sip_www_authenticate);
    drop_from(message, response, response->sip_proxy_authenticate);
}

static bool is_challenge(int status)
{
    return status == 401 || status == 407;
}

/* A proxy may have the name of a realm that who is reached has, too. */
static bool take_realm(int status, const char *realm, GPtrArray **answered)
{
    g_autofree char *text = g_strdup_printf("%d %s", status, realm);
    if (*answered == NULL)
        *answered = g_ptr_array_new_with_free_func(g_free);
    if ((*answered)->len == MAX_REALMS ||
        g_ptr_array_find_with_equal_func(*answered, text, (GEqualFunc) g_str_equal, NULL))
        return false;
    g_ptr_array_add(*answered, g_steal_pointer(&text));
    return true;
}

char *cg_sip_answer_challenge(int status, const sip_t *message, const char *user, const char *password,
                              GPtrArray **answered)
{
    const char *realm = is_challenge(status) && message != NULL ? cg_sip_read_realm(message) : NULL;
    if (realm == NULL || user == NULL || !take_realm(status, realm, answered))
        return NULL;
    return cg_sip_write_credentials(realm, user, password);
}

static bool answer(cg_sip_dialog *dialog, int status, const sip_t *message, GPtrArray **answered)
{
    g_autoptr(cg_secret) credentials =
        cg_sip_answer_challenge(status, message, dialog->auth_user, dialog->auth_password, answered);
    if (credentials != NULL)
        nua_authenticate(dialog->handle, NUTAG_AUTH(credentials), TAG_END());
    return credentials != NULL;
}

bool cg_sip_dialog_authenticate(cg_sip_dialog *dialog, int status, const sip_t *message)
{
    return answer(dialog, status, message, &dialog->realms);
}

void cg_sip_dialog_expect_challenges(cg_sip_dialog *dialog)
{
    unsigned realms = dialog->realms != NULL ? dialog->realms->len : 0;
    dialog->authenticated = false;
    nua_set_hparams(dialog->handle, NUTAG_RETRY_COUNT(dialog->auth_user != NULL ? MAX(realms, 1) : 0), TAG_END());
}

/* Our stack tells of what it answered by itself as of a provisional response. */
static bool is_answered(int status, const sip_t *message)
{
    return status == 100 && message != NULL && message->sip_status != NULL &&
           is_challenge(message->sip_status->st_status);
}

bool cg_sip_dialog_is_final(cg_sip_dialog *dialog, bool *answered, int status, const sip_t *message)
{
    g_autoptr(GPtrArray) realms = NULL;
    *answered |= is_answered(status, message);
    if (status < 200)
        return false;
    *answered = !*answered && answer(dialog, status, message, &realms);
    return !*answered;
}
