/* How soon a thread of the ordinary scheduling class gets a processor that others want as well. */
#pragma once

/* Asks the kernel to run the calling thread in short slices: it takes over sooner from whoever runs when it wakes up,
 * and gives way sooner itself; its share of the processor stays what it was. Needs no privilege (sched_setattr(2),
 * Linux 6.12 and later); an older kernel takes no notice. */
void cg_thread_use_short_slices(void);
