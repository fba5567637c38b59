/* program: jq programs that people send, run outside of this process.
 *
 * A program may loop for ever, want all memory or meet a mistake of the interpreter's, so libjq has
 * a process of its own: this program again (/proc/self/exe), with no environment, no descriptor but
 * its two pipes, bounded memory, and a seccomp filter that leaves it nothing but reading and
 * writing them.  A customer goes in as a line of JSON; what the program makes of him comes back as
 * lines, and an empty one ends them.
 *
 * Threads: one owner, who must not end before it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef EXPORTER_PROGRAM_H
#define EXPORTER_PROGRAM_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct program;
/* Starts the process and has it compile the text.
 * Errors: ERR_INVALID (it is no program; the message says why), ERR_CONFLICT (it cannot be run
 * here, or took too long), ERR_INTERNAL. */
MUST_CHECK bool program_open(str text, struct program **ret_program, struct err *err);
/* Gives it `count` lines of JSON and calls row() for each value that it makes, in order: JSON text,
 * of which input, from 0.
 * Errors: ERR_CONFLICT (the program failed, took too long or too much, or made something else than
 * arrays; the message says at which input it was, from 1), what row() fails with, ERR_INTERNAL. */
MUST_CHECK bool program_run(struct program *p, str lines, size_t count,
                            bool (*row)(void *context, size_t input, str value, struct err *err),
                            void *context, struct err *err);
/* While it runs, go_on() is asked several times a second; once it says no, program_run() fails with
 * ERR_BUSY, so that who stops waits for no program. */
void program_watch(struct program *p, bool (*go_on)(void *context), void *context);
/* How many inputs were wholly answered by the last program_run(). */
size_t program_answered(const struct program *p);
/* Ends the process; NULL is fine. */
void program_free(struct program *p);
DEFINE_AUTO(struct program *, program_free)

/* What a table of the program's rows is headed by: a program that ends in [.id, .name] has the
 * columns ID and NAME.  An element that names no attribute is COLUMN_n.  Count 0: it ends in no
 * such list. */
void program_columns(str text, struct arena *a, str **ret_name, size_t *ret_count);

/* The word that makes this program the process, as its only argument. */
#define PROGRAM_CHILD "--run-jq-program"
/* What the process then does: answers on its standard output what comes on its standard input,
 * until that ends.  Returns its exit status. */
int program_child(void);
/* An inner matter of the two processes: what a line that is no value begins with. */
enum { PROGRAM_FAILED = '!', PROGRAM_READY = '+' };

#endif
