/* cli: the subcommands and what they run in.
 *
 * A command that works on a data directory runs in the process that owns it: here, or, when a
 * server holds the lock, there: the same function, with this process's files handed over a Unix
 * socket (remote.h). So a command writes through `cli` only, never through stdio's globals, and
 * never exits by itself. SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "importer/wording.h"
#include "jobs/jobs.h"
#include "store/store.h"

/* Exit codes, the same for every command. */
enum {
    EXIT_OK = 0,
    EXIT_FAILED = 1 /* it did not work; stderr says why */,
    EXIT_USAGE = 2,
    EXIT_ROWS_FAILED = 3 /* an import finished, some rows failed */,
    EXIT_FILE = 4 /* a file cannot be read */,
    EXIT_NOT_FOUND = 5,
    EXIT_BUSY = 6 /* the data directory is in use and its owner does not answer */
};

struct cli {
    int in, out, err;     /* file descriptors of the person's terminal or pipes */
    int cwd;              /* relative paths are relative to this directory */
    const char *data_dir; /* absolute; NULL until known */
    struct store *store;  /* open, for commands that need it */
    enum language language;
    bool (*gone)(void *context); /* the person pressed ^C or left; NULL: never */
    void *context;
};
struct cli_command {
    const char *name;                                 /* "token create" */
    const char *synopsis;                             /* one line for the list of commands */
    const char *help;                                 /* the whole --help text */
    int (*run)(struct cli *c, int argc, char **argv); /* argv[0] is the command's name */
    bool needs_store;
};

/* Prints to out (or err); output that cannot be written is remembered and makes the command fail.
 */
void cli_print(struct cli *c, const char *format, ...) PRINTF(2, 3);
/* "clientele: text\n" on err; returns the exit code given, so that report-and-leave is one line. */
int cli_fail(struct cli *c, int exit_code, const char *format, ...) PRINTF(3, 4);

#endif
