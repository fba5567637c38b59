/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/cell.h"

bool cell_is_clear_token(str cell)
{
    return str_eq(cell, STR("[clear]")) || str_eq(cell, STR("[очистить]"));
}

/* -5 and +79161234567 are harmless: every program reads them as numbers. */
static bool is_plain_number(str s)
{
    size_t digits = 0;
    for (size_t i = 0; i < s.len; i++) {
        bool digit = s.ptr[i] >= '0' && s.ptr[i] <= '9';
        digits += digit;
        if (!digit && !(i == 0 && (s.ptr[i] == '-' || s.ptr[i] == '+')) && s.ptr[i] != '.')
            return false;
    }
    return digits > 0;
}

static bool starts_like_formula(str s)
{
    return s.len && memchr("=+-@\t\r'", s.ptr[0], 7) != NULL;
}

bool cell_runs_as_formula(str cell)
{
    return starts_like_formula(cell) && cell.ptr[0] != '\'' && !is_plain_number(cell);
}

bool cell_needs_guard(str cell)
{
    return cell_is_clear_token(cell) || (starts_like_formula(cell) && !is_plain_number(cell));
}

str cell_unguarded(str cell)
{
    if (!cell.len || cell.ptr[0] != '\'')
        return cell;
    str rest = str_from(cell, 1);
    return cell_needs_guard(rest) ? rest : cell;
}
