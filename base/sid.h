/* Identifiers: two letters that say the kind (AC account, CA call, ...) and 32 lower-case hex digits. */
#pragma once

#include <stdbool.h>

#define CG_SID_LENGTH 34

typedef struct {
    char text[CG_SID_LENGTH + 1]; /* NUL-terminated; empty when unset */
} cg_sid;

/* A new identifier of the given kind ("CA") from the CSPRNG. */
cg_sid cg_sid_new(const char kind[static 2]);

/* True if `text` (may be NULL) is an identifier of that kind; then it is copied to `ret_sid` unless that is NULL. */
bool cg_sid_parse(const char *text, const char kind[static 2], cg_sid *ret_sid);

bool cg_sid_equal(const cg_sid *a, const cg_sid *b);
bool cg_sid_is_set(const cg_sid *sid);
