/* The sentences themselves: data, kept apart from the code that fills them in.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef IMPORTER_WORDING_PRIV_H
#define IMPORTER_WORDING_PRIV_H

#include "importer/wording.h"

/* {value}, {detail}, {line}, {column}, {offset}, {byte}, {limit}, {size} are filled in; a part in
 * [brackets] is left out when one of its slots is empty. */
extern const char *const wording_file_sentence[FILE_PROBLEM_COUNT][LANGUAGE_COUNT];
extern const char *const wording_problem_sentence[PROBLEM_COUNT][LANGUAGE_COUNT];

#endif
