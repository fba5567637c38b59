/* found: the company and the import that a command is about.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_FOUND_H
#define CLI_FOUND_H

#include "cli/commands.h"

struct found {
    struct store_company *company;
    struct store_reader *reader;
    struct store_task task;
};
/* Who asks when a command does. */
extern const struct asker command_line_asker;
/* Closes what was opened. */
void found_done(struct found *f);
DEFINE_AUTO_STRUCT(struct found, found_done)
/* Opens the company named by --company, or the only one.  Returns EXIT_OK or the code to leave
 * with. */
int found_company(struct cli *c, struct found *f);
/* The same, and the import whose number is the first word. */
int found_task(struct cli *c, struct found *f);

/* Prints a task of the company on a line: number, time, state, counters, file. */
void found_print_line(struct cli *c, const struct found *f, const struct store_task *task);
/* Prints all of it, as {"id":"17","state":...} on a line. */
void found_print_json(struct cli *c, const struct found *f, const struct store_task *task);

#endif
