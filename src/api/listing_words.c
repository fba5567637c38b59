/* What is said about a filter or an order that is none.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "api/listing.h"

#include "base/limits.h"

#include <stdio.h>

#define OPERATORS "eq, exists, gt, gte, in, lt, lte, neq"

void listing_refuse_cursor(struct http_request *r, bool other_query)
{
    error_answer(r, 400, "Bad request",
                 other_query ? "Cursor was issued for a different query" : "Invalid cursor");
}

void listing_refuse_search(struct http_request *r, enum search_problem problem)
{
    AUTO(arena_done) struct arena a = {0};
    if (problem == SEARCH_TOO_LONG)
        error_query(r, "search",
                    arena_format(&a,
                                 SAY(r, "is longer than %d bytes", "длиннее %d байт"),
                                 LIMIT_SEARCH_BYTES)
                        .ptr);
    else
        error_query(r, "search",
                    arena_format(&a,
                                 SAY(r, "has more than %d words with blanks between",
                                     "больше %d слов через пробел"),
                                 LIMIT_SEARCH_PARTS)
                        .ptr);
}

static str syntax_text(struct http_request *r, const struct filter_problem *p)
{
    struct arena *a = http_arena(r);
    str word = str_shown(p->word, 100), field = str_shown(p->field, 100);
    switch (p->error) {
    case FILTER_NO_FIELD:
        return arena_str(a, str_of(SAY(r, "a field is missing", "нет поля")));
    case FILTER_NO_OPERATOR:
        return arena_format(a,
                            SAY(r, "after '%.*s' a colon and an operator are missing, one of %s",
                                "после '%.*s' нет двоеточия и оператора, одного из: %s"),
                            STR_ARG(field), OPERATORS);
    case FILTER_UNKNOWN_OPERATOR:
        return arena_format(
            a, SAY(r, "unknown operator '%.*s', allowed: %s", "нет оператора '%.*s'; есть: %s"),
            STR_ARG(word), OPERATORS);
    case FILTER_NO_VALUE:
        return arena_format(a,
                            SAY(r, "after '%.*s' a colon and a value are missing",
                                "после '%.*s' нет двоеточия и значения"),
                            STR_ARG(word));
    default:
        return arena_format(a,
                            SAY(r, "unknown direction '%.*s', allowed: asc, desc",
                                "нет направления '%.*s'; есть: asc, desc"),
                            STR_ARG(word));
    }
}

static str sense_text(struct http_request *r, const char *parameter, const struct filter_problem *p)
{
    struct arena *a = http_arena(r);
    str word = str_shown(p->word, 100), field = str_shown(p->field, 100);
    str fields = parameter[0] == 's' ? consumer_order_fields() : consumer_filter_fields();
    switch (p->error) {
    case FILTER_UNKNOWN_FIELD:
        return arena_format(
            a, SAY(r, "unknown field '%.*s', allowed: %.*s", "нет поля '%.*s'; есть: %.*s"),
            STR_ARG(field), STR_ARG(fields));
    case FILTER_WRONG_OPERATOR:
        return arena_format(a,
                            SAY(r, "operator '%.*s' is not for %.*s, allowed: eq, exists, in, neq",
                                "оператор '%.*s' не для %.*s; для него: eq, exists, in, neq"),
                            STR_ARG(word), STR_ARG(field));
    case FILTER_NOT_DATE:
        return arena_format(
            a,
            SAY(r, "%.*s: '%.*s' is no date and time such as 2026-09-25T14:03:11+03:00",
                "%.*s: '%.*s' — не дата со временем вида 2026-09-25T14:03:11+03:00"),
            STR_ARG(field), STR_ARG(word));
    case FILTER_NOT_BOOLEAN:
        return arena_format(
            a,
            SAY(r, "%.*s: '%.*s' is neither true nor false", "%.*s: '%.*s' — не true и не false"),
            STR_ARG(field), STR_ARG(word));
    case FILTER_NOT_ID:
        return arena_format(a,
                            SAY(r, "%.*s: '%.*s' is no id of 24 hexadecimal digits",
                                "%.*s: '%.*s' — не id из 24 шестнадцатеричных цифр"),
                            STR_ARG(field), STR_ARG(word));
    default:
        return arena_format(
            a, SAY(r, "more than %d conditions, or %d values", "больше %d условий или %d значений"),
            LIMIT_FILTER_CONDITIONS, LIMIT_FILTER_VALUES);
    }
}

void listing_refuse(struct http_request *r, const char *parameter,
                    const struct filter_problem *problem)
{
    const struct error e = {.status = 400,
                            .title = "Bad request",
                            .source = SOURCE_PARAMETER,
                            .where = str_of(parameter)};
    if (filter_error_is_syntax(problem->error))
        error_say(r, &e, SAY(r, "%s: at character %zu: %s", "%s: символ %zu: %s"), parameter,
                  problem->at, syntax_text(r, problem).ptr);
    else
        error_query(r, parameter, sense_text(r, parameter, problem).ptr);
}
