/* JSON for people: indented, one member per line, nothing in it can steer the terminal. */
#pragma once

#include "base/json.h"

#include <stdio.h>

/* Prints the members of an object. `note` (may be NULL) is asked for each member of the outermost object; what it
 * returns is printed behind the value and freed with g_free. */
void cg_json_print(FILE *stream, const cg_json_value *object, unsigned indent,
                   char *(*note)(const char *name, const cg_json_value *value));
