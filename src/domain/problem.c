/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/problem.h"

static const char *const names[PROBLEM_COUNT] = {
#define PROBLEM_TEXT(name, text) [name] = text,
    PROBLEM_CODES(PROBLEM_TEXT)
#undef PROBLEM_TEXT
};

enum { SHOWN_BYTES = 200 };

struct problem *problem_add(struct problems *list, struct arena *a, enum problem_code code,
                            str field, str value)
{
    struct problem *p = ARENA_NEW(a, struct problem, 1);
    p->code = code;
    p->field = arena_str(a, field);
    p->value = arena_str(a, str_shown(value, SHOWN_BYTES));
    problems_append(list, p);
    return p;
}

void problems_append(struct problems *list, struct problem *problem)
{
    problem->next = NULL;
    if (list->last)
        list->last->next = problem;
    else
        list->first = problem;
    list->last = problem;
    list->count++;
}

const char *problem_code_name(enum problem_code code)
{
    return names[code];
}

enum problem_code problem_code_of(str name)
{
    for (size_t i = 0; i < PROBLEM_COUNT; i++)
        if (str_eq(name, str_of(names[i])))
            return (enum problem_code)i;
    return PROBLEM_COUNT;
}
