/* Time. Protocol cores take `now` as an argument; only the edges (loops, main) call these. */
#pragma once

#include <stdint.h>

/* Monotonic time in microseconds: for intervals, timeouts and measurements; never goes back. */
int64_t cg_clock_monotonic_us(void);

/* Blocks the thread until then; at once if that is past. */
void cg_clock_sleep_until(int64_t monotonic_us);

/* Wall time in milliseconds since 1970-01-01T00:00:00Z: for tokens, records and logs. */
int64_t cg_clock_wall_ms(void);

/* Writes `wall_ms` as RFC 3339 with milliseconds, e.g. 2026-01-31T12:00:00.123Z, NUL-terminated. */
void cg_clock_format(int64_t wall_ms, char ret_text[static 25]);
