/* Reading [trunk NAME] and [number +1...] groups. */
#pragma once

#include "gateway/config/config.h"

/* False and what is wrong (free with g_free). The accounts must have been read. */
bool cg_config_add_trunk(cg_config *config, GKeyFile *file, const char *group, const char *name, char **ret_why);
bool cg_config_add_number(cg_config *config, GKeyFile *file, const char *group, const char *digits, char **ret_why);
