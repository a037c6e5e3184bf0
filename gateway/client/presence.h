/* Presence: which clients are registered under an identity of an account, consulted before ringing. */
#pragma once

#include "base/sid.h"

#include <glib.h>

typedef struct cg_client cg_client;
typedef struct cg_presence cg_presence;

cg_presence *cg_presence_new(void);
void cg_presence_free(cg_presence *presence);

/* The key of an identity; free with g_free. */
char *cg_presence_key(const cg_sid *account, const char *identity);

void cg_presence_add(cg_presence *presence, const char *key, cg_client *client);
void cg_presence_remove(cg_presence *presence, const char *key, cg_client *client);

/* The clients (cg_client) registered under `key`, or NULL. Valid until the next add or remove. */
const GPtrArray *cg_presence_find(const cg_presence *presence, const char *key);

size_t cg_presence_count(const cg_presence *presence); /* registered clients */
