/* Who exists: accounts, their keys and applications. An immutable snapshot, made from the configuration, shared by
 * reference and replaced as a whole on reload. Filled once by its maker, then only read (from any thread). */
#pragma once

#include "base/sid.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    CG_ALGORITHM_HS256,
    CG_ALGORITHM_HS384,
    CG_ALGORITHM_HS512,
    CG_ALGORITHM_ES256,
    CG_ALGORITHM_RS256
} cg_algorithm;

/* "HS256" and so on, as JWS writes them (RFC 7518 section 3.1). */
bool cg_algorithm_parse(const char *name, cg_algorithm *ret_algorithm);
const char *cg_algorithm_name(cg_algorithm algorithm);
bool cg_algorithm_is_symmetric(cg_algorithm algorithm);

typedef struct {
    cg_sid sid;               /* AC */
    char *name;               /* for people */
    char *auth_token;         /* secret of capability tokens (docs/tokens.md); NULL: none accepted */
    bool suspended;           /* tokens of a suspended account are refused */
    unsigned max_connections; /* sessions at a time; 0: the gateway's default */
    char *hold_music;         /* path of a sound file; NULL: the gateway's default */
} cg_account;

typedef struct {
    cg_sid sid;             /* SK */
    cg_sid account;         /* AC */
    cg_algorithm algorithm; /* the only one accepted from this key */
    char *secret;           /* HS*: the text whose bytes are the key */
    char *public_key;       /* ES256, RS256: PEM, SubjectPublicKeyInfo */
} cg_key;

typedef enum { CG_APPLICATION_DIRECT } cg_application_mode; /* how outgoing calls of this application are placed */

typedef struct {
    cg_sid sid;     /* AP */
    cg_sid account; /* AC */
    char *name;     /* for people */
    cg_application_mode mode;
    unsigned ring_timeout_s; /* how long a destination may ring; 0: the gateway's default */
    bool transcode;          /* calls between parties without a common codec are translated, not ended */
} cg_application;

typedef struct cg_directory cg_directory;

cg_directory *cg_directory_new(void);
cg_directory *cg_directory_ref(cg_directory *directory);
void cg_directory_unref(cg_directory *directory);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(cg_directory, cg_directory_unref)

/* Copy what they are given. False and a message for the operator in `ret_error` (free with g_free) if the entry is not
 * usable: a duplicate or malformed id, an account that does not exist, a key whose secret is shorter than the hash (RFC
 * 7518 section 3.2 asks 256 bits for HS256; shorter ones that helper libraries mint with are accepted from 16 bytes
 * on), a PEM that is not a public key of the algorithm's kind. */
bool cg_directory_add_account(cg_directory *directory, const cg_account *account, char **ret_error);
bool cg_directory_add_key(cg_directory *directory, const cg_key *key, char **ret_error);
bool cg_directory_add_application(cg_directory *directory, const cg_application *application, char **ret_error);

/* NULL if there is none. Valid as long as the directory. */
const cg_account *cg_directory_find_account(const cg_directory *directory, const cg_sid *sid);
const cg_key *cg_directory_find_key(const cg_directory *directory, const cg_sid *sid);
const cg_application *cg_directory_find_application(const cg_directory *directory, const cg_sid *sid);
