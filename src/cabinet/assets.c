/* The web app's files, carried in the binary (tools/build_web.py).  Any path that is no file is a
 * place of the app, and answered with its page, which then looks at the address.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "cabinet/cabinet_priv.h"

#include "http/coding.h"
#include "http/range.h"

struct asset {
    const char *path, *type;
    const char *hash; /* of its bytes */
    bool immutable;   /* its name changes with its content */
    const unsigned char *plain;
    size_t plain_bytes;
    const unsigned char *packed; /* gzip */
    size_t packed_bytes;
};
#include "web_data.h"

#ifdef WITH_WEB

static const struct asset *find(str path)
{
    for (size_t i = 0; i < COUNT(assets); i++)
        if (str_eq(path, str_of(assets[i].path)))
            return &assets[i];
    return NULL;
}

static void answer(struct http_request *r, const struct asset *a)
{
    bool packed = coding_takes_gzip(http_header(r, "Accept-Encoding"));
    str none = http_header(r, "If-None-Match");
    // A strong tag is of the very bytes: packed ones have their own.
    str tag = arena_format(http_arena(r), "\"%s%s\"", a->hash, packed ? "-gzip" : "");
    http_add_header(r, "Vary", "Accept-Encoding");
    http_add_header(r, "ETag", tag.ptr);
    http_add_header(r, "Cache-Control",
                    a->immutable ? "public, max-age=31536000, immutable" : "no-cache");
    if (!str_is_null(none) && range_names_tag(none, tag, true)) {
        http_answer(r, 304, NULL, STR(""));
        return;
    }
    if (packed)
        http_add_header(r, "Content-Encoding", "gzip");
    http_answer(r, 200, a->type,
                packed ? (str){(const char *)a->packed, a->packed_bytes}
                       : (str){(const char *)a->plain, a->plain_bytes});
}

void assets_get(struct http_request *r)
{
    str path = http_path(r);
    path = str_from(path, MIN(path.len, strlen(CABINET_ROOT "/")));
    const struct asset *a = find(path);
    // Of a file with a hash in its name there may be a page from before an update: it must not take
    // the app's page for a script.
    if (!a && !str_starts(path, STR("assets/")))
        a = find(STR("index.html"));
    if (a)
        answer(r, a);
    else
        error_say(r, &(struct error){.status = 404, .code = "no_route"}, "%s",
                  SAY(r, "There is no such file; reload the page, it may be of another version",
                      "Такого файла нет; обновите страницу, возможно, она от другой версии"));
}

const char *assets_start(void)
{
    return CABINET_ROOT "/";
}

#else

void assets_get(struct http_request *r)
{
    error_say(r, &(struct error){.status = 404, .code = "no_route"}, "%s",
              SAY(r, "This server was built without the web app",
                  "Этот сервер собран без веб-приложения"));
}

const char *assets_start(void)
{
    return NULL;
}

#endif
