/* Findings of a task as lines of text, each with what accepts its repair.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "cli/commands.h"

static str text_at(const struct json *object, const char *name)
{
    const struct json *value = json_get(object, name);
    return value ? value->text : (str){0};
}

static void add_examples(struct buf *b, const struct json *finding)
{
    const struct json *examples = json_get(finding, "examples");
    for (size_t i = 0; examples && i < examples->count; i++) {
        const struct json *e = &examples->member[i].value, *made = json_get(e, "new");
        buf_format(b, "      %.*s: '%.*s'", STR_ARG(text_at(e, "line")),
                   STR_ARG(text_at(e, "old")));
        if (made && made->kind == JSON_STRING)
            buf_format(b, " → '%.*s'", STR_ARG(made->text));
        buf_add_char(b, '\n');
    }
}

/* In single quotes, as a shell takes it. */
static void add_quoted(struct buf *b, str text)
{
    for (size_t i = 0; i < text.len; i++)
        buf_add(b, text.ptr[i] == '\'' ? STR("'\\''") : (str){text.ptr + i, 1});
}

/* --repair 'Телефон=phone_8_to_7' */
static void add_repair(struct buf *b, const struct json *one)
{
    str value = text_at(one, "value");
    buf_add(b, STR("--repair '"));
    add_quoted(b, text_at(one, "column"));
    buf_format(b, "=%.*s%s", STR_ARG(text_at(one, "rule")), value.len ? ":" : "");
    add_quoted(b, value);
    buf_add_char(b, '\'');
}

static void add_flags(struct buf *b, const struct json *settings)
{
    for (size_t i = 0; settings && i < settings->count; i++) {
        const struct json_member *m = &settings->member[i];
        if (m->value.kind == JSON_ARRAY && m->value.count) {
            add_repair(b, &m->value.member[0].value);
            continue;
        }
        buf_add(b, STR("--"));
        for (size_t c = 0; c < m->key.len; c++)
            buf_add_char(b, m->key.ptr[c] == '_' ? '-' : m->key.ptr[c]);
        buf_format(b, " %.*s", STR_ARG(m->value.text));
    }
}

static void add_offer(struct buf *b, const struct json *finding, const char *language, bool ru)
{
    const struct json *accepted = json_get(finding, "accepted"),
                      *choices = json_get(finding, "accept_one_of"),
                      *offer = json_get(json_get(finding, "offer"), language);
    if (!offer)
        return;
    buf_format(b, "    %.*s: ", STR_ARG(offer->text));
    if (accepted && accepted->kind == JSON_TRUE) {
        buf_add(b, ru ? STR("принято") : STR("accepted"));
    } else if (choices) {
        for (size_t i = 0; i < choices->count; i++) {
            buf_add(b, i ? (ru ? STR(" или ") : STR(" or ")) : STR(""));
            add_flags(b, &choices->member[i].value);
        }
    } else {
        add_flags(b, json_get(finding, "accept"));
    }
    buf_add_char(b, '\n');
}

void cli_show_findings(struct cli *c, str analysis)
{
    const char *language = c->language == LANGUAGE_RU ? "ru" : "en";
    AUTO(buf_done) struct buf b = {0};
    struct json tree;
    struct json_place place;
    struct err err;
    if (!json_parse(analysis, &c->arena, &tree, &place, &err))
        return;
    const struct json *findings = json_get(&tree, "findings");
    for (size_t i = 0; findings && i < findings->count; i++) {
        const struct json *f = &findings->member[i].value;
        str column = text_at(f, "column");
        buf_format(&b, "  %.*s%s%.*s\n", STR_ARG(column), column.len ? ": " : "",
                   STR_ARG(text_at(json_get(f, "message"), language)));
        add_examples(&b, f);
        add_offer(&b, f, language, c->language == LANGUAGE_RU);
    }
    cli_write(c, buf_str(&b));
}
