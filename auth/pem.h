/* Looks at PEM keys before anything relies on them: is it of the algorithm's kind, strong enough, and not encrypted
 * (OpenSSL would stop the process to ask for a passphrase on the terminal). */
#pragma once

#include "auth/directory.h"

/* True if `pem` is a key that ES256 or RS256 may use; otherwise `*ret_error` is a static text that says why not. */
bool cg_pem_check_public(const char *pem, cg_algorithm algorithm, const char **ret_error);
bool cg_pem_check_private(const char *pem, cg_algorithm algorithm, const char **ret_error);
