/* What parties hear while they wait: who is held, also for a transfer that is under way. The files are read at start
 * and stay as they are; which account has which is part of the configuration. */
#pragma once

#include "auth/directory.h"
#include "gateway/call/call_leg.h"

typedef struct {
    char *default_path;      /* owned; NULL: silence */
    GHashTable *files;       /* owned; path -> cg_music *, a reference */
    cg_directory *directory; /* a reference; NULL: no accounts yet */
} cg_hold_music;

/* hold_music_files.c */
/* Reads `default_path` (may be NULL) and `paths` ((char *) those of accounts). NULL and a message (free with g_free)
 * if one of them cannot be played. */
cg_hold_music *cg_hold_music_new(const char *default_path, const GPtrArray *paths, char **ret_error);
void cg_hold_music_free(cg_hold_music *music); /* may be NULL */

/* The same questions of the files' beginnings alone. */
bool cg_hold_music_check(const char *default_path, const GPtrArray *paths, char **ret_error);

/* The accounts are these from now on (takes a reference). False if one of `paths` was not read at start: who would
 * have it hears silence. */
bool cg_hold_music_set_accounts(cg_hold_music *music, cg_directory *directory, const GPtrArray *paths);

/* hold_music.c */
/* After `holder`, the other party, has come, has begun or left off holding, or holds in another way: `leg` hears music
 * if it is held and nothing else comes from there. */
void cg_hold_music_update(cg_call_leg *leg, const cg_call_leg *holder);
