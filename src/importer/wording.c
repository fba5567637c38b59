/* SPDX-License-Identifier: Apache-2.0 */
#include "importer/wording.h"

#include "base/buf.h"
#include "importer/wording_priv.h"

static void add_size(struct buf *b, enum language language, uint64_t bytes)
{
    static const char *const unit[LANGUAGE_COUNT][4] = {{"bytes", "KiB", "MiB", "GiB"},
                                                        {"байт", "КиБ", "МиБ", "ГиБ"}};
    size_t u = 0;
    while (u < 3 && bytes >= 1024 && bytes % 1024 == 0) {
        bytes /= 1024;
        u++;
    }
    buf_format(b, "%llu %s", (unsigned long long)bytes, unit[language][u]);
}

/* As people say it: 1.4 GB. */
static void add_about(struct buf *b, enum language language, uint64_t bytes)
{
    static const char *const unit[LANGUAGE_COUNT][4] = {{"KB", "MB", "GB", "TB"},
                                                        {"КБ", "МБ", "ГБ", "ТБ"}};
    double n = (double)bytes / 1000;
    size_t u = 0;
    for (; u < 3 && n >= 1000; u++)
        n /= 1000;
    unsigned tenths = (unsigned)(n * 10 + 0.5);
    buf_format(b, "%u%c%u %s", tenths / 10, language == LANGUAGE_RU ? ',' : '.', tenths % 10,
               unit[language][u]);
}

/* Puts one {name} of a template into words. */
static void add_slot(struct buf *b, enum language language, str name, const struct file_problem *p)
{
    if (str_eq(name, STR("value")))
        buf_add(b, str_of(p->value));
    else if (str_eq(name, STR("detail")))
        buf_add(b, str_of(p->detail));
    else if (str_eq(name, STR("line")))
        buf_format(b, "%llu", (unsigned long long)p->line);
    else if (str_eq(name, STR("column")))
        buf_format(b, "%llu", (unsigned long long)p->column);
    else if (str_eq(name, STR("offset")))
        buf_format(b, "%llu", (unsigned long long)p->offset);
    else if (str_eq(name, STR("byte")))
        buf_format(b, "0x%02X", p->byte);
    else if (str_eq(name, STR("limit")))
        buf_format(b, "%llu", (unsigned long long)p->limit);
    else if (str_eq(name, STR("about")))
        add_about(b, language, p->limit);
    else if (str_eq(name, STR("free")))
        add_about(b, language, p->offset);
    else if (str_eq(name, STR("size")))
        add_size(b, language, p->limit);
    else
        die("wording: no such slot {%.*s}", STR_ARG(name));
}

static bool slot_is_empty(str name, const struct file_problem *p)
{
    return str_eq(name, STR("detail"))   ? !p->detail[0]
           : str_eq(name, STR("value"))  ? !p->value[0]
           : str_eq(name, STR("line"))   ? !p->line
           : str_eq(name, STR("limit"))  ? !p->limit
           : str_eq(name, STR("size"))   ? !p->limit
           : str_eq(name, STR("column")) ? !p->column
                                         : false;
}

/* True when the text between '[' and ']' has only slots that have something to say. */
static bool wanted(str part, const struct file_problem *p)
{
    while (part.len) {
        str plain = str_split(&part, '{');
        (void)plain;
        if (!part.len)
            break;
        if (slot_is_empty(str_split(&part, '}'), p))
            return false;
    }
    return true;
}

static void fill(struct buf *b, enum language language, str text, const struct file_problem *p)
{
    while (text.len) {
        size_t at = 0;
        while (at < text.len && text.ptr[at] != '{' && text.ptr[at] != '[')
            at++;
        buf_add(b, str_first(text, at));
        if (at == text.len)
            return;
        char open = text.ptr[at];
        text = str_from(text, at + 1);
        str part = str_split(&text, open == '{' ? '}' : ']');
        if (open == '{')
            add_slot(b, language, part, p);
        else if (wanted(part, p))
            fill(b, language, part, p);
    }
}

