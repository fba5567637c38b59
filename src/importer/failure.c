/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "importer/wording.h"

static const struct {
    const char *name;
    size_t offset;
} number[] = {
    {"offset", offsetof(struct file_problem, offset)},
    {"line", offsetof(struct file_problem, line)},
    {"column", offsetof(struct file_problem, column)},
    {"limit", offsetof(struct file_problem, limit)},
};

static uint64_t *number_at(struct file_problem *p, size_t i)
{
    return (uint64_t *)((char *)p + number[i].offset);
}

str wording_failure_text(struct arena *a, const struct file_problem *problem)
{
    AUTO(buf_done) struct buf b = {0};
    struct file_problem copy = *problem;
    buf_format(&b, "{\"code\":\"%s\"", file_problem_code_name(problem->code));
    for (size_t i = 0; i < COUNT(number); i++)
        if (*number_at(&copy, i))
            buf_format(&b, ",\"%s\":%llu", number[i].name,
                       (unsigned long long)*number_at(&copy, i));
    if (problem->byte)
        buf_format(&b, ",\"byte\":%u", problem->byte);
    if (problem->value[0])
        json_add_string(&b, "value", str_of(problem->value));
    if (problem->detail[0])
        json_add_string(&b, "detail", str_of(problem->detail));
    buf_add_char(&b, '}');
    return arena_str(a, buf_str(&b));
}

static str text_of(const struct json *tree, const char *key)
{
    const struct json *value = json_get(tree, key);
    return value && value->kind == JSON_STRING ? value->text : (str){0};
}

struct file_problem wording_failure_parse(str text)
{
    AUTO(arena_done) struct arena a = {0};
    struct file_problem p = {.code = FILE_UNREADABLE};
    struct json tree;
    struct json_place place;
    struct err err;
    if (!json_parse(text, &a, &tree, &place, &err))
        return p;
    for (size_t i = 0; i < COUNT(number); i++) {
        const struct json *value = json_get(&tree, number[i].name);
        if (value && !str_to_u64(value->text, number_at(&p, i)))
            *number_at(&p, i) = 0;
    }
    uint64_t byte = 0;
    const struct json *value = json_get(&tree, "byte");
    if (value && str_to_u64(value->text, &byte))
        p.byte = (unsigned)byte;
    enum file_problem_code code = file_problem_code_of(text_of(&tree, "code"));
    (void)file_problem_set(&p, code == FILE_PROBLEM_COUNT ? FILE_UNREADABLE : code,
                           text_of(&tree, "value"), text_of(&tree, "detail"));
    return p;
}
