/* rights: what a role may do: one table of resources.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CABINET_RIGHTS_H
#define CABINET_RIGHTS_H

#include "domain/company.h"
#include "http/http.h"

#define CABINET_ROOT    "/cabinet"
#define CABINET_API     "/cabinet/api"
#define CABINET_COMPANY "/cabinet/api/companies/{company}"

/* Who at least: */
enum right {
    RIGHT_UNKNOWN,   /* the resource is not in the table */
    RIGHT_NOBODY,    /* who has not logged in, too */
    RIGHT_ANYBODY,   /* who has logged in */
    RIGHT_MODERATOR, /* and has this role in the company, or a higher one: */
    RIGHT_MANAGER,
    RIGHT_COMPANY_ADMIN,
    RIGHT_ADMIN
};
/* What a request by a route of that pattern needs. */
enum right right_needed(const char *pattern, enum http_method method);
/* Whether a role is enough for what is not RIGHT_UNKNOWN or RIGHT_NOBODY. */
bool right_has(enum right needed, enum user_role role);
/* Whether the pattern is of one company. */
bool right_is_of_company(const char *pattern);

#endif
