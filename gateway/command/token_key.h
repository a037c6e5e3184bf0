/* Where the commands of `callgate token` get a key from: a file, standard input or the environment. */
#pragma once

#include "auth/directory.h"

typedef struct {
    char *secret_file; /* from the command line; "-" is standard input */
    char *secret_env;  /* name of an environment variable */
    char *pem_file;    /* private key (mint), public key (inspect) */
    char *algorithm;   /* NULL: HS256 for a secret, what a PEM is made for */
} cg_token_key_options;

typedef struct {
    cg_algorithm algorithm;
    char *text; /* the secret or the PEM */
} cg_token_key;

/* True if exactly one source was named and gives a key that fits the algorithm; then free with cg_token_key_clear.
 * Otherwise
 * `*ret_error` says what is wrong; free with g_free. `private` says which half a PEM must be. */
bool cg_token_key_load(const cg_token_key_options *options, bool private, cg_token_key *ret_key, char **ret_error);
void cg_token_key_clear(cg_token_key *key);

/* True if any source was named. */
bool cg_token_key_named(const cg_token_key_options *options);
void cg_token_key_options_clear(cg_token_key_options *options);
