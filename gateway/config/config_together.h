/* Options that are right each by itself and wrong together. */
#pragma once

#include "gateway/config/config.h"

/* False and a message with file (`name`), group and key in `ret_error` (free with g_free). */
bool cg_config_check_together(const cg_config *config, const char *name, char **ret_error);
