/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/file_problem.h"

#include <errno.h>
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

bool file_problem_errno(struct file_problem *p, const char *what, struct err *err)
{
    static const struct {
        int number;
        enum file_problem_code code;
    } known[] = {{ENOENT, FILE_ABSENT},
                 {ENOTDIR, FILE_ABSENT},
                 {EACCES, FILE_NOT_ALLOWED},
                 {EPERM, FILE_NOT_ALLOWED},
                 {EISDIR, FILE_IS_FOLDER}};
    const int number = errno;
    err_errno(err, "%s", what);
    for (size_t i = 0; i < COUNT(known); i++)
        if (known[i].number == number)
            return file_problem_set(p, known[i].code, (str){0}, (str){0});
    return file_problem_set(p, FILE_UNREADABLE, (str){0}, str_of(err->msg));
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
