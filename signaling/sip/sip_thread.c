/* The SIP thread: Sofia's event loop, the stack on it, the mailbox. */
#include "signaling/sip/sip_internal.h"

#include "signaling/sip/sip_dual_stack.h"
#include "signaling/sip/sip_keepalive.h"
#include "signaling/sip/sip_ports.h"
#include "signaling/sip/sip_registration.h"
#include "signaling/sip/sip_screen.h"
#include "signaling/sip/sip_targets.h"
#include "signaling/sip/sip_tls.h"

#include <sofia-sip/msg_mclass.h>
#include <sofia-sip/nta_tag.h>
#include <sofia-sip/sip_extra.h>
#include <sofia-sip/sip_tag.h>
#include <sofia-sip/sresolv.h>
#include <sofia-sip/su_log.h>
#include <sofia-sip/tport_tag.h>
#include <string.h>

enum {
    MAX_MESSAGE = 65535, /* octets; a datagram cannot be longer, and a stream need not be */
    STOP_MS = 2000,      /* for last words, when the process ends */
    LOOK_MS = 250,       /* at the connections */
};

static int on_mail(su_root_magic_t *magic, su_wait_t *wait, su_wakeup_arg_t *user)
{
    cg_sip *sip = (cg_sip *) user;
    cg_mailbox_deliver(sip->mailbox, sip);
    return 0;
}

/* Sofia writes to standard error by itself; what matters comes as events. */
static void keep_quiet(void *stream, char const *format, va_list arguments)
{
}

/* Sofia's own knows nothing of Refer-Sub (RFC 4488), and nua heeds only what is parsed. */
static msg_mclass_t *make_parser(void)
{
    msg_mclass_t *parser = msg_mclass_clone(sip_default_mclass(), 0, 0);
    if (parser != NULL)
        msg_mclass_insert_header(parser, sip_refer_sub_class, 0);
    return parser;
}

static bool start_stack(cg_sip *sip)
{
    g_autofree char *url = cg_sip_listener_url(&sip->listeners.at[0], "sip", sip->config.port);
    g_autofree char *tls_url = cg_sip_listener_url(&sip->listeners.at[0], "sips", sip->config.tls_port);
    cg_sip_tls tls = {NULL, -1, -1};
    bool secure = sip->config.tls_certificate != NULL;
    if (secure && !cg_sip_tls_open(&tls, &sip->config))
        return false;
    su_root_threading(sip->root, 0);
    sip->nua = nua_create(sip->root, cg_sip_on_nua, sip, NUTAG_URL(url), NUTAG_MEDIA_ENABLE(0), NUTAG_AUTOANSWER(0),
                          NUTAG_AUTOALERT(0), NUTAG_ENABLEMESSAGE(0), NUTAG_AUTO302(0), NUTAG_SESSION_TIMER(0),
                          NUTAG_APPL_METHOD("OPTIONS, INFO, REFER, UPDATE"),
                          NUTAG_DETECT_NETWORK_UPDATES(NUA_NW_DETECT_NOTHING), SIPTAG_ALLOW_STR(CG_SIP_METHODS),
                          SIPTAG_SUPPORTED_STR(CG_SIP_SUPPORTED ", 100rel"), SIPTAG_USER_AGENT_STR("Callgate"),
                          NTATAG_MCLASS(cg_sip_screen_mclass(sip->screen)), NTATAG_MAXSIZE(MAX_MESSAGE),
                          NTATAG_SIP_T1X64(sip->config.timeout_ms), NTATAG_SERVER_RPORT(1), NUTAG_MAX_RETRY_AFTER(0),
                          TPTAG_STUN_SERVER(0), SRESTAG_CACHE(sip->names), TAG_IF(secure, NUTAG_SIPS_URL(tls_url)),
                          TAG_IF(secure, NUTAG_CERTIFICATE_DIR(tls.directory)),
                          TAG_IF(secure, TPTAG_TLS_VERIFY_POLICY(TPTLS_VERIFY_SUBJECTS_OUT)), TAG_END());
    cg_sip_tls_close(&tls);
    return sip->nua != NULL;
}

