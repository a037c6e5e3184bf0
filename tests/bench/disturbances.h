/* What happens to the gateway's running calls while something else keeps it busy. */
#pragma once

#include "tests/bench/report.h"
#include "tests/bench/target.h"

/* `world->calls` calls for `seconds` alone, then for as long while `handshakes` per second set up others. */
void measure_disturbed(target_world *world, unsigned seconds, unsigned handshakes, bench_report *report);

/* `world->calls` calls for `seconds` alone, then with each kind of flood of `rate` datagrams per second, then with as
 * many packets of further calls. */
void measure_flood(target_world *world, unsigned seconds, unsigned rate, bench_report *report);
