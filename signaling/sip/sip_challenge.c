/* Each request within a call is made again once: with our password, or by our stack where it has that already. */
#include "signaling/sip/sip_challenge.h"

#include <sofia-sip/auth_digest.h>
#include <sofia-sip/msg_header.h>
#include <sofia-sip/sip_header.h>

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

bool cg_sip_dialog_authenticate(cg_sip_dialog *dialog, bool *answered, int status, const sip_t *message)
{
    if (!is_challenge(status) || message == NULL || dialog->auth_user == NULL || *answered)
        return false;
    g_autofree char *credentials = cg_sip_write_credentials(message, dialog->auth_user, dialog->auth_password);
    if (credentials == NULL)
        return false;
    *answered = true;
    nua_authenticate(dialog->handle, NUTAG_AUTH(credentials), TAG_END());
    return true;
}

void cg_sip_dialog_expect_challenges(cg_sip_dialog *dialog)
{
    dialog->authenticated = false;
    nua_set_hparams(dialog->handle, NUTAG_RETRY_COUNT(dialog->auth_user != NULL), TAG_END());
}

/* Our stack tells of what it answered by itself as of a provisional response. */
static bool is_answered(int status, const sip_t *message)
{
    return status == 100 && message != NULL && message->sip_status != NULL &&
           is_challenge(message->sip_status->st_status);
}

bool cg_sip_dialog_is_final(cg_sip_dialog *dialog, bool *answered, int status, const sip_t *message)
{
    *answered |= is_answered(status, message);
    if (status < 200 || cg_sip_dialog_authenticate(dialog, answered, status, message))
        return false;
    *answered = false;
    return true;
}
