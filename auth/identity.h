/* Names of clients: what follows `client:` in an address. */
#pragma once

#include <stdbool.h>

/* True if `text` is 1 to CG_IDENTITY_MAX_SIZE characters of RFC 3986's unreserved set (letters, digits, - . _ ~) or of
 * `@`, `+` and `=`, at least one of them a letter or digit. Upper and lower case are different. */
bool cg_identity_valid(const char *text);
