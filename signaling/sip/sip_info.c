/* INFO requests that carry keys, both ways. One of ours is under way at a time, so that keys arrive in order; the next
 * goes when it is answered, and not before a key's time has passed. */
#include "signaling/sip/sip_challenge.h"

#include "signaling/sip/sip_keys.h"

#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>
#include <string.h>

enum {
    DURATION_MS = 100, /* told of a key */
    SPACING_MS = 170,  /* of keys: as those in media (bridge/dtmf/dtmf_send.h) */
    PAUSE_MS = 500,    /* 'w' */
    MAX_WAITING = 64,  /* keys; further ones are dropped */
};

static void tell(cg_sip_dialog *dialog, char key)
{
    cg_sip_event event = {.kind = CG_SIP_KEY, .dialog = dialog->id, .key = key};
    if (dialog->state == CG_SIP_DIALOG_TALKING)
        cg_sip_post_event(dialog->sip, &event);
}

static void respond(cg_sip_dialog *dialog, int status, const char *phrase)
{
    nua_respond(dialog->handle, status, phrase, NUTAG_WITH_CURRENT(dialog->sip->nua),
                TAG_IF(status == 415, SIPTAG_ACCEPT_STR("application/dtmf-relay, application/dtmf")), TAG_END());
}

void cg_sip_dialog_on_info(cg_sip_dialog *dialog, const sip_t *message)
{
    const sip_payload_t *payload = message->sip_payload;
    const sip_content_type_t *type = message->sip_content_type;
    char key;
    switch (cg_sip_keys_read(type != NULL ? type->c_type : NULL, payload != NULL ? payload->pl_data : NULL,
                             payload != NULL ? payload->pl_len : 0, &key)) {
    case CG_SIP_KEYS_OK:
        respond(dialog, SIP_200_OK);
        tell(dialog, key);
        break;
    case CG_SIP_KEYS_NONE:
        respond(dialog, SIP_200_OK);
        break;
    case CG_SIP_KEYS_OTHER:
        respond(dialog, SIP_415_UNSUPPORTED_MEDIA);
        break;
    case CG_SIP_KEYS_MALFORMED:
        respond(dialog, SIP_400_BAD_REQUEST);
        break;
    }
}

static void send_next(cg_sip_dialog *dialog);

static void on_time(su_root_magic_t *magic, su_timer_t *timer, su_timer_arg_t *user)
{
    cg_sip_dialog *dialog = (cg_sip_dialog *) user;
    dialog->keys.spacing = false;
    send_next(dialog);
}

static void space(cg_sip_dialog *dialog, unsigned ms)
{
    if (dialog->keys.timer == NULL)
        dialog->keys.timer = su_timer_create(su_root_task(dialog->sip->root), 0);
    dialog->keys.spacing = su_timer_set_interval(dialog->keys.timer, on_time, (su_timer_arg_t *) dialog, ms) == 0;
}

static void send_next(cg_sip_dialog *dialog)
{
    GString *waiting = dialog->keys.waiting;
    if (dialog->state != CG_SIP_DIALOG_TALKING || dialog->keys.asked || dialog->keys.spacing || waiting == NULL ||
        waiting->len == 0)
        return;
    char key = waiting->str[0];
    g_string_erase(waiting, 0, 1);
    space(dialog, key == 'w' ? PAUSE_MS : SPACING_MS);
    if (key == 'w')
        return;
    g_autofree char *body = g_strdup_printf("Signal=%c\r\nDuration=%d\r\n", key, DURATION_MS);
    dialog->keys.asked = true;
    nua_info(dialog->handle, SIPTAG_CONTENT_TYPE_STR("application/dtmf-relay"), SIPTAG_PAYLOAD_STR(body), TAG_END());
}

void cg_sip_dialog_send_keys(cg_sip_dialog *dialog, const char *keys)
{
    if (dialog->state != CG_SIP_DIALOG_TALKING)
        return;
    if (dialog->keys.waiting == NULL)
        dialog->keys.waiting = g_string_new(NULL);
    for (; *keys != '\0' && dialog->keys.waiting->len < MAX_WAITING; keys++)
        if (strchr("0123456789*#ABCDw", *keys) != NULL)
            g_string_append_c(dialog->keys.waiting, *keys);
    send_next(dialog);
}

/* Whatever the phone thinks of one key, the next may do better. */
void cg_sip_dialog_on_info_response(cg_sip_dialog *dialog, int status, const sip_t *message)
{
    if (!cg_sip_dialog_is_final(dialog, &dialog->keys.authenticated, status, message))
        return;
    dialog->keys.asked = false;
    send_next(dialog);
}

void cg_sip_dialog_clear_keys(cg_sip_dialog *dialog)
{
    if (dialog->keys.waiting != NULL)
        g_string_free(dialog->keys.waiting, TRUE);
    su_timer_destroy(dialog->keys.timer);
    dialog->keys.waiting = NULL;
    dialog->keys.timer = NULL;
}
