/* cell: what single cells of a file mean beyond their text: tokens that clear, and the guard of
 * exports.
 *
 * An export puts "'" before a text that a spreadsheet program would run as a formula, or that
 * import would take for a token; import removes exactly those, so that a file goes out and in again
 * without a change.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DOMAIN_CELL_H
#define DOMAIN_CELL_H

#include "base/str.h"

/* True for exactly [clear] or [очистить]. */
bool cell_is_clear_token(str cell);
/* True when an export must put the guard before this text. */
bool cell_needs_guard(str cell);
/* The text without the guard; the cell itself when it has none. */
str cell_unguarded(str cell);

/* True when a spreadsheet would run the cell of a text file as a formula. */
bool cell_runs_as_formula(str cell);

#endif
