/* Another floor's routes beside the API's, and the API's own once more among them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "api/api_priv.h"
#include "api/limits.h"
#include "api/request_log.h"

#include "base/log.h"
#include "base/mem.h"
#include "http/router.h"

#define V4 STR("/v4")

/* "consumers" of "/v4/consumers/{id}"; {0}: it is not of the API proper. */
static str resource_of(const char *pattern)
{
    str rest = str_of(pattern);
    if (!str_starts(rest, V4) || rest.len <= V4.len)
        return (str){0};
    rest = str_from(rest, V4.len + 1);
    return str_split(&rest, '/');
}

static bool is_to_be_mounted(const struct api_extension *x, const char *pattern)
{
    str resource = resource_of(pattern);
    for (size_t i = 0; x->mounts[i]; i++)
        if (str_eq(resource, str_of(x->mounts[i])))
            return true;
    return false;
}

static void mount(struct api *api, const struct http_route *own)
{
    const struct api_extension *x = api->config.extension;
    AUTO(arena_done) struct arena a = {0};
    struct http_route *route = &api->route[api->routes + api->mounted++];
    *route = *own;
    route->pattern = mem_strdup(arena_format(&a, "%s%s", x->mount, own->pattern + V4.len).ptr);
}

static void admit(struct http_request *r)
{
    const struct api *api = http_app_context(r);
    if (is_extension(r))
        api->config.extension->admit(r);
    else
        limits_admit(r);
}

void mount_seal(struct http_request *r, int status)
{
    const struct api *api = http_app_context(r);
    api->config.extension->seal(r, status);
}

void mount_open(struct api *api, const struct http_route *own, size_t count)
{
    const struct api_extension *x = api->config.extension;
    api->app.route = own;
    api->app.count = api->routes = count;
    if (!x)
        return;
    api->route = mem_new(2 * count + x->count, sizeof *api->route);
    memcpy(api->route, own, count * sizeof *own);
    for (size_t i = 0; i < count; i++)
        if (is_to_be_mounted(x, own[i].pattern))
            mount(api, &own[i]);
    memcpy(api->route + count + api->mounted, x->route, x->count * sizeof *x->route);
    api->app.route = api->route;
    api->app.count = count + api->mounted + x->count;
    api->app.admit = admit;
}

void api_log_routes(const struct api *api)
{
    for (size_t i = api->routes; i < api->app.count; i++) {
        AUTO(arena_done) struct arena a = {0};
        log_debug("route %s: %s", api->route[i].pattern,
                  router_allow(&a, api->route[i].methods).ptr);
    }
}

void mount_close(struct api *api)
{
    for (size_t i = 0; i < api->mounted; i++)
        mem_free((char *)api->route[api->routes + i].pattern);
    mem_free(api->route);
}

bool is_mounted(const struct http_request *r)
{
    const struct api *api = http_app_context(r);
    const struct http_route *route = http_route_of(r);
    return api->mounted && route && route >= api->route + api->routes &&
           route < api->route + api->routes + api->mounted;
}

bool is_extension(const struct http_request *r)
{
    const struct api *api = http_app_context(r);
    const struct api_extension *x = api->config.extension;
    str path = http_path(r), root = x ? str_of(x->root) : (str){0};
    return x && str_starts(path, root) && (path.len == root.len || path.ptr[root.len] == '/');
}

void *api_extension(const struct http_request *r)
{
    const struct api *api = http_app_context(r);
    return api->config.extension->context;
}

void *api_extension_note(const struct http_request *r)
{
    const struct request_note *note = http_note(r);
    return note ? note->extension : NULL;
}

void api_set_extension_note(struct http_request *r, void *note)
{
    request_note(r)->extension = note;
}

/* The mount's pattern with the request's own segments. */
str path_prefix(struct http_request *r)
{
    const struct api *api = http_app_context(r);
    AUTO(buf_done) struct buf b = {0};
    if (!is_mounted(r))
        return V4;
    str rest = str_from(str_of(api->config.extension->mount), 1);
    do {
        str s = str_split(&rest, '/');
        bool placeholder = str_starts(s, STR("{"));
        str name = placeholder ? arena_str(http_arena(r), (str){s.ptr + 1, s.len - 2}) : s;
        buf_add_char(&b, '/');
        buf_add(&b, placeholder ? http_segment(r, name.ptr) : s);
    } while (!str_is_null(rest));
    return arena_str(http_arena(r), buf_str(&b));
}

str answer_prefix(struct http_request *r)
{
    return arena_format(http_arena(r), "%.*s%.*s", STR_ARG(answer_base(r)),
                        STR_ARG(path_prefix(r)));
}
