/* Reading one value each, and saying what is wrong with it. */
#include "gateway/config/config_values.h"

bool cg_config_read_switch(GKeyFile *file, const char *group, const char *key, bool *ret, char **ret_why)
{
    g_autofree char *text = g_key_file_get_string(file, group, key, NULL);
    if (text == NULL)
        return true;
    g_strstrip(text);
    if (!g_str_equal(text, "true") && !g_str_equal(text, "false")) {
        *ret_why = g_strdup_printf("%s must be true or false, not \"%s\"", key, text);
        return false;
    }
    *ret = g_str_equal(text, "true");
    return true;
}

bool cg_config_fail(char **ret_error, const char *name, const char *group, const char *key, const char *why)
{
    if (key != NULL)
        *ret_error = g_strdup_printf("%s: [%s] %s: %s", name, group, key, why);
    else
        *ret_error = g_strdup_printf("%s: [%s]: %s", name, group, why);
    return false;
}