static void on_look(su_root_magic_t *magic, su_timer_t *timer, su_timer_arg_t *user)
{
    cg_sip_connections_look(((cg_sip *) user)->connections, g_get_monotonic_time());
}

static void start_looking(cg_sip *sip)
{
    cg_sip_connections_opened(sip->connections);
    g_assert(cg_sip_connections_listening(sip->connections) > 0); /* else Sofia registers its sockets in another way */
    sip->looking = su_timer_create(su_root_task(sip->root), LOOK_MS);
    su_timer_set_for_ever(sip->looking, on_look, (su_timer_arg_t *) sip);
}

static bool start(cg_sip *sip, su_wait_t *wait)
{
    su_init();
    su_log_redirect(NULL, keep_quiet, NULL);
    sip->root = su_root_create(NULL);
    sip->dialogs = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, cg_sip_dialog_free);
    sip->parser = make_parser();
    sip->names = cg_sip_names_new();
    sip->screen = cg_sip_screen_new(sip, sip->parser);
    cg_sip_connections_watch(sip->connections);
    cg_sip_tls_sessions_watch(sip->tls);
    cg_sip_dual_stack_watch(sip);
    sip->registrations = g_ptr_array_new_with_free_func(cg_sip_registration_free);
    sip->keepalives = g_ptr_array_new_with_free_func(cg_sip_keepalive_free);
    if (sip->root == NULL || !start_stack(sip))
        return false;
    start_looking(sip);
    cg_sip_ports_tell(sip->agent);
    su_wait_create(wait, cg_mailbox_fd(sip->mailbox), SU_WAIT_IN);
    su_root_register(sip->root, wait, on_mail, (su_wakeup_arg_t *) sip, 0);
    return true;
}

static void on_deadline(su_root_magic_t *magic, su_timer_t *timer, su_timer_arg_t *user)
{
    su_root_break(((cg_sip *) user)->root);
}

void cg_sip_stop(cg_sip *sip)
{
    sip->stopping = true;
    sip->deadline = su_timer_create(su_root_task(sip->root), STOP_MS);
    su_timer_set(sip->deadline, on_deadline, (su_timer_arg_t *) sip);
    g_hash_table_remove_all(sip->dialogs); /* each says BYE, CANCEL or 480 by itself now */
    g_ptr_array_set_size(sip->keepalives, 0);
    nua_shutdown(sip->nua); /* takes registrations back */
}

/* A stack whose peers keep it waiting is left as it is: the process ends with it. */
static void finish(cg_sip *sip, su_wait_t *wait)
{
    su_timer_destroy(sip->deadline);
    su_timer_destroy(sip->looking);
    g_hash_table_unref(sip->dialogs);
    g_ptr_array_unref(sip->registrations);
    g_ptr_array_unref(sip->keepalives);
    su_root_unregister(sip->root, wait, on_mail, (su_wakeup_arg_t *) sip);
    if (sip->finished) {
        while (su_root_yield(sip->root) != 0) /* what was sent behind the last word holds on to the stack */
            ;
        nua_destroy(sip->nua);
        su_root_destroy(sip->root);
        su_deinit();
        cg_sip_screen_free(sip->screen);
        cg_sip_names_free(sip->names);
        free(sip->parser);
    }
    cg_sip_tls_sessions_watch(NULL);
    cg_sip_dual_stack_watch(NULL);
    cg_sip_connections_watch(NULL);
}

gpointer cg_sip_run(gpointer user)
{
    cg_sip *sip = user;
    su_wait_t wait[1] = {SU_WAIT_INIT};
    bool running = start(sip, wait);
    cg_sip_tell_started(sip->starting, running);
    if (running) {
        su_root_run(sip->root);
        finish(sip, wait);
    } else {
        g_hash_table_unref(sip->dialogs);
        g_ptr_array_unref(sip->registrations);
        g_ptr_array_unref(sip->keepalives);
        su_root_destroy(sip->root);
        su_deinit();
        cg_sip_screen_free(sip->screen);
        cg_sip_names_free(sip->names);
        free(sip->parser);
    }
    return NULL;
}
