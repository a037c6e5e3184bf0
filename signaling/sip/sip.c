/* The control thread's side: every function makes a mail. */
#include "signaling/sip/sip.h"

#include "base/secret.h"
#include "signaling/sip/sip_auth.h"
#include "signaling/sip/sip_internal.h"
#include "signaling/sip/sip_overrides.h"
#include "signaling/sip/sip_ports.h"

#include <string.h>

typedef struct command command;

struct command {
    cg_mail mail;
    cg_sip_dialog_id dialog; /* 0: of none */
    void (*run)(cg_sip *sip, cg_sip_dialog *dialog, command *what);
    cg_sip_dialog *made; /* dial; owned until run */
    char *sdp;           /* answer, offer; owned */
    char *keys;          /* send_keys; owned */
    uint64_t version;    /* answer, offer: of `sdp` */
    unsigned status;     /* reject, refer_reply, refer_tell; set_session_expires: seconds */
    cg_sip_warning warning;
    cg_ip_range *sources; /* set_sources; owned until run */
    size_t source_count;
    cg_tls_certificate *certificate; /* set_certificate; owned until run */
    cg_sip_user *users;              /* set_users; owned, and so are their texts */
    size_t user_count;
};

static void discard(cg_mail *mail)
{
    command *what = (command *) mail;
    cg_sip_dialog_free(what->made);
    cg_secret_free(what->sdp);
    g_free(what->keys);
    g_free(what->sources);
    for (size_t i = 0; i < what->user_count; i++) {
        g_free((char *) what->users[i].user);
        cg_secret_free((char *) what->users[i].password);
    }
    g_free(what->users);
    cg_tls_certificate_free(what->certificate);
    g_free(what);
}

static void deliver(cg_mail *mail, void *owner)
{
    cg_sip *sip = owner;
    command *what = (command *) mail;
    cg_sip_dialog *dialog = what->dialog != 0 ? g_hash_table_lookup(sip->dialogs, &what->dialog) : NULL;
    /* One that is ending is gone as far as the control thread knows. */
    if (what->dialog == 0 || (dialog != NULL && dialog->state != CG_SIP_DIALOG_ENDING))
        what->run(sip, dialog, what);
    discard(mail);
}

static command *make(cg_sip_dialog_id dialog, void (*run)(cg_sip *, cg_sip_dialog *, command *))
{
    command *what = g_new0(command, 1);
    *what = (command){.mail = {.deliver = deliver, .discard = discard}, .dialog = dialog, .run = run};
    return what;
}

static void post(cg_sip *sip, command *what)
{
    cg_mailbox_post(sip->mailbox, &what->mail);
}

static void post_status(cg_sip *sip, cg_sip_dialog_id dialog, void (*run)(cg_sip *, cg_sip_dialog *, command *),
                        unsigned status)
{
    command *what = make(dialog, run);
    what->status = status;
    post(sip, what);
}

static void post_description(cg_sip *sip, cg_sip_dialog_id dialog, void (*run)(cg_sip *, cg_sip_dialog *, command *),
                             const char *sdp, uint64_t version)
{
    command *what = make(dialog, run);
    what->sdp = g_strdup(sdp);
    what->version = version;
    post(sip, what);
}

static void run_sources(cg_sip *sip, cg_sip_dialog *dialog, command *what)
{
    g_free(sip->sources);
    sip->sources = g_steal_pointer(&what->sources);
    sip->source_count = what->source_count;
}

void cg_sip_set_sources(cg_sip *sip, const cg_ip_range *sources, size_t count)
{
    command *what = make(0, run_sources);
    what->sources = g_memdup2(sources, count * sizeof *sources);
    what->source_count = count;
    post(sip, what);
}

static void run_users(cg_sip *sip, cg_sip_dialog *dialog, command *what)
{
    cg_sip_auth_set_users(sip->auth, what->users, what->user_count);
}

void cg_sip_set_users(cg_sip *sip, const cg_sip_user *users, size_t count)
{
    command *what = make(0, run_users);
    what->users = g_new(cg_sip_user, count);
    what->user_count = count;
    for (size_t i = 0; i < count; i++)
        what->users[i] = (cg_sip_user){g_strdup(users[i].user), g_strdup(users[i].password)};
    post(sip, what);
}

static void run_certificate(cg_sip *sip, cg_sip_dialog *dialog, command *what)
{
    cg_sip_tls_sessions_show(sip->tls, g_steal_pointer(&what->certificate));
}

