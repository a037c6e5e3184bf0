/* Sofia takes one file for key and certificate, and sends what completes the chain out of the CA file. */
#include "signaling/sip/sip_tls.h"

#include "base/secret.h"

#include <glib/gstdio.h>
#include <openssl/ssl.h>
#include <sys/mman.h>
#include <unistd.h>

/* A file in memory with what is in both others. -1 if one cannot be read. */
static int join_files(const char *first, const char *second)
{
    g_autoptr(cg_secret) a = NULL, b = NULL;
    gsize size_a, size_b;
    if (!g_file_get_contents(first, &a, &size_a, NULL) || !g_file_get_contents(second, &b, &size_b, NULL))
        return -1;
    int file = memfd_create("callgate-sip", MFD_CLOEXEC);
    if (file < 0 || write(file, a, size_a) != (ssize_t) size_a || write(file, "\n", 1) != 1 ||
        write(file, b, size_b) != (ssize_t) size_b)
        g_error("memfd: %s", g_strerror(errno)); /* memory is at its end */
    return file;
}

static bool make_link(const cg_sip_tls *tls, const char *name, int file)
{
    g_autofree char *path = g_build_filename(tls->directory, name, NULL);
    g_autofree char *target = g_strdup_printf("/proc/self/fd/%d", file);
    return symlink(target, path) == 0;
}

/* Below security level 1 OpenSSL takes TLS 1.0 and suites without authentication, and Sofia does not forbid them. */
static bool is_safe(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_method());
    bool safe = context != NULL && SSL_CTX_get_security_level(context) >= 1;
    SSL_CTX_free(context);
    return safe;
}

bool cg_sip_tls_open(cg_sip_tls *tls, const cg_sip_config *config)
{
    *tls = (cg_sip_tls){
        .directory = g_dir_make_tmp("callgate-sip-XXXXXX", NULL),
        .agent = join_files(config->tls_key, config->tls_certificate),
        .ca = join_files(config->tls_ca, config->tls_certificate), /* intermediate ones are not trusted by that */
    };
    if (is_safe() && tls->directory != NULL && tls->agent >= 0 && tls->ca >= 0 &&
        make_link(tls, "agent.pem", tls->agent) && make_link(tls, "cafile.pem", tls->ca))
        return true;
    cg_sip_tls_close(tls);
    return false;
}

static void remove_file(const cg_sip_tls *tls, const char *name)
{
    g_autofree char *path = g_build_filename(tls->directory, name, NULL);
    g_unlink(path);
}

void cg_sip_tls_close(cg_sip_tls *tls)
{
    if (tls->directory != NULL) {
        remove_file(tls, "agent.pem");
        remove_file(tls, "cafile.pem");
        g_rmdir(tls->directory);
    }
    g_clear_pointer(&tls->directory, g_free);
    if (tls->agent >= 0)
        close(tls->agent);
    if (tls->ca >= 0)
        close(tls->ca);
    tls->agent = tls->ca = -1;
}
