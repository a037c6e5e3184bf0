/* Values of the entities in the configuration file: [account ...], [trunk ...] and the like. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* `true` or `false`; untouched if the key is absent. False and what is wrong (free with g_free) if it is neither. */
bool cg_config_read_switch(GKeyFile *file, const char *group, const char *key, bool *ret, char **ret_why);

/* "NAME: [GROUP] KEY: WHY", free with g_free; `key` NULL: of the group as a whole. Returns false. */
bool cg_config_fail(char **ret_error, const char *name, const char *group, const char *key, const char *why);
