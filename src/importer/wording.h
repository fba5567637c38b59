/* wording: what people read about problems, in English and Russian.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef IMPORTER_WORDING_H
#define IMPORTER_WORDING_H

#include "domain/consumer.h"
#include "formats/file_problem.h"
#include "store/store.h"

enum language { LANGUAGE_EN, LANGUAGE_RU, LANGUAGE_COUNT };

/* One sentence or two: what the file is, where the trouble stands, what to do next. */
str wording_file_problem(struct arena *a, enum language language,
                         const struct file_problem *problem);
/* The reason a record was refused or warned about, with no value in it: "is already taken". */
str wording_problem(struct arena *a, enum language language, const struct problem *problem);
/* What a person should know before an undo: which later changes it cannot see. */
str wording_undo_note(enum language language);
/* "lines 2–41, 57 and 3 more": where a group's problems are, at most `ranges` of them. */
str wording_lines(struct arena *a, enum language language, const struct store_error_group *group,
                  size_t ranges);
/* What import_settings_set() or another reader of what was sent says of it ("mode: use ..."), in
 * the language; as it is when there is no sentence for it. */
str wording_setting(struct arena *a, enum language language, str message);
/* "ru", "ru-RU,en;q=0.5", "ru_RU.UTF-8": the first language known; fallback otherwise. */
enum language wording_language_of(str text, enum language fallback);

/* What can be asked of an import task, */
enum task_action {
    TASK_SETTINGS,
    TASK_DRY_RUN,
    TASK_START,
    TASK_CANCEL,
    TASK_REVERT,
    TASK_ACTION_COUNT
};
/* and why it is refused. */
enum task_refusal {
    TASK_REFUSED_STATE,
    TASK_REFUSED_NO_DRY_RUN, /* start with a fingerprint */
    TASK_REFUSED_NOTHING,    /* revert: it changed nobody */
    TASK_REFUSED_TOO_OLD,    /* revert */
    TASK_REFUSAL_COUNT
};
/* "settings", "dry_run", "start", "cancel", "revert". */
const char *task_action_name(enum task_action action);
/* A sentence that names the state and the actions that are possible (a bit each).  days: how long
 * what an import changed is kept. */
str wording_refusal(struct arena *a, enum language language, enum task_refusal why,
                    enum task_state state, enum task_action action, unsigned possible, int days);

/* What an undo left: what and why; both values, who changed it and when, in the zone. */
str wording_kept(struct arena *a, enum language language, const struct zone *zone,
                 const struct store_kept *kept);

/* A file problem as JSON text, for keeping with a task. */
str wording_failure_text(struct arena *a, const struct file_problem *problem);
/* A file problem from the text of wording_failure_text(); FILE_UNREADABLE when it cannot be
 * read. */
struct file_problem wording_failure_parse(str text);

#endif