void cg_sip_set_certificate(cg_sip *sip, cg_tls_certificate *certificate)
{
    command *what = make(0, run_certificate);
    what->certificate = certificate;
    post(sip, what);
}

static void run_dial(cg_sip *sip, cg_sip_dialog *dialog, command *what)
{
    cg_sip_dialog_dial(sip, g_steal_pointer(&what->made));
}

cg_sip_dialog_id cg_sip_dial(cg_sip *sip, const cg_sip_invite *invite)
{
    command *what = make(0, run_dial);
    cg_sip_dialog *dialog = g_new0(cg_sip_dialog, 1);
    g_assert(invite->host_count > 0 && invite->host_count <= CG_SIP_MAX_HOSTS);
    const char *from_host =
        invite->from_host != NULL ? invite->from_host : cg_sip_listeners_towards(&sip->listeners, invite->hosts[0]);
    sip->next_dialog += 2;
    *dialog = (cg_sip_dialog){
        .sip = sip,
        .id = sip->next_dialog,
        .user = g_strdup(invite->user),
        .from_user = g_strdup(invite->from_user),
        .from_host = g_strdup(from_host),
        .auth_user = g_strdup(invite->auth_user),
        .auth_password = g_strdup(invite->auth_password),
        .sdp = g_strdup(invite->sdp),
        .headers = cg_sip_write_headers(invite, from_host),
        .session.wanted_s = invite->session_expires_s,
        .progress_timeout_s = invite->progress_timeout_s,
    };
    for (size_t i = 0; i < invite->host_count; i++)
        dialog->hosts[i] = g_strdup(invite->hosts[i]);
    what->made = dialog;
    cg_sip_dialog_id id = dialog->id;
    post(sip, what);
    return id;
}

static void run_set_session_expires(cg_sip *sip, cg_sip_dialog *dialog, command *what)
{
    dialog->session.wanted_s = what->status;
}

void cg_sip_set_session_expires(cg_sip *sip, cg_sip_dialog_id dialog, unsigned seconds)
{
    post_status(sip, dialog, run_set_session_expires, seconds);
}

static void run_ring(cg_sip *sip, cg_sip_dialog *dialog, command *what)
{
    cg_sip_dialog_ring(dialog);
}

void cg_sip_ring(cg_sip *sip, cg_sip_dialog_id dialog)
{
    post(sip, make(dialog, run_ring));
}

static void run_answer(cg_sip *sip, cg_sip_dialog *dialog, command *what)
{
    cg_sip_dialog_answer(dialog, what->sdp, what->version);
}

void cg_sip_answer(cg_sip *sip, cg_sip_dialog_id dialog, const char *sdp, uint64_t version)
{
    post_description(sip, dialog, run_answer, sdp, version);
}

static void run_offer(cg_sip *sip, cg_sip_dialog *dialog, command *what)
{
    cg_sip_dialog_offer(dialog, what->sdp, what->version);
}

void cg_sip_offer(cg_sip *sip, cg_sip_dialog_id dialog, const char *sdp, uint64_t version)
{
    post_description(sip, dialog, run_offer, sdp, version);
}

static void run_reject(cg_sip *sip, cg_sip_dialog *dialog, command *what)
{
    cg_sip_dialog_reject(dialog, what->status, what->warning);
}

void cg_sip_reject_warning(cg_sip *sip, cg_sip_dialog_id dialog, unsigned status, cg_sip_warning warning)
{
    command *what = make(dialog, run_reject);
    what->status = status;
    what->warning = warning;
    post(sip, what);
}

void cg_sip_reject(cg_sip *sip, cg_sip_dialog_id dialog, unsigned status)
{
    cg_sip_reject_warning(sip, dialog, status, CG_SIP_WARNING_NONE);
}

static void run_send_keys(cg_sip *sip, cg_sip_dialog *dialog, command *what)
{
    cg_sip_dialog_send_keys(dialog, what->keys);
}

void cg_sip_send_keys(cg_sip *sip, cg_sip_dialog_id dialog, const char *keys)
{
    command *what = make(dialog, run_send_keys);
    what->keys = g_strdup(keys);
    post(sip, what);
}

static void run_refer_reply(cg_sip *sip, cg_sip_dialog *dialog, command *what)
{
    cg_sip_dialog_refer_reply(dialog, what->status);
}

void cg_sip_refer_reply(cg_sip *sip, cg_sip_dialog_id dialog, unsigned status)
{
    post_status(sip, dialog, run_refer_reply, status);
}

