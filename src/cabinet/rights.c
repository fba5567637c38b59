/* SPDX-License-Identifier: Apache-2.0 */
#include "cabinet/rights.h"

/* The first that fits counts.  What is not here nobody may: a new route needs a line. */
static const struct {
    bool of_company;      /* below CABINET_COMPANY; else below CABINET_API */
    const char *resource; /* the first segment there */
    const char *part;     /* the segment after {id}; NULL: any, or none */
    enum right read, write;
} rights[] = {
    {false, "session", NULL, RIGHT_NOBODY, RIGHT_NOBODY}, // who is asked finds out who he is
    {false, "sessions", NULL, RIGHT_ANYBODY, RIGHT_ANYBODY},
    {false, "password", NULL, RIGHT_ANYBODY, RIGHT_ANYBODY},
    {false, "setup", NULL, RIGHT_NOBODY, RIGHT_NOBODY},
    {false, "invitation", NULL, RIGHT_NOBODY, RIGHT_NOBODY},
    {false, "companies", NULL, RIGHT_ADMIN, RIGHT_ADMIN},
    {true, "consumers", NULL, RIGHT_MODERATOR, RIGHT_MANAGER},
    {true, "operations", NULL, RIGHT_MANAGER, RIGHT_MANAGER},
    {true, "import_tasks", NULL, RIGHT_MODERATOR, RIGHT_MANAGER},
    {true, "import_uploads", NULL, RIGHT_MANAGER, RIGHT_MANAGER},
    {true, "export_tasks", NULL, RIGHT_MODERATOR, RIGHT_MANAGER},
    {true, "users", NULL, RIGHT_COMPANY_ADMIN, RIGHT_COMPANY_ADMIN},
    {true, "tokens", NULL, RIGHT_COMPANY_ADMIN, RIGHT_COMPANY_ADMIN},
    {true, "settings", NULL, RIGHT_COMPANY_ADMIN, RIGHT_COMPANY_ADMIN},
    {true, "requests", NULL, RIGHT_MANAGER, RIGHT_MANAGER},
    {true, "audit_log", NULL, RIGHT_COMPANY_ADMIN, RIGHT_COMPANY_ADMIN},
    {true, "overview", NULL, RIGHT_MODERATOR, RIGHT_MODERATOR},
    {true, "sample", NULL, RIGHT_MODERATOR, RIGHT_MODERATOR},
    {true, "webhooks", NULL, RIGHT_COMPANY_ADMIN, RIGHT_COMPANY_ADMIN},
};

bool right_is_of_company(const char *pattern)
{
    return str_starts(str_of(pattern), STR(CABINET_COMPANY "/"));
}

enum right right_needed(const char *pattern, enum http_method method)
{
    bool of_company = right_is_of_company(pattern),
         reads = method == HTTP_GET || method == HTTP_HEAD;
    str rest = str_of(pattern),
        prefix = of_company ? STR(CABINET_COMPANY "/") : STR(CABINET_API "/");
    if (!str_starts(rest, prefix))
        return RIGHT_UNKNOWN;
    rest = str_from(rest, prefix.len);
    str resource = str_split(&rest, '/');
    (void)str_split(&rest, '/'); // {id}
    str part = str_split(&rest, '/');
    for (size_t i = 0; i < COUNT(rights); i++)
        if (rights[i].of_company == of_company && str_eq(resource, str_of(rights[i].resource)) &&
            (!rights[i].part || str_eq(part, str_of(rights[i].part))))
            return reads ? rights[i].read : rights[i].write;
    return RIGHT_UNKNOWN;
}

bool right_has(enum right needed, enum user_role role)
{
    static const enum right of_role[ROLE_COUNT] = {
        [ROLE_MODERATOR] = RIGHT_MODERATOR,
        [ROLE_MANAGER] = RIGHT_MANAGER,
        [ROLE_COMPANY_ADMIN] = RIGHT_COMPANY_ADMIN,
        [ROLE_ADMIN] = RIGHT_ADMIN,
    };
    return needed > RIGHT_NOBODY && of_role[role] >= needed;
}
