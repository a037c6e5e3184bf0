/* The two clocks of the kernel. The monotonic one is CLOCK_MONOTONIC, not CLOCK_BOOTTIME: a suspended machine
 * runs no calls, and its timeouts must not all fire when it wakes. */
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include <glib.h>

#define LAST_FORMATTED_MS INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z: RFC 3339 has four digits of year */

static struct timespec read_clock(clockid_t clock)
{
    struct timespec time;
    int result = clock_gettime(clock, &time);
    g_assert(result == 0);
    return time;
}

int64_t cg_clock_monotonic_us(void)
{
    struct timespec time = read_clock(CLOCK_MONOTONIC);
    return (int64_t) time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

void cg_clock_sleep_until(int64_t monotonic_us)
{
    struct timespec time = {.tv_sec = monotonic_us / 1000000, .tv_nsec = monotonic_us % 1000000 * 1000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR)
        ;
}

int64_t cg_clock_wall_ms(void)
{
    struct timespec time = read_clock(CLOCK_REALTIME);
    return (int64_t) time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

void cg_clock_format(int64_t wall_ms, char ret_text[static 25])
{
    wall_ms = CLAMP(wall_ms, 0, LAST_FORMATTED_MS);
    time_t seconds = (time_t) (wall_ms / 1000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    size_t length = strftime(ret_text, 25, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(ret_text + length, 25 - length, ".%03dZ", (int) (wall_ms % 1000));
}