str wording_fill(struct arena *a, enum language language, const char *sentence,
                 const struct file_problem *slots)
{
    AUTO(buf_done) struct buf b = {0};
    fill(&b, language, str_of(sentence), slots);
    return arena_str(a, buf_str(&b));
}

str wording_file_problem(struct arena *a, enum language language,
                         const struct file_problem *problem)
{
    return wording_fill(a, language, wording_file_sentence[problem->code][language], problem);
}

str wording_undo_note(enum language language)
{
    return str_of(wording_undo_note_sentence[language]);
}

str wording_problem(struct arena *a, enum language language, const struct problem *problem)
{
    (void)a;
    return str_of(wording_problem_sentence[problem->code][language]);
}

/* Where the text begins; text.len when nowhere. */
static size_t find(str text, str what)
{
    for (size_t i = 0; i + what.len <= text.len; i++)
        if (str_eq(str_first(str_from(text, i), what.len), what))
            return i;
    return text.len;
}

/* The sentence with what stood for {} in the English one; false when the text is not that one. */
static bool translate(struct buf *b, const struct wording_pair *pair, str text)
{
    str english = str_of(pair->english), russian = str_of(pair->russian);
    while (true) {
        size_t slot = find(english, STR("{}")), there = find(russian, STR("{}"));
        if (!str_starts(text, str_first(english, slot)))
            return false;
        text = str_from(text, slot);
        buf_add(b, str_first(russian, there));
        if (slot == english.len)
            return !text.len;
        english = str_from(english, slot + 2);
        russian = str_from(russian, there + 2);
        str next = str_first(english, find(english, STR("{}")));
        bool last = next.len == english.len; // it takes all but the end
        size_t end = !last ? find(text, next) : text.len > next.len ? text.len - next.len : 0;
        buf_add(b, str_first(text, end));
        text = str_from(text, end);
    }
}

str wording_setting(struct arena *a, enum language language, str message)
{
    // "mode: " before it is the setting's name.
    size_t colon = find(message, STR(": "));
    bool named = colon < message.len && find(str_first(message, colon), STR(" ")) == colon;
    for (int skip = named; language == LANGUAGE_RU && skip >= 0; skip--) {
        str name = skip ? str_first(message, colon + 2) : STR("");
        for (size_t i = 0; i < wording_setting_sentences; i++) {
            AUTO(buf_done) struct buf b = {0};
            buf_add(&b, name);
            if (translate(&b, &wording_setting_sentence[i], str_from(message, name.len)))
                return arena_str(a, buf_str(&b));
        }
    }
    return arena_str(a, message);
}

enum language wording_language_of(str text, enum language fallback)
{
    // Accept-Language lists the preferred one first in all but hand-made requests; weights are not
    // read.
    while (text.len) {
        str one = str_trim(str_split(&text, ','));
        if (one.len >= 2 &&
            (one.len == 2 || !((one.ptr[2] | 32) >= 'a' && (one.ptr[2] | 32) <= 'z'))) {
            if (str_eq_nocase(str_first(one, 2), STR("ru")))
                return LANGUAGE_RU;
            if (str_eq_nocase(str_first(one, 2), STR("en")))
                return LANGUAGE_EN;
        }
    }
    return fallback;
}

str wording_lines(struct arena *a, enum language language, const struct store_error_group *g,
                  size_t ranges)
{
    AUTO(buf_done) struct buf b = {0};
    bool ru = language == LANGUAGE_RU;
    size_t shown = MIN(g->ranges, ranges);
    buf_add(&b, g->count == 1 ? (ru ? STR("строка ") : STR("line "))
                              : (ru ? STR("строки ") : STR("lines ")));
    for (size_t i = 0; i < shown; i++) {
        buf_format(&b, "%s%llu", i ? ", " : "", (unsigned long long)g->range[i].from);
        if (g->range[i].to != g->range[i].from)
            buf_format(&b, "–%llu", (unsigned long long)g->range[i].to);
    }
    if (shown < g->ranges || g->more)
        buf_format(&b, ru ? " и далее, до %llu" : " and more, up to %llu",
                   (unsigned long long)g->last_line);
    return arena_str(a, buf_str(&b));
}
