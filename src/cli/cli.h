/* cli: the subcommands and what they run in.
 *
 * A command that works on a data directory runs in the process that owns it: here, or, when a
 * server holds the lock, there: the same function, with this process's files handed over a Unix
 * socket (remote.h).  So a command writes through `cli` only, never through stdio's globals, and
 * never exits by itself.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "cli/options.h"
#include "importer/wording.h"
#include "jobs/jobs.h"
#include "store/store.h"

/* Exit codes, the same for every command. */
enum {
    EXIT_OK = 0,
    EXIT_FAILED = 1,      /* it did not work; stderr says why */
    EXIT_USAGE = 2,       /* wrong words; stderr says which */
    EXIT_ROWS_FAILED = 3, /* an import finished, some rows failed */
    EXIT_FILE = 4,        /* a file cannot be read */
    EXIT_NOT_FOUND = 5,   /* no such company, user, token */
    EXIT_BUSY = 6         /* the data directory is in use and its owner does not answer */
};

struct cli {
    int in, out, err;    /* the person's terminal, files or pipes */
    int cwd;             /* relative paths are relative to this directory */
    struct store *store; /* open, for commands that need it; borrowed */
    struct jobs *jobs;   /* started, for commands that need the store; borrowed */
    enum language language;
    bool (*gone)(void *context); /* the person left; NULL: never */
    void *context;
    struct arena arena; /* for the length of the command */
    const struct option_spec *spec;
    struct option_value option[40];
    const char *word[4];
    size_t words;
};
struct cli_command {
    const char *name;     /* "token create" */
    const char *synopsis; /* "--data DIR ..." */
    const char *summary;  /* one line */
    const char *help;     /* what each option does */
    int (*run)(struct cli *c);
    struct option_spec spec[40]; /* ended by a NULL name */
    size_t max_words;
    bool needs_store;   /* opened from --data */
    bool may_use_store; /* the same, when --data is given */
};

/* Prints to out. */
void cli_print(struct cli *c, const char *format, ...) PRINTF(2, 3);
/* Writes text to out as it is; a failure is passed over: the person may have left. */
void cli_write(struct cli *c, str text);
/* "clientele: text\n" on err; returns the exit code given, so that report-and-leave is one line. */
int cli_fail(struct cli *c, int exit_code, const char *format, ...) PRINTF(3, 4);
/* Reports an err with the exit code that fits it. */
int cli_fail_err(struct cli *c, const struct err *err);
/* An option's (last) value; NULL when it was not given.  A flag's is "". */
const char *cli_option(const struct cli *c, const char *name);
/* All of them, in order. */
const struct option_value *cli_options(const struct cli *c, const char *name);
/* The path as this process can open it: relative ones from the person's directory. */
const char *cli_path(struct cli *c, const char *path);
/* CLIENTELE_TOKEN_MAX_DAYS, for a command that opens the data itself; 0: usual. */
uint64_t cli_token_max_days(void);
/* Where the operator keeps the sealing key (the variable CLIENTELE_SEAL_KEY); NULL: in the data
 * directory. */
const char *cli_seal_key(void);
/* The company named by --company; the only one when it is not given.  Returns EXIT_OK or the code
 * to leave with. */
int cli_company(struct cli *c, struct company *ret_company);
/* Finds the option table's words in argv and runs the command. */
int cli_run(struct cli *c, const struct cli_command *command, int argc, char **argv);
/* The command that argv names, and how many words its name has; NULL: none. */
const struct cli_command *cli_find(int argc, char **argv, int *ret_words);

#endif
