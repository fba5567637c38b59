/* import: a file of customers into the store: understand it, map its columns, apply its rows.
 *
 * import_open() reads the header and says what it understood or why the file cannot be taken;
 * import_run() then reads from the start again, with the same settings, on a thread of its own
 * while the company's writer applies.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef IMPORTER_IMPORT_H
#define IMPORTER_IMPORT_H

#include "formats/rows.h"
#include "store/store.h"

enum import_repeats { REPEATS_IN_ORDER, REPEATS_FIRST_WINS, REPEATS_FAIL };
enum import_mode {
    MODE_BOTH,
    MODE_CREATE_ONLY, /* rows of customers who are there are skipped */
    MODE_UPDATE_ONLY  /* rows without a customer are skipped; only external_id is required */
};
enum import_taken { /* another customer's e-mail */
                    TAKEN_FAIL,
                    TAKEN_LEAVE_OUT,
                    TAKEN_ADOPT /* a customer without external_id becomes the row's; else it fails
                                 */
};
enum import_bad { BAD_FAIL, BAD_LEAVE_OUT }; /* a value that is none: the row, or only the value */
enum import_attributes { ATTRIBUTES_MERGE, ATTRIBUTES_REPLACE };
enum import_from {
    FROM_ANYWHERE,
    FROM_APLAUT /* ID is the customer's legacy_id, every other name of the record is meant so, and
                   CUSTOM_ATTRIBUTES is a JSON object */
};
struct import_settings { /* {0} is the default of everything */
    struct rows_options rows;
    uint64_t header_row; /* the line (a sheet's row number) of the header, from 1; 0: the first
                            filled one */
    enum import_mode mode;
    enum import_from from; /* whose export the file is */
    bool blank_missing;    /* missing required columns count as blank */
    bool clear_blank;      /* a blank cell clears instead of keeping */
    bool allow_opt_in;     /* unsubscribed/complained may turn from true to false */
    enum import_taken taken_email;
    enum import_repeats repeats;
    enum import_attributes attributes;
    enum import_bad bad_values;
    enum import_webhooks webhooks; /* what webhooks are told */
    bool all_or_nothing;           /* a dry run first; nothing starts when a row of it fails */
    bool go_on;                 /* questions that only ask "are you sure" are answered with yes */
    enum date_order date_order; /* what 01/02/2018 is */
    str mapping;                /* a JSON object: what headers become; {0}: what they say */
    str repairs;                /* a JSON array; see importer/repair.h */
    uint64_t stated; /* a bit per setting that was said, be it the default: import_settings_set() */
};
struct import_repair; /* importer/repair.h */
struct findings;      /* importer/findings.h */
struct import_column {
    str header;                /* as in the file, trimmed */
    enum consumer_field field; /* FIELD_COUNT: a custom attribute or ignored */
    str attribute;  /* custom attribute's key; {0} when field is set or the column is ignored */
    bool by_id;     /* attributes.id: our own id */
    bool mapped;    /* a person said what it is */
    bool name_part; /* joined with the others of its kind as the name, in the order of columns */
    const char
        *warning; /* "reserved_column", "near_miss", "name_part", "unknown_attribute"; NULL */
    str near;     /* what a near miss is close to */
    const struct import_repair *repair; /* accepted for its cells, one after another; NULL: none */
};
struct import_plan; /* a file understood; one thread */
/* Understands the file at path.  On failure *ret_problem is for the person and err for the log.
 * zone is the company's and outlives the plan. */
MUST_CHECK bool import_open(const char *path, const struct import_settings *settings,
                            const struct zone *zone, struct import_plan **ret_plan,
                            struct file_problem *ret_problem, struct err *err);
/* Frees p; NULL is fine. */
void import_plan_free(struct import_plan *p);
DEFINE_AUTO(struct import_plan *, import_plan_free)
/* How the file was understood, and what its columns mean; borrowed from the plan: */
const struct rows_about *import_plan_about(const struct import_plan *p);
const struct import_column *import_plan_columns(const struct import_plan *p, size_t *ret_count);

/* By field (FIELD_COUNT): the header of its column, {0} without one; for reports.  Borrowed. */
const str *import_plan_header(const struct import_plan *p);
/* A fingerprint of the header, the same for every file with the same columns in the same order;
 * "" for JSON Lines. */
str import_plan_fingerprint(const struct import_plan *p);

