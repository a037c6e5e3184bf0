/* Limits that peers run into: a token bucket for rates, and counters of what each address or account holds. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    double tokens;
    int64_t refilled_us; /* monotonic */
} cg_bucket;

typedef struct {
    double per_second; /* sustained rate */
    double burst;      /* most tokens the bucket holds */
} cg_rate;

void cg_bucket_init(cg_bucket *bucket, const cg_rate *rate, int64_t now_us); /* full */
/* Takes one token; false if there is none. */
bool cg_bucket_take(cg_bucket *bucket, const cg_rate *rate, int64_t now_us);

/* How many of something each key holds. A key that holds none costs nothing. */
typedef struct cg_counters cg_counters;

cg_counters *cg_counters_new(void);
void cg_counters_free(cg_counters *counters);

unsigned cg_counters_get(const cg_counters *counters, const char *key);
void cg_counters_enter(cg_counters *counters, const char *key);
void cg_counters_leave(cg_counters *counters, const char *key); /* must have entered */
