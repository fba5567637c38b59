/* cell: what single cells of a file mean beyond their text: tokens that clear, and the guard of
 * exports.
 *
 * The guard is "'" before a text that would not arrive as it left: one that a spreadsheet program
 * would run as a formula, that import would take for a token, that looks like a damaged number, or
 * that begins with a guard itself.  Import removes exactly those, so that a file goes out and in
 * again without a change.  A number that begins with + or - has none: every program reads it as a
 * number.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DOMAIN_CELL_H
#define DOMAIN_CELL_H

#include "base/arena.h"
#include "base/str.h"

/* True for exactly [clear] or [очистить]. */
bool cell_is_clear_token(str cell);
/* True for 7.9E+10 and 7,9E+10: what a spreadsheet program made of a long number. */
bool cell_is_scientific(str cell);
/* True when a spreadsheet would run the cell of a text file as a formula. */
bool cell_runs_as_formula(str cell);
/* The text as a file shows it, with the guard when it needs one.  A workbook's cells are typed as
 * text: formulas need none there. */
str cell_guarded(struct arena *a, str text, bool workbook);
/* The text without the guard; the cell itself when it has none. */
str cell_unguarded(str cell);

#endif
