/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/cell.h"

#include "base/utf8.h"

bool cell_is_clear_token(str cell)
{
    return str_eq(cell, STR("[clear]")) || str_eq(cell, STR("[очистить]"));
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* -5 and +79161234567 are harmless: every program reads them as numbers. */
static bool is_plain_number(str s)
{
    size_t digits = 0;
    for (size_t i = 0; i < s.len; i++) {
        bool digit = is_digit(s.ptr[i]);
        digits += digit;
        if (!digit && !(i == 0 && (s.ptr[i] == '-' || s.ptr[i] == '+')) && s.ptr[i] != '.')
            return false;
    }
    return digits > 0;
}

bool cell_is_scientific(str s)
{
    size_t i = 0, digits = 0;
    for (; i < s.len && (is_digit(s.ptr[i]) || s.ptr[i] == '.' || s.ptr[i] == ','); i++)
        digits += is_digit(s.ptr[i]);
    if (!digits || i == s.len || (s.ptr[i] | 32) != 'e')
        return false;
    i++;
    bool sign = i < s.len && (s.ptr[i] == '+' || s.ptr[i] == '-');
    i += sign;
    size_t start = i;
    while (i < s.len && is_digit(s.ptr[i]))
        i++;
    // 12e5 may be somebody's article number; with a point or a sign it is a damaged number.
    return i == s.len && i > start &&
           (sign || str_find(s, '.') < s.len || str_find(s, ',') < s.len);
}

/* What formulas begin with; some programs take the wide forms of East Asia for the narrow ones. */
bool cell_runs_as_formula(str cell)
{
    static const char *const wide[] = {"＝", "＋", "－", "＠"};
    if (!cell.len || is_plain_number(cell))
        return false;
    for (size_t i = 0; i < COUNT(wide); i++)
        if (str_starts(cell, str_of(wide[i])))
            return true;
    return memchr("=+-@\t\r\n", cell.ptr[0], 7) != NULL;
}

static bool needs_guard(str cell, bool workbook)
{
    return cell_is_clear_token(utf8_trim(cell)) || cell_is_scientific(cell) ||
           (!workbook && cell_runs_as_formula(cell)) || cell_unguarded(cell).len < cell.len;
}

str cell_guarded(struct arena *a, str text, bool workbook)
{
    if (!needs_guard(text, workbook))
        return text;
    char *guarded = arena_alloc(a, text.len + 1, 1, 1);
    guarded[0] = '\'';
    memcpy(guarded + 1, text.ptr, text.len);
    return (str){guarded, text.len + 1};
}

str cell_unguarded(str cell)
{
    // Only the last guard of a row of them can stand before something that needs one.
    size_t quotes = 0;
    while (quotes < cell.len && cell.ptr[quotes] == '\'')
        quotes++;
    return quotes && needs_guard(str_from(cell, quotes), false) ? str_from(cell, 1) : cell;
}
