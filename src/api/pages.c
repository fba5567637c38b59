/* The description of the API, for programs and for people: files of the source, carried in the
 * binary.  docs/openapi.yaml is the one written by hand; the pages are made from it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "api/api_priv.h"

#include "pages_data.h"

static void answer_file(struct http_request *r, const char *type, const unsigned char *bytes,
                        size_t size)
{
    http_add_header(r, "Cache-Control", "no-cache"); // a newer server may describe itself anew
    http_add_header(r, "X-Content-Type-Options", "nosniff");
    http_answer(r, 200, type, (str){(const char *)bytes, size});
}

void pages_openapi(struct http_request *r)
{
    // RFC 9512: YAML has a type of its own.
    answer_file(r, "application/yaml; charset=utf-8", OPENAPI_YAML, sizeof OPENAPI_YAML);
}

void pages_docs(struct http_request *r)
{
    str asked = http_query(r, "lang");
    bool russian = request_language(r) == LANGUAGE_RU;
    if (!str_is_null(asked) && !str_eq(asked, STR("en")) && !str_eq(asked, STR("ru"))) {
        error_query(r, "lang", SAY(r, "must be en or ru", "должно быть en или ru"));
        return;
    }
    if (!str_is_null(asked))
        russian = str_eq(asked, STR("ru"));
    http_add_header(r, "Vary", "Accept-Language");
    http_add_header(r, "Content-Language", russian ? "ru" : "en");
    // The page has no script and asks nobody for anything.
    http_add_header(r, "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
    if (russian)
        answer_file(r, "text/html; charset=utf-8", DOCS_RU, sizeof DOCS_RU);
    else
        answer_file(r, "text/html; charset=utf-8", DOCS_EN, sizeof DOCS_EN);
}
