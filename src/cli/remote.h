/* remote: a command handed to the process that owns the data directory.
 *
 * `serve` listens on DIR/control.sock (mode 0600; the other end must be of the same user, or root).
 * The client sends its words, its language and its own files 0, 1, 2 and working directory
 * (SCM_RIGHTS, unix(7)); the server runs the same function with them and answers with the exit
 * code, one byte.  A client that goes away is noticed.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_REMOTE_H
#define CLI_REMOTE_H

#include "cli/cli.h"

struct remote;
/* Starts listening for commands on the store of data_dir. */
MUST_CHECK bool remote_start(struct store *store, struct jobs *jobs, const char *data_dir,
                             struct remote **ret_remote, struct err *err);
/* Stops: commands that run are told that their person left, and are waited for. */
void remote_stop(struct remote *r);
/* Runs argv in the owner of data_dir.  Errors: ERR_BUSY when it does not answer. */
MUST_CHECK bool remote_run(struct cli *c, const char *data_dir, int argc, char **argv,
                           int *ret_exit_code, struct err *err);

#endif
