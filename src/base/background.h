/* background: threads that work for long without a wait give way to requests.
 *
 * Where more threads than processors are ready, who wakes up may wait for the kernel's next tick,
 * some milliseconds: several times what a request takes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_BACKGROUND_H
#define BASE_BACKGROUND_H

/* A request came: for a while background_pause() gives way. */
void background_request_came(void);
/* Whoever waits for this thread's processor runs first, while requests come; else nothing happens,
 * and other programs get no more than their share.  To be called every 100 microseconds or so. */
void background_pause(void);

#endif
