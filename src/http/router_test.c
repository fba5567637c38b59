/* SPDX-License-Identifier: Apache-2.0 */
#include "http/router.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct http_route routes[] = {
    {.methods = HTTP_GET, .pattern = "/"},
    {.methods = HTTP_GET | HTTP_POST, .pattern = "/v4/consumers"},
    {.methods = HTTP_POST, .pattern = "/v4/consumers/bulk"},
    {.methods = HTTP_GET | HTTP_PUT, .pattern = "/v4/consumers/{id}"},
    {.methods = HTTP_DELETE, .pattern = "/v4/consumers/{id}"},
    {.methods = HTTP_GET, .pattern = "/v4/{kind}/{id}/errors"},
    {.methods = HTTP_OPTIONS | HTTP_GET, .pattern = "/own/options"},
    {.methods = HTTP_GET, .pattern = "/app/api/one"},
    {.methods = HTTP_GET | HTTP_POST, .pattern = "/app/api/{id...}"},
    {.methods = HTTP_GET, .pattern = "/app/{id...}"},
};

static void router_finds_routes(void **state)
{
    static const struct {
        const char *name;
        enum http_method method;
        const char *path;
        enum router_outcome outcome;
        int route;           /* the index in routes; -1: none */
        const char *id;      /* NULL: no such segment */
        const char *allowed; /* NULL: not looked at */
    } cases[] = {
        {"the root", HTTP_GET, "/", ROUTER_FOUND, 0, NULL, NULL},
        {"literals", HTTP_POST, "/v4/consumers", ROUTER_FOUND, 1, NULL, NULL},
        {"HEAD goes with GET", HTTP_HEAD, "/v4/consumers", ROUTER_FOUND, 1, NULL, NULL},
        {"an id", HTTP_GET, "/v4/consumers/7", ROUTER_FOUND, 3, "7", NULL},
        {"another method of the same path", HTTP_DELETE, "/v4/consumers/7", ROUTER_FOUND, 4, "7",
         NULL},
        {"a literal before a placeholder", HTTP_POST, "/v4/consumers/bulk", ROUTER_FOUND, 2, NULL,
         NULL},
        {"a placeholder where the literal has no such method", HTTP_GET, "/v4/consumers/bulk",
         ROUTER_FOUND, 3, "bulk", NULL},
        {"an id with dots", HTTP_GET, "/v4/consumers/ivan.petrov.json", ROUTER_FOUND, 3,
         "ivan.petrov.json", NULL},
        {"an id with a slash", HTTP_GET, "/v4/consumers/a%2Fb", ROUTER_FOUND, 3, "a/b", NULL},
        {"an id is decoded once", HTTP_GET, "/v4/consumers/a%252Fb", ROUTER_FOUND, 3, "a%2Fb",
         NULL},
        {"an id with spaces", HTTP_GET, "/v4/consumers/a%20b", ROUTER_FOUND, 3, "a b", NULL},
        {"a plus in a path is a plus", HTTP_GET, "/v4/consumers/a+b", ROUTER_FOUND, 3, "a+b", NULL},
        {"an id in Cyrillic", HTTP_GET, "/v4/consumers/%D0%98%D0%B2%D0%B0%D0%BD", ROUTER_FOUND, 3,
         "Иван", NULL},
        {"an encoded literal is the literal", HTTP_GET, "/v4/%63onsumers", ROUTER_FOUND, 1, NULL,
         NULL},
        {"a placeholder in the middle", HTTP_GET, "/v4/import_tasks/9/errors", ROUTER_FOUND, 5, "9",
         NULL},
        {"an empty id", HTTP_GET, "/v4/consumers/", ROUTER_NO_ROUTE, -1, NULL, NULL},
        {"too many segments", HTTP_GET, "/v4/consumers/a/b", ROUTER_NO_ROUTE, -1, NULL, NULL},
        {"far too many segments", HTTP_GET, "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r", ROUTER_NO_ROUTE,
         -1, NULL, NULL},
        {"slashes only", HTTP_GET, "///", ROUTER_NO_ROUTE, -1, NULL, NULL},
        {"dots are not walked", HTTP_GET, "/v4/x/../consumers", ROUTER_NO_ROUTE, -1, NULL, NULL},
        {"a wrong method names the right ones", HTTP_POST, "/v4/consumers/7", ROUTER_WRONG_METHOD,
         -1, NULL, "GET, HEAD, PUT, DELETE, OPTIONS"},
        {"OPTIONS of a path", HTTP_OPTIONS, "/v4/consumers", ROUTER_OPTIONS, -1, NULL,
         "GET, HEAD, POST, OPTIONS"},
        {"OPTIONS of no path", HTTP_OPTIONS, "/nowhere", ROUTER_NO_ROUTE, -1, NULL, NULL},
        {"OPTIONS of the server", HTTP_OPTIONS, "*", ROUTER_OPTIONS, -1, NULL,
         "GET, HEAD, POST, PUT, DELETE, OPTIONS"},
        {"OPTIONS that a route takes", HTTP_OPTIONS, "/own/options", ROUTER_FOUND, 6, NULL, NULL},
        {"a NUL", HTTP_GET, "/v4/consumers/a%00b", ROUTER_BAD_TARGET, -1, NULL, NULL},
        {"a bad escape", HTTP_GET, "/v4/consumers/a%2", ROUTER_BAD_TARGET, -1, NULL, NULL},
        {"an escape of other letters", HTTP_GET, "/v4/consumers/%zz", ROUTER_BAD_TARGET, -1, NULL,
         NULL},
        {"not UTF-8", HTTP_GET, "/v4/consumers/%ff", ROUTER_BAD_TARGET, -1, NULL, NULL},
        {"an overlong slash", HTTP_GET, "/v4/consumers/%c0%af", ROUTER_BAD_TARGET, -1, NULL, NULL},
        {"all the rest", HTTP_GET, "/app/a/b/c", ROUTER_FOUND, 9, "a/b/c", NULL},
        {"one segment is a rest", HTTP_GET, "/app/a", ROUTER_FOUND, 9, "a", NULL},
        {"an empty one, too", HTTP_GET, "/app/", ROUTER_FOUND, 9, "", NULL},
        {"no segment is none", HTTP_GET, "/app", ROUTER_NO_ROUTE, -1, NULL, NULL},
        {"the rest is decoded", HTTP_GET, "/app/%D0%98/b%20c", ROUTER_FOUND, 9, "И/b c", NULL},
        {"an encoded slash is no part of a rest", HTTP_GET, "/app/a%2Fb", ROUTER_NO_ROUTE, -1, NULL,
         NULL},
        {"the first of two rests", HTTP_POST, "/app/api/x", ROUTER_FOUND, 8, "x", NULL},
        {"a literal before a rest", HTTP_GET, "/app/api/one", ROUTER_FOUND, 7, NULL, NULL},
        {"a rest takes no method of a literal", HTTP_POST, "/app/api/one", ROUTER_WRONG_METHOD, -1,
         NULL, "GET, HEAD, OPTIONS"},
        {"a rest of too many segments", HTTP_GET, "/app/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q",
         ROUTER_NO_ROUTE, -1, NULL, NULL},
        {"a bad escape where no route is", HTTP_GET, "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/%",
         ROUTER_BAD_TARGET, -1, NULL, NULL},
    };
    (void)state;
    AUTO(router_free) struct router *t = router_new(routes, COUNT(routes));
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        struct router_match m;
        enum router_outcome outcome =
            router_find(t, &a, cases[i].method, str_of(cases[i].path), &m);
        int route = m.route ? (int)(m.route - routes) : -1;
        if (outcome != cases[i].outcome || route != cases[i].route)
            fail_msg("%s: outcome %d, route %d", cases[i].name, outcome, route);
        str id = router_segment(&m, "id");
        if (!str_eq(id, str_of(cases[i].id)) || str_is_null(id) != (cases[i].id == NULL))
            fail_msg("%s: id '%.*s'", cases[i].name, STR_ARG(id));
        str allowed = router_allow(&a, m.allowed);
        if (cases[i].allowed && !str_eq(allowed, str_of(cases[i].allowed)))
            fail_msg("%s: allowed '%.*s'", cases[i].name, STR_ARG(allowed));
        if ((outcome == ROUTER_BAD_TARGET) != (m.detail != NULL))
            fail_msg("%s: detail '%s'", cases[i].name, m.detail ? m.detail : "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(router_finds_routes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
