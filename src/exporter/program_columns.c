/* The columns of a jq program, read from its text: what stands in the list that it ends in.  No
 * parser of the language: brackets, strings and comments are enough.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "exporter/program.h"

/* Past the string that begins at text[i]; what is inside \(...) may have strings, too. */
static size_t after_string(str text, size_t i)
{
    for (i++; i < text.len && text.ptr[i] != '"'; i++) {
        if (text.ptr[i] != '\\' || ++i >= text.len || text.ptr[i] != '(')
            continue;
        size_t depth = 1;
        for (i++; i < text.len && depth; i++) {
            depth += text.ptr[i] == '(';
            depth -= text.ptr[i] == ')';
            if (text.ptr[i] == '"')
                i = after_string(text, i) - 1;
        }
        i--;
    }
    return MIN(i + 1, text.len);
}

static size_t after_comment(str text, size_t i)
{
    while (i < text.len && text.ptr[i] != '\n')
        i++;
    return i;
}

/* Calls at() for each byte outside of strings and comments, with the depth of brackets before it.
 */
static void walk(str text, void (*at)(void *context, size_t i, size_t depth), void *context)
{
    size_t depth = 0;
    for (size_t i = 0; i < text.len;) {
        char c = text.ptr[i];
        if (c == '"') {
            i = after_string(text, i);
        } else if (c == '#') {
            i = after_comment(text, i);
        } else {
            bool closes = c == ')' || c == ']' || c == '}';
            depth -= closes && depth;
            at(context, i, depth);
            depth += c == '(' || c == '[' || c == '{';
            i++;
        }
    }
}

struct cuts {
    str text;
    size_t last;                     /* where the last stage begins */
    size_t opened, closed;           /* of the first list at depth 0 */
    size_t at[LIMIT_COLUMNS], count; /* commas inside */
};

static void find_stage(void *context, size_t i, size_t depth)
{
    struct cuts *c = context;
    if (depth == 0 && (c->text.ptr[i] == '|' || c->text.ptr[i] == ';'))
        c->last = i + 1;
}

static void find_commas(void *context, size_t i, size_t depth)
{
    struct cuts *c = context;
    if (depth == 0 && c->text.ptr[i] == ']' && !c->closed)
        c->closed = i;
    if (depth == 1 && c->text.ptr[i] == ',' && c->count < LIMIT_COLUMNS)
        c->at[c->count++] = i;
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_';
}

static void add_upper(struct buf *b, str word)
{
    if (b->len)
        buf_add_char(b, '.');
    for (size_t i = 0; i < word.len; i++)
        buf_add_char(b, word.ptr[i] >= 'a' && word.ptr[i] <= 'z' ? (char)(word.ptr[i] - 32)
                                                                 : word.ptr[i]);
}

/* Reads .a.b, ."a b" and .["a"] from element[i] on; how far it goes. */
static size_t read_path(str element, size_t i, struct buf *b)
{
    for (;;) {
        bool dot = i < element.len && element.ptr[i] == '.';
        size_t from = i + dot, to = from;
        bool bracket =
            from + 1 < element.len && element.ptr[from] == '[' && element.ptr[from + 1] == '"';
        if (bracket)
            to = ++from;
        if (from < element.len && element.ptr[from] == '"' && (dot || bracket)) {
            to = after_string(element, from);
            add_upper(b, str_first(str_from(element, from + 1), to - from - 2));
            to += bracket && to < element.len;
        } else {
            while (dot && to < element.len && is_word(element.ptr[to]))
                to++;
            if (to == from)
                return i;
            add_upper(b, str_first(str_from(element, from), to - from));
        }
        i = to + (to < element.len && element.ptr[to] == '?');
    }
}

static str name_of(str element, struct arena *a, size_t number)
{
    AUTO(buf_done) struct buf b = {0};
    for (size_t i = 0; i < element.len && !b.len;) {
        char c = element.ptr[i];
        if (c == '"')
            i = after_string(element, i);
        else if (c == '#')
            i = after_comment(element, i);
        else
            i = MAX(read_path(element, i, &b), i + 1);
    }
    return b.len ? arena_str(a, buf_str(&b)) : arena_format(a, "COLUMN_%zu", number);
}

void program_columns(str text, struct arena *a, str **ret_name, size_t *ret_count)
{
    struct cuts *c = ARENA_NEW(a, struct cuts, 1);
    *ret_count = 0;
    c->text = text;
    walk(text, find_stage, c);
    c->text = str_trim(str_from(text, c->last));
    if (!str_starts(c->text, STR("[")))
        return;
    walk(c->text, find_commas, c);
    if (c->closed + 1 != c->text.len ||
        !str_trim(str_first(str_from(c->text, 1), c->closed - 1)).len)
        return;
    *ret_name = ARENA_NEW(a, str, c->count + 1);
    for (size_t n = 0; n <= c->count; n++) {
        size_t from = n ? c->at[n - 1] + 1 : 1, to = n < c->count ? c->at[n] : c->closed;
        (*ret_name)[n] = name_of(str_first(str_from(c->text, from), to - from), a, n + 1);
    }
    *ret_count = c->count + 1;
}
