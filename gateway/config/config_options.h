/* The table of scalar options: name, type, where it goes, default, limits, meaning. What stands in it for an option is
 * all that is known of it: whether a reload changes it, too. A new option is one line there. */
#pragma once

#include "gateway/config/config.h"

void cg_config_options_set_defaults(cg_config *config);
bool cg_config_options_have_group(const char *group);

/* Sets one option from its text. False and a message (free with g_free) if there is no such option or the value does
 * not fit it. */
bool cg_config_option_set(cg_config *config, const char *group, const char *key, const char *text,
                          const char *directory_path, char **ret_why);
