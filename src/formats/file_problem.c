/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/file_problem.h"

#include <stdio.h>

static const char *const names[FILE_PROBLEM_COUNT] = {
#define FILE_PROBLEM_TEXT(name, text) [name] = text,
    FILE_PROBLEM_CODES(FILE_PROBLEM_TEXT)
#undef FILE_PROBLEM_TEXT
};

static void set_text(char *to, size_t room, str text)
{
    if (!str_is_null(text))
        (void)snprintf(to, room, "%.*s", STR_ARG(str_shown(text, room - 1)));
}

bool file_problem_set(struct file_problem *p, enum file_problem_code code, str value, str detail)
{
    p->code = code;
    set_text(p->value, sizeof p->value, value);
    set_text(p->detail, sizeof p->detail, detail);
    return false;
}

const char *file_problem_code_name(enum file_problem_code code)
{
    return names[code];
}

enum file_problem_code file_problem_code_of(str name)
{
    for (size_t i = 0; i < FILE_PROBLEM_COUNT; i++)
        if (str_eq(name, str_of(names[i])))
            return (enum file_problem_code)i;
    return FILE_PROBLEM_COUNT;
}