struct import_progress {
    struct store_counts counts;
    uint64_t bytes_done, bytes;
};
struct import_watch { /* all optional */
    void (*progress)(
        void *context,
        const struct import_progress *progress); /* after each batch, on the caller's thread */
    /* One record that has problems or warnings, or any when all_records is set; in the order of
     * records, on the caller's thread. */
    void (*record)(void *context, const struct store_change *change);
    bool all_records;
    /* Asked before records are committed, on the writer's thread; false, with *err, and neither
     * they nor those after them are.  Of a task's run only. */
    bool (*judge)(void *context, const struct store_change *change, size_t count, struct err *err);
    bool (*cancelled)(void *context);
    void *context;
};
/* At which record a run is, from 1; 0: at none.  It may lie in memory that outlives the process, so
 * that the next one learns where this one died. */
struct import_place {
    _Atomic uint64_t reading, applying;
};
struct import_target {
    struct store_company *company;
    struct store_trial *trial; /* a dry run: nothing is written; NULL: a real one */
    int64_t
        task_id; /* progress, problems and position are committed with the rows; 0: none is kept */
    uint64_t skip;              /* data records done before, passed over */
    uint64_t max_records;       /* 0: all */
    int64_t origin;             /* who changes the customers: origin_of() */
    size_t batch_rows;          /* at most so many records per batch; 0: LIMIT_BATCH_ROWS */
    struct import_place *place; /* kept up to date; NULL: nobody asks */
    struct findings *findings;  /* sees every row on the reader's thread; NULL: none is kept */
};
/* Applies the rows.  Returns false when it stopped before the end: a broken file (*ret_problem),
 * cancelled (ERR_BUSY), or the store (err; ret_problem->code FILE_OK); the rows before that are
 * in. */
MUST_CHECK bool import_run(struct import_plan *p, const struct import_target *target,
                           const struct import_watch *watch, struct import_progress *ret_progress,
                           struct file_problem *ret_problem, struct err *err);
struct import_undo_watch { /* all optional, on the caller's thread */
    size_t batch_rows;     /* as in a target */
    bool quiet;            /* its changes are no events */
    struct import_place *place;
    void (*change)(void *context, const struct store_change *change); /* one that left something */
    void (*progress)(void *context, const struct store_undo_counts *counts);
    bool (*cancelled)(void *context);
    void *context;
};
/* Takes an import back, newest change first, from where its task says the undo has come; or, with a
 * trial, says what that would do.  retry: once more those e-mails that waited for the undo of
 * another import.  Errors: ERR_BUSY: cancelled, and to be gone on with. */
MUST_CHECK bool import_undo(struct store_company *company, struct store_trial *trial,
                            const struct store_task *task, bool retry,
                            const struct import_undo_watch *watch,
                            struct store_undo_counts *ret_counts, struct err *err);

/* The members "records" to "with_warnings" of a JSON object, without braces. */
void import_counts_write(struct buf *b, const struct store_counts *counts);
/* Settings as JSON text, for storing with a task. */
str import_settings_text(struct arena *a, const struct import_settings *settings);
/* Settings from the text of import_settings_text().  Errors: ERR_INVALID names the bad setting. */
MUST_CHECK bool import_settings_parse(struct arena *a, str text,
                                      struct import_settings *ret_settings, struct err *err);
/* Sets one setting by its name; an empty value leaves it as it is.
 * Errors: ERR_INVALID says what is allowed; ERR_NOT_FOUND: no such setting. */
MUST_CHECK bool import_settings_set(struct arena *a, struct import_settings *settings, str name,
                                    str value, struct err *err);
/* Sets those that a JSON object names, as import_settings_set(). */
MUST_CHECK bool import_settings_from_json(struct arena *a, const struct json *object,
                                          struct import_settings *settings, struct err *err);
/* Reads what a company's imports are to be when they say nothing else, as text to keep; a setting
 * that is about one file is none.  Errors: as of import_settings_set(). */
MUST_CHECK bool import_defaults_read(struct arena *a, const struct json *object, str *ret_text,
                                     struct err *err);
/* The name of a setting that may be such a default, from 0; NULL past the last. */
const char *import_defaults_name(size_t i);
/* What a file of failed rows takes over from the import that they failed in: what its columns mean
 * and which rules hold, not how its file was to be read. */
struct import_settings import_settings_for_correction(const struct import_settings *of);
/* Fills in what now does not say from the settings of an earlier import with the same header; what
 * is about one file (format, encoding, delimiter, sheet, header row, go_on) stays.  A mapping is
 * filled in header by header.  True when anything came of it. */
bool import_settings_fill(struct arena *a, struct import_settings *now,
                          const struct import_settings *old);
/* Fills in how a file is read, where the settings leave it open, with what its analysis found (a
 * JSON object as analysis_text() writes, or {0}): who reads it later reads what was shown. */
void import_settings_as_found(struct arena *a, str analysis, struct import_settings *settings);
/* "auto", "double", "single", "none". */
const char *import_quote_name(enum rows_quote quote);
/* The name of setting i, from 0; NULL past the last. */
const char *import_settings_name(size_t i);

#endif
