/* fault: a test's way to have the program die at a record.
 *
 * CLIENTELE_FAULT=import:4711 aborts the process when that phase of a task (analysis, dry_run,
 * import, undo) acts on that record; reading-import:4711 when it reads it.
 * CLIENTELE_FAULT=inbox-moved, load-rows or load-keys kills it at that step.
 * CLIENTELE_FAULT_SYNCHRONOUS=OFF runs the databases without syncs, so that the test of power cuts
 * can be seen to go red.
 * CLIENTELE_FAULT_BATCH_ROWS=N makes a file's batches so small and leaves them as they are else,
 * CLIENTELE_FAULT_HELD_BYTES=N the memory that holds what they change, CLIENTELE_FAULT_QUIET_US=N
 * the time after a request in which nothing is held.  Compiled in with -Dtests=true only: a release
 * knows nothing of it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stddef.h>
#include <stdint.h>

#ifdef WITH_FAULTS
/* The phase that a worker begins; the name lives as long as the program. */
void fault_phase(const char *phase);
/* Dies here when told to, before the record is read. */
void fault_reading(uint64_t record);
/* Dies here when told to, before the record is acted on. */
void fault_applying(uint64_t record);
/* Dies here as if killed, when that is the step that was told. */
void fault_step(const char *step);
/* What a test puts in the place of a constant by a variable of the environment. */
const char *fault_value(const char *variable, const char *otherwise);
/* The same for a number. */
size_t fault_number(const char *variable, size_t otherwise);
#else
#define fault_phase(phase)                ((void)(phase))
#define fault_reading(record)             ((void)(record))
#define fault_applying(record)            ((void)(record))
#define fault_step(step)                  ((void)(step))
#define fault_value(variable, otherwise)  (otherwise)
#define fault_number(variable, otherwise) (otherwise)
#endif

#endif
