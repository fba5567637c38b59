/* options: the words after a command's name, by a table.  No globals: commands may run on several
 * threads of a server.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "base/err.h"

enum { OPTION_REPEATS = 16 };
struct option_spec {
    const char *name; /* "data" for --data */
    bool takes_value;
};
struct option_value {
    const char *value[OPTION_REPEATS]; /* in order; NULL-terminated unless full */
    size_t count;
};
/* Reads argv[1..argc): --name VALUE, --name=VALUE, --flag; "--" ends the options.  value has one
 * element per spec; the rest of the words go to *ret_word.  Errors: ERR_INVALID says which word is
 * wrong. */
MUST_CHECK bool options_read(const struct option_spec *spec, size_t count, int argc, char **argv,
                             struct option_value *value, const char **ret_word, size_t max_words,
                             size_t *ret_words, struct err *err);

#endif
