/* Makes sound a little shorter or longer without changing its pitch: one period of it is left out or repeated. By that
 * the delay of a jitter buffer follows its target, and another's clock is kept up with. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Both change `count` samples at `pcm` in place and return how many there are then: the same number if a change would
 * be heard and is not `urgent`, or if there are too few. One period is between 2.5 and 10 ms, and no more than half of
 * them. */
size_t cg_time_scale_shorten(int16_t *pcm, size_t count, uint32_t rate, bool urgent);
/* There is room for half as many behind them. */
size_t cg_time_scale_lengthen(int16_t *pcm, size_t count, uint32_t rate, bool urgent);