static void run_refer_tell(cg_sip *sip, cg_sip_dialog *dialog, command *what)
{
    cg_sip_dialog_refer_tell(dialog, what->status);
}

void cg_sip_refer_tell(cg_sip *sip, cg_sip_dialog_id dialog, unsigned status)
{
    post_status(sip, dialog, run_refer_tell, status);
}

static void run_end(cg_sip *sip, cg_sip_dialog *dialog, command *what)
{
    cg_sip_dialog_end(dialog);
}

void cg_sip_end(cg_sip *sip, cg_sip_dialog_id dialog)
{
    post(sip, make(dialog, run_end));
}

void cg_sip_stats_read(const cg_sip *sip, cg_sip_stats *ret_stats)
{
    *ret_stats = (cg_sip_stats){
        .dialogs = atomic_load_explicit(&sip->dialog_count, memory_order_relaxed),
        .refused_sources = atomic_load_explicit(&sip->refused_sources, memory_order_relaxed),
        .auth_failures = cg_sip_auth_failures(sip->auth),
        .mailbox_depth = cg_mailbox_depth(sip->mailbox),
    };
    cg_sip_connections_stats_read(sip->connections, &ret_stats->connections);
}

static void run_stop(cg_sip *sip, cg_sip_dialog *dialog, command *what)
{
    cg_sip_stop(sip);
}

/* The thread has told whether it could open its port. */
typedef struct {
    cg_mail mail;
    bool running;
} start_mail;

static void deliver_start(cg_mail *mail, void *owner)
{
    *(bool *) owner = ((start_mail *) mail)->running;
    g_free(mail);
}

static void discard_start(cg_mail *mail)
{
    g_free(mail);
}

void cg_sip_tell_started(cg_mailbox *waiting, bool running)
{
    start_mail *told = g_new0(start_mail, 1);
    *told = (start_mail){.mail = {.deliver = deliver_start, .discard = discard_start}, .running = running};
    cg_mailbox_post(waiting, &told->mail);
}

static void free_parts(cg_sip *sip)
{
    cg_mailbox_free(sip->mailbox);
    cg_sip_connections_free(sip->connections);
    cg_sip_tls_sessions_free(sip->tls);
    cg_sip_auth_free(sip->auth);
    cg_sip_sink_close(sip->sink);
    g_free(sip->sources);
    cg_sip_listeners_clear(&sip->listeners);
    g_free(sip);
}

/* All of what Sofia lacks would be lacking in silence. */
static bool check_overrides(char **ret_error)
{
    size_t count;
    const cg_sip_override *overrides = cg_sip_overrides(&count);
    const cg_sip_override *missing = cg_sip_overrides_missing(overrides, count);
    if (missing != NULL)
        *ret_error = g_strdup_printf("SIP: this program's %s() is not in front of the library's: %s", missing->name,
                                     missing->reason);
    return missing == NULL;
}

cg_sip *cg_sip_new(const cg_sip_config *config, cg_mailbox *control, cg_sip_handler *handler, void *user,
                   char **ret_error)
{
    if (!check_overrides(ret_error))
        return NULL;
    cg_sip *sip = g_new0(cg_sip, 1);
    bool running = false;
    sip->config = *config;
    cg_sip_listeners_init(&sip->listeners, config->addresses, config->advertise);
    sip->config.addresses = sip->config.advertise = NULL;
    sip->sink = cg_sip_sink_new(control, handler, user);
    sip->mailbox = cg_mailbox_new();
    sip->connections = cg_sip_connections_new(&config->connections);
    sip->tls = cg_sip_tls_sessions_new();
    sip->auth = cg_sip_auth_new(cg_sip_listeners_towards(&sip->listeners, NULL), config->digest_algorithms);
    sip->next_incoming = 1;
    sip->starting = cg_mailbox_new();
    sip->thread = g_thread_new("sip", cg_sip_run, sip);
    cg_mailbox_wait(sip->starting, -1);
    cg_mailbox_deliver(sip->starting, &running);
    g_clear_pointer(&sip->starting, cg_mailbox_free);
    if (running)
        return sip;
    g_thread_join(sip->thread);
    *ret_error = cg_sip_ports_fault(config);
    free_parts(sip);
    return NULL;
}

void cg_sip_free(cg_sip *sip)
{
    if (sip == NULL)
        return;
    post(sip, make(0, run_stop));
    g_thread_join(sip->thread);
    free_parts(sip);
}
