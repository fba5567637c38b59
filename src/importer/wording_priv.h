/* The sentences themselves: data, kept apart from the code that fills them in.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef IMPORTER_WORDING_PRIV_H
#define IMPORTER_WORDING_PRIV_H

#include "importer/findings.h"
#include "importer/wording.h"

/* {value}, {detail}, {line}, {column}, {offset}, {byte}, {limit}, {size} are filled in; a part in
 * [brackets] is left out when one of its slots is empty. */
extern const char *const wording_file_sentence[FILE_PROBLEM_COUNT][LANGUAGE_COUNT];
extern const char *const wording_problem_sentence[PROBLEM_COUNT][LANGUAGE_COUNT];
extern const char *const wording_undo_note_sentence[LANGUAGE_COUNT];

/* Of findings: {limit} is how many, {value} what. */
extern const char *const wording_finding_sentence[FINDING_COUNT][LANGUAGE_COUNT];
extern const char *const wording_repair_offer[REPAIR_RULE_COUNT][LANGUAGE_COUNT];
/* What is offered by a setting of its own; NULL: nothing is. */
extern const char *const wording_finding_offer[FINDING_COUNT][LANGUAGE_COUNT];

/* What is wrong with a setting, as import_settings_set() says it, and in Russian: each {} stands
 * for the same text in both, in the same order. */
struct wording_pair {
    const char *english, *russian;
};
extern const struct wording_pair wording_setting_sentence[];
extern const size_t wording_setting_sentences;

/* A sentence with its slots filled in. */
str wording_fill(struct arena *a, enum language language, const char *sentence,
                 const struct file_problem *slots);

#endif
