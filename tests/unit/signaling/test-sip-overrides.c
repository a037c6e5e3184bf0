/* That the program's functions are in front of the libraries': each by itself, in a program that is linked as the
 * gateway is. */
#include "signaling/sip/sip_overrides.h"

#include <glib.h>

static void test_override(const void *data)
{
    g_assert_null(cg_sip_overrides_missing(data, 1));
}

static void mine(void)
{
}

static void test_missing(void)
{
    const cg_sip_override overrides[] = {
        {"su_root_register", (void *) su_root_register, "is in its place"},
        {"nobody_has_this", (void *) mine, "no library has it"},
        {"su_root_register", (void *) mine, "another one is in front"},
        {"su_root_break", dlsym(RTLD_DEFAULT, "su_root_break"), "the library's own is in front"},
    };
    g_assert_null(cg_sip_overrides_missing(overrides, 1));
    for (size_t i = 1; i < G_N_ELEMENTS(overrides); i++)
        g_assert_true(cg_sip_overrides_missing(&overrides[i], 1) == &overrides[i]);
    g_assert_true(cg_sip_overrides_missing(overrides, G_N_ELEMENTS(overrides)) == &overrides[1]);
}

int main(int argc, char **argv)
{
    size_t count;
    const cg_sip_override *overrides = cg_sip_overrides(&count);
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < count; i++) {
        g_autofree char *path = g_strconcat("/sip-overrides/in-front/", overrides[i].name, NULL);
        g_test_add_data_func(path, &overrides[i], test_override);
    }
    g_test_add_func("/sip-overrides/missing", test_missing);
    return g_test_run();
}
