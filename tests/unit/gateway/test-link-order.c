/* That libraries with functions of the same name have their own: the loader gives everybody the first one there is, in
 * the order in which the gateway is linked. */
#include "gateway/command/serve_command.h"

#include <dlfcn.h>
#include <glib.h>

static const char *library_of(const char *function)
{
    Dl_info info;
    void *address = dlsym(RTLD_DEFAULT, function);
    g_assert_nonnull(address);
    g_assert_cmpint(dladdr(address, &info), !=, 0);
    return info.dli_fname;
}

/* libnice calls it itself, and with Sofia's no connectivity check would ever be valid; Sofia does not call its own. */
static void test_stun_message_length(void)
{
    g_assert_cmpstr(library_of("stun_message_length"), ==, library_of("nice_agent_new"));
    g_assert_cmpstr(library_of("stun_message_length"), !=, library_of("nua_create"));
}

int main(int argc, char **argv)
{
    int (*volatile all)(int, char **) = cg_serve_command; /* with it comes whatever the gateway is linked with */
    g_test_init(&argc, &argv, NULL);
    g_assert_true(all != NULL);
    g_test_add_func("/link-order/stun_message_length", test_stun_message_length);
    return g_test_run();
}
