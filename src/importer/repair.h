/* repair: what a person may accept that an import does to the cells of a column.
 *
 * Nothing is repaired unasked: a finding names a rule, a person accepts it by the setting
 * "repairs", and from then on it is a rule of that import.  docs/findings.md lists them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef IMPORTER_REPAIR_H
#define IMPORTER_REPAIR_H

#include "importer/import.h"

enum repair_rule {
    REPAIR_BLANK_NO_DATA,     /* "-", "NULL", "нет данных", "#N/A": a blank cell */
    REPAIR_BLANK_VALUE,       /* the value stated: a blank cell */
    REPAIR_LEAVE_OUT_VALUE,   /* the value stated is left out: what is stored stays */
    REPAIR_LEAVE_OUT_DAMAGED, /* 7.9E+10, or digits lost after the 15th */
    REPAIR_PHONE_8_TO_7,
    REPAIR_PAD_ZEROS, /* zeros before a number, up to the length stated */
    REPAIR_DECIMAL_POINT,
    REPAIR_BOOLEAN, /* ИСТИНА, да, yes: true */
    REPAIR_LATIN_LETTERS,
    REPAIR_EMAIL_POINT, /* anna@mail,ru */
    REPAIR_RULE_COUNT
};
struct import_repair {
    enum repair_rule rule;
    str value; /* of a rule that takes one, as it was stated */
    const struct import_repair *next;
};

/* The name of a rule: "phone_8_to_7". */
const char *repair_rule_name(enum repair_rule rule);
/* The rule of a name; REPAIR_RULE_COUNT: none. */
enum repair_rule repair_rule_of(str name);
/* True when the rule may stand for such a column. */
bool repair_fits(enum repair_rule rule, const struct import_column *column);

/* Reads the setting: [{"column":"Телефон","rule":"phone_8_to_7"}, ...], and writes it in one form.
 * Errors: ERR_INVALID says what is allowed. */
MUST_CHECK bool repair_setting(struct arena *a, str text, str *ret_text, struct err *err);
/* Adds one "COLUMN=RULE" or "COLUMN=RULE:VALUE" to a setting.  Errors: as repair_setting(). */
MUST_CHECK bool repair_setting_add(struct arena *a, str text, str one, str *ret_text,
                                   struct err *err);
/* Hands each column its repairs; "#3" is the third one.  False with *ret_problem when a column is
 * not there or a rule does not fit it. */
MUST_CHECK bool repairs_of_columns(struct arena *a, str setting, struct import_column *column,
                                   size_t count, struct file_problem *ret_problem);

enum repair_outcome { REPAIR_KEEPS, REPAIR_CHANGES, REPAIR_LEAVES_OUT };
/* What one rule makes of a cell (trimmed, without its guard, not blank); *ret_cell is set when it
 * changes. */
enum repair_outcome repair_make(struct arena *a, const struct import_repair *r, str cell,
                                str *ret_cell);
/* What all of a column's rules make of it, one after another. */
enum repair_outcome repair_cell(struct arena *a, const struct import_repair *r, str cell,
                                str *ret_cell);

/* True for what people and programs write where there is nothing; a bare "нет" is not among it. */
bool repair_is_no_data(str cell);
/* 1: истина, да, yes, true; 0: ложь, нет, no, false; -1: none of these. */
int repair_boolean_word(str cell);
/* True for digits beyond the 15th that are all zeros: what a spreadsheet keeps of a long number. */
bool repair_lost_digits(str cell);

#endif
