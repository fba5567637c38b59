/* SPDX-License-Identifier: Apache-2.0 */
#include "cabinet/cabinet_priv.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"

enum { WORK_THREADS = 2, PASSWORD_THREADS = 2 };

/* What the door let through to no handler. */
static void nothing(struct http_request *r)
{
    error_say(r, &(struct error){.status = 404, .code = "no_route"}, "%s",
              SAY(r, "There is nothing at this address of the cabinet",
                  "По этому адресу в кабинете ничего нет"));
}

#define VISIT(method, pattern_text, function)                                                      \
    {                                                                                              \
        .methods = (method), .pattern = (pattern_text), .handle = (function),                      \
        .resumed = errand_resumed, .end = errand_end, .max_body_bytes = LIMIT_RECORD_BODY_BYTES    \
    }

/* Each resource of these needs its line in rights.c. */
static const struct http_route routes[] = {
    VISIT(HTTP_GET, CABINET_API "/session", session_get),
    VISIT(HTTP_POST, CABINET_API "/session", session_create),
    VISIT(HTTP_DELETE, CABINET_API "/session", session_delete),
    VISIT(HTTP_GET, CABINET_API "/sessions", sessions_list),
    VISIT(HTTP_DELETE, CABINET_API "/sessions", sessions_delete),
    VISIT(HTTP_PUT, CABINET_API "/password", password_put),
    VISIT(HTTP_POST, CABINET_API "/setup", setup_create),
    VISIT(HTTP_POST, CABINET_API "/invitation", invitation_show),
    VISIT(HTTP_POST, CABINET_API "/invitation/accept", invitation_accept),
    VISIT(HTTP_GET, CABINET_API "/companies", companies_list),
    VISIT(HTTP_POST, CABINET_API "/companies", companies_create),
    VISIT(HTTP_GET, CABINET_COMPANY "/users", users_list),
    VISIT(HTTP_POST, CABINET_COMPANY "/users", users_create),
    VISIT(HTTP_PATCH, CABINET_COMPANY "/users/{id}", users_set),
    VISIT(HTTP_DELETE, CABINET_COMPANY "/users/{id}", users_delete),
    VISIT(HTTP_POST, CABINET_COMPANY "/users/{id}/invitation", users_invite),
    VISIT(HTTP_GET, CABINET_COMPANY "/tokens", tokens_list),
    VISIT(HTTP_POST, CABINET_COMPANY "/tokens", tokens_create),
    VISIT(HTTP_POST, CABINET_COMPANY "/tokens/{id}/reveal", tokens_reveal),
    VISIT(HTTP_DELETE, CABINET_COMPANY "/tokens/{id}", tokens_revoke),
    VISIT(HTTP_GET, CABINET_COMPANY "/settings", settings_get),
    VISIT(HTTP_PATCH, CABINET_COMPANY "/settings", settings_set),
    VISIT(HTTP_GET, CABINET_COMPANY "/requests", requests_list),
    VISIT(HTTP_GET, CABINET_COMPANY "/audit_log", audit_list),
    VISIT(HTTP_GET, CABINET_COMPANY "/overview", overview_get),
    VISIT(HTTP_GET, CABINET_COMPANY "/sample", sample_get),
    // What is found nowhere above; the web app's files come after it.
    {.methods = HTTP_GET | HTTP_POST | HTTP_PUT | HTTP_PATCH | HTTP_DELETE,
     .pattern = CABINET_API "/{path...}",
     .handle = nothing,
     .max_body_bytes = LIMIT_RECORD_BODY_BYTES},
    {.methods = HTTP_GET, .pattern = CABINET_ROOT, .handle = assets_get},
    {.methods = HTTP_GET, .pattern = CABINET_ROOT "/{path...}", .handle = assets_get},
};

/* What of the API there is for a session. */
static const char *const mounts[] = {
    "consumers", "operations", "import_tasks", "import_uploads", "export_tasks", "webhooks", NULL};

/* Whoever adds a route and forgets who may take it learns so at the first start. */
static void check_rights(void)
{
    for (size_t i = 0; i < COUNT(routes); i++)
        if (!str_ends(str_of(routes[i].pattern), STR("...}")) &&
            str_starts(str_of(routes[i].pattern), STR(CABINET_API "/")) &&
            right_needed(routes[i].pattern, HTTP_GET) == RIGHT_UNKNOWN)
            die("route '%s': rights.c does not say who may", routes[i].pattern);
    for (size_t i = 0; mounts[i]; i++) {
        AUTO(arena_done) struct arena a = {0};
        str pattern = arena_format(&a, CABINET_COMPANY "/%s", mounts[i]);
        if (right_needed(pattern.ptr, HTTP_GET) == RIGHT_UNKNOWN)
            die("route '%s': rights.c does not say who may", pattern.ptr);
    }
}

bool cabinet_new(const struct cabinet_config *config, struct cabinet **ret_cabinet, struct err *err)
{
    struct cabinet *c = mem_new(1, sizeof *c);
    check_rights();
    c->config = *config;
    c->extension = (struct api_extension){.context = c,
                                          .root = CABINET_ROOT,
                                          .start = assets_start(),
                                          .mount = CABINET_COMPANY,
                                          .mounts = mounts,
                                          .route = routes,
                                          .count = COUNT(routes),
                                          .admit = door_admit,
                                          .seal = door_seal,
                                          .company = door_company,
                                          .holds = door_holds};
    if (!zone_open("UTC", &c->utc, err)) {
        cabinet_free(c);
        return false;
    }
    c->tries = tries_new();
    setup_begin(c);
    c->work = errands_start(WORK_THREADS);
    c->passwords = errands_start(PASSWORD_THREADS);
    if (!c->work || !c->passwords) {
        cabinet_free(c);
        return err_set(err, ERR_INTERNAL, "cannot start a thread");
    }
    *ret_cabinet = c;
    return true;
}

const struct api_extension *cabinet_extension(const struct cabinet *c)
{
    return &c->extension;
}

void cabinet_free(struct cabinet *c)
{
    if (!c)
        return;
    errands_stop(c->work);
    errands_stop(c->passwords);
    tries_free(c->tries);
    zone_free(c->utc);
    mem_free(c);
}
