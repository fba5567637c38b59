/* One look over a cell's bytes says of what kinds they are; most cells need no second one.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "importer/findings.h"

#include "base/json.h"
#include "base/unicode.h"
#include "base/utf8.h"
#include "domain/cell.h"
#include "importer/findings_priv.h"
#include "importer/import_priv.h"
#include "importer/wording_priv.h"

enum {
    LEADING_SHARE = 10, /* of ten cells nine make a column what it is */
    ZEROS_SHARE = 3,    /* of ten ids at most three have lost zeros */
    ZEROS_ROWS = 5,     /* fewer say nothing */
    ZEROS_LENGTH = 6,
    ZEROS_LOST = 3,
};

/* --- one cell --- */

/* What bytes a text has: */
enum { HAS_DIGIT = 1, HAS_LETTER = 2, HAS_HIGH = 4, HAS_COMMA = 8, HAS_SLASH = 16, HAS_OTHER = 32 };

static unsigned bytes_of(const struct findings *f, str s)
{
    unsigned has = 0;
    for (size_t i = 0; i < s.len; i++)
        has |= f->kind[(unsigned char)s.ptr[i]];
    return has;
}

static unsigned char kind_of(unsigned c)
{
    return c >= 0x80                            ? HAS_HIGH
           : c >= '0' && c <= '9'               ? HAS_DIGIT
           : (c | 32) >= 'a' && (c | 32) <= 'z' ? HAS_LETTER
           : c == ','                           ? HAS_COMMA
           : c == '/'                           ? HAS_SLASH
                                                : HAS_OTHER;
}

/* "-12.5": digits with a sign and a point at most. */
static bool is_number(str s)
{
    size_t digits = 0, points = 0;
    for (size_t i = 0; i < s.len; i++) {
        bool sign = i == 0 && (s.ptr[0] == '-' || s.ptr[0] == '+');
        bool digit = s.ptr[i] >= '0' && s.ptr[i] <= '9';
        digits += digit;
        points += s.ptr[i] == '.';
        if (!digit && !sign && s.ptr[i] != '.')
            return false;
    }
    return digits && points <= 1;
}

/* Notes a cell; what stands there for the first time is kept as an example. */
static void note(struct findings *f, struct finding *found, uint64_t line, str cell)
{
    found->count++;
    if (found->examples == FINDING_EXAMPLES)
        return;
    str shown = str_shown(cell, FINDING_SHOWN_BYTES);
    for (size_t i = 0; i < found->examples; i++)
        if (str_eq(found->example[i].old, shown))
            return;
    found->example[found->examples++] = (struct finding_example){line, arena_str(&f->arena, shown)};
}

/* True when the rule would change the cell or leave it out. */
static bool repairs(struct findings *f, enum repair_rule rule, str cell)
{
    const struct import_repair r = {.rule = rule};
    str made;
    arena_reset(&f->scratch);
    return repair_make(&f->scratch, &r, cell, &made) != REPAIR_KEEPS;
}

static void see_number(struct findings *f, struct column *c, uint64_t line, str cell, unsigned has)
{
    bool digits = has == HAS_DIGIT;
    if (digits && cell.len < FINDING_LENGTHS && !c->length[cell.len]++ && c->role == ROLE_ID)
        c->of_length[cell.len] = (struct finding_example){line, arena_str(&f->arena, cell)};
    c->leading_zero = c->leading_zero || (digits && cell.ptr[0] == '0' && cell.len > 1);
    c->all_digits += digits;
    if (digits && cell.len > 15 && repair_lost_digits(cell))
        note(f, &c->found[FINDING_LOST_DIGITS], line, cell);
    if ((has & HAS_LETTER) && (has & HAS_DIGIT) && cell_is_scientific(cell))
        note(f, &c->found[FINDING_SCIENTIFIC], line, cell);
}

static void see_custom(struct findings *f, struct column *c, uint64_t line, str cell, unsigned has)
{
    bool number =
        (has & HAS_DIGIT) && !(has & (HAS_LETTER | HAS_COMMA | HAS_HIGH)) && is_number(cell);
    if (number) {
        c->numbers++;
        return;
    }
    if ((has & HAS_DIGIT) && (has & HAS_COMMA) && !(has & HAS_LETTER) &&
        repairs(f, REPAIR_DECIMAL_POINT, cell)) {
        c->numbers++;
        note(f, &c->found[FINDING_DECIMAL_COMMA], line, cell);
        return;
    }
    if (!(has & HAS_DIGIT) && cell.len <= FINDING_BOOLEAN_BYTES) {
        int word = repair_boolean_word(cell);
        c->yes += word == 1;
        c->no += word == 0;
        if (word >= 0 && !str_eq(cell, STR("true")) && !str_eq(cell, STR("false")))
            note(f, &c->found[FINDING_BOOLEAN_WORDS], line, cell);
    }
    c->texts++;
    if (c->texts <= FINDING_EXAMPLES * 4)
        note(f, &c->found[FINDING_MIXED], line, cell); // it counts when most others are numbers
}

/* A word in two scripts; a code of look-alikes alone, where Latin is what codes are written in. */
static void see_letters(struct findings *f, struct column *c, uint64_t line, str cell, unsigned has)
{
    bool code = c->role != ROLE_CUSTOM || (has & HAS_LETTER);
    if (code && (has & HAS_HIGH) && repairs(f, REPAIR_LATIN_LETTERS, cell))
        note(f, &c->found[FINDING_LOOKALIKE], line, cell);
}

static void see_email(struct findings *f, struct column *c, uint64_t line, str cell, unsigned has)
{
    if ((has & HAS_COMMA) && repairs(f, REPAIR_EMAIL_POINT, cell))
        note(f, &c->found[FINDING_EMAIL_COMMA], line, cell);
    if (has & HAS_OTHER)
        emails_seen_add(&f->emails, &f->arena, line, cell);
}

static void see_phone(struct findings *f, struct column *c, uint64_t line, str cell)
{
    size_t at = str_find(cell, '8');
    bool early = at < 3 && at < cell.len; // "8...", "(8...", "+8..." is none of ours
    if (early && repairs(f, REPAIR_PHONE_8_TO_7, cell))
        note(f, &c->found[FINDING_PHONE_8], line, cell);
}

/* 13/01/2018 tells the order; 01/02/2018 does not. */
static void see_date(struct findings *f, struct column *c, uint64_t line, str cell, unsigned has)
{
    uint64_t first, second;
    if (!(has & HAS_SLASH))
        return;
    str rest = cell, a = str_split(&rest, '/'), b = str_split(&rest, '/');
    if (!str_to_u64(a, &first) || !str_to_u64(b, &second) || !rest.len || first > 31 || second > 31)
        return;
    c->day_first += first > 12;
    c->month_first += second > 12;
    note(f, &c->found[FINDING_SLASHES], line, cell);
}

static void see_kind(struct findings *f, struct column *c, uint64_t line, str cell,
                     enum cell_kind kind)
{
    struct finding *minor = kind == CELL_NUMBER ? &c->number_cell : &c->text_cell;
    if (kind == CELL_NUMBER || kind == CELL_TEXT)
        note(f, minor, line, cell);
}

static void see_cell(struct findings *f, struct column *c, const struct row *row, size_t i)
{
    str cell = utf8_trim(row->cell[i]);
    if (!cell.len || c->role == ROLE_NONE)
        return;
    if (cell.len != row->cell[i].len && c->role <= ROLE_PHONE)
        note(f, &c->found[FINDING_TRIMMED], row->line, row->cell[i]);
    if (cell_is_clear_token(cell) || (cell.ptr[0] == '\'' && cell_unguarded(cell).len < cell.len))
        return;
    c->filled++;
    unsigned has = bytes_of(f, cell);
    bool word = !(has & HAS_DIGIT) || cell.ptr[0] == '#'; // #DIV/0!
    if (word && cell.len <= FINDING_WORD_BYTES && repair_is_no_data(cell)) {
        note(f, &c->found[FINDING_NO_DATA], row->line, cell);
        return;
    }
    if (c->role != ROLE_FLAG && !(has & (HAS_DIGIT | HAS_LETTER)) &&
        repair_boolean_word(cell) == 0 && cell.len == strlen("нет"))
        note(f, &c->found[FINDING_BARE_NO], row->line, cell);
    if (c->role == ROLE_ID || c->role == ROLE_PHONE || c->role == ROLE_CUSTOM)
        see_number(f, c, row->line, cell, has);
    if (row->kind && (c->role == ROLE_ID || c->role == ROLE_PHONE))
        see_kind(f, c, row->line, cell, row->kind[i]);
    if (c->role == ROLE_ID || c->role == ROLE_EMAIL || c->role == ROLE_CUSTOM)
        see_letters(f, c, row->line, cell, has);
    if (c->role == ROLE_EMAIL)
        see_email(f, c, row->line, cell, has);
    else if (c->role == ROLE_PHONE)
        see_phone(f, c, row->line, cell);
    else if (c->role == ROLE_DATE)
        see_date(f, c, row->line, cell, has);
    else if (c->role == ROLE_CUSTOM)
        see_custom(f, c, row->line, cell, has);
}

void findings_row(struct findings *f, const struct row *row)
{
    f->records++;
    for (size_t i = 0; i < f->columns && i < row->count; i++)
        if (row->cell[i].len)
            see_cell(f, &f->column[i], row, i);
}

void findings_hidden(struct findings *f, uint64_t rows)
{
    f->hidden = rows;
}

/* --- what a column as a whole says --- */

/* Numbers of one length, a few of them a little shorter, none that begins with a zero. */
static bool lost_zeros(const struct column *c, size_t *ret_length, uint64_t *ret_short)
{
    size_t longest = 0;
    uint64_t shorter = 0;
    for (size_t n = 1; n < FINDING_LENGTHS; n++)
        longest = c->length[n] ? n : longest;
    if (c->role != ROLE_ID || c->leading_zero || c->all_digits != c->filled ||
        c->filled < ZEROS_ROWS || longest < ZEROS_LENGTH)
        return false;
    for (size_t n = 1; n < longest; n++) {
        if (c->length[n] && n + ZEROS_LOST < longest)
            return false;
        shorter += c->length[n];
    }
    *ret_length = longest;
    *ret_short = shorter;
    return shorter && shorter * 10 <= c->filled * ZEROS_SHARE;
}

/* Which findings stand, once all is known. */
static void judge(struct column *c)
{
    struct finding *found = c->found;
    bool yes_or_no = c->yes && c->yes + c->no == c->filled - found[FINDING_NO_DATA].count;
    uint64_t known = c->numbers + c->texts;
    bool numeric = known && c->numbers * LEADING_SHARE >= known * (LEADING_SHARE - 1);
    if (!yes_or_no)
        found[FINDING_BOOLEAN_WORDS].count = 0;
    if (yes_or_no || c->yes)
        found[FINDING_BARE_NO].count = 0;
    if (!numeric)
        found[FINDING_DECIMAL_COMMA].count = 0;
    if (c->role == ROLE_CUSTOM)
        found[FINDING_MIXED].count = numeric && known >= LEADING_SHARE ? c->texts : 0;
    else if (c->number_cell.count && c->text_cell.count)
        found[FINDING_MIXED] =
            c->number_cell.count < c->text_cell.count ? c->number_cell : c->text_cell;
    c->zeros = lost_zeros(c, &c->zeros_length, &found[FINDING_LOST_ZEROS].count);
    if (!c->zeros)
        found[FINDING_LOST_ZEROS].count = 0;
    for (size_t n = 1; c->zeros && n < c->zeros_length; n++)
        if (c->length[n])
            found[FINDING_LOST_ZEROS].example[found[FINDING_LOST_ZEROS].examples++] =
                c->of_length[n];
}

/* --- as JSON --- */

static bool accepted(const struct import_column *c, const struct import_repair *rule)
{
    for (const struct import_repair *r = c->repair; r; r = r->next)
        if (r->rule == rule->rule && (str_is_null(rule->value) || str_eq(r->value, rule->value)))
            return true;
    return false;
}

static void write_text(struct buf *b, const char *name, const char *const sentence[LANGUAGE_COUNT],
                       uint64_t count, str value)
{
    static const char *const language[] = {[LANGUAGE_EN] = "en", [LANGUAGE_RU] = "ru"};
    AUTO(arena_done) struct arena a = {0};
    buf_format(b, ",\"%s\":{", name);
    for (size_t l = 0; l < LANGUAGE_COUNT; l++) {
        struct file_problem slots = {.limit = count};
        (void)file_problem_set(&slots, FILE_OK, value, (str){0});
        buf_format(b, "%s\"%s\":", l ? "," : "", language[l]);
        json_write_string(b, wording_fill(&a, (enum language)l, sentence[l], &slots));
    }
    buf_add_char(b, '}');
}

/* An offer names how many when there are several. */
static uint64_t more_than_one(uint64_t count)
{
    return count > 1 ? count : 0;
}

static void write_example(struct buf *b, const struct finding_example *e,
                          const struct import_repair *rule)
{
    AUTO(arena_done) struct arena a = {0};
    str made;
    buf_format(b, "{\"line\":%llu,\"old\":", (unsigned long long)e->line);
    json_write_string(b, e->old);
    if (rule) {
        bool changes = repair_make(&a, rule, utf8_trim(e->old), &made) == REPAIR_CHANGES;
        json_add_string(b, "new", changes ? made : (str){0});
    }
    buf_add_char(b, '}');
}

/* What settings accept it: {"repairs":[...]} or another setting. */
static void write_repair(struct buf *b, const struct import_column *c,
                         const struct import_repair *rule)
{
    buf_format(b, ",\"repair\":\"%s\",\"accept\":{\"repairs\":[{\"column\":",
               repair_rule_name(rule->rule));
    json_write_string(b, c->header);
    buf_format(b, ",\"rule\":\"%s\"", repair_rule_name(rule->rule));
    if (!str_is_null(rule->value))
        json_add_string(b, "value", rule->value);
    buf_format(b, "}]},\"accepted\":%s", accepted(c, rule) ? "true" : "false");
}

/* Opens the object: who, how many, where. */
static void write_head(struct buf *b, enum finding_code code, const struct import_column *c,
                       const struct finding *found, str value, const struct import_repair *rule)
{
    if (b->len && b->ptr[b->len - 1] == '}')
        buf_add_char(b, ',');
    buf_format(b, "{\"code\":\"%s\"", finding_code_name(code));
    if (c)
        json_add_string(b, "column", c->header);
    buf_format(b, ",\"count\":%llu", (unsigned long long)found->count);
    if (value.len)
        json_add_string(b, "value", value);
    write_text(b, "message", wording_finding_sentence[code], found->count, value);
    buf_add(b, STR(",\"examples\":["));
    for (size_t i = 0; i < found->examples; i++) {
        if (i)
            buf_add_char(b, ',');
        write_example(b, &found->example[i], rule);
    }
    buf_add_char(b, ']');
}

static void write_finding(struct buf *b, enum finding_code code, const struct import_column *c,
                          const struct finding *found, str value)
{
    static const enum repair_rule rule_of[FINDING_COUNT] = {
        [FINDING_NO_DATA] = REPAIR_BLANK_NO_DATA,
        [FINDING_BARE_NO] = REPAIR_BLANK_VALUE,
        [FINDING_SHARED_EMAIL] = REPAIR_LEAVE_OUT_VALUE,
        [FINDING_SCIENTIFIC] = REPAIR_LEAVE_OUT_DAMAGED,
        [FINDING_LOST_DIGITS] = REPAIR_LEAVE_OUT_DAMAGED,
        [FINDING_LOST_ZEROS] = REPAIR_PAD_ZEROS,
        [FINDING_DECIMAL_COMMA] = REPAIR_DECIMAL_POINT,
        [FINDING_BOOLEAN_WORDS] = REPAIR_BOOLEAN,
        [FINDING_LOOKALIKE] = REPAIR_LATIN_LETTERS,
        [FINDING_EMAIL_COMMA] = REPAIR_EMAIL_POINT,
        [FINDING_PHONE_8] = REPAIR_PHONE_8_TO_7,
        [FINDING_MIXED] = REPAIR_RULE_COUNT,
        [FINDING_SLASHES] = REPAIR_RULE_COUNT,
        [FINDING_TRIMMED] = REPAIR_RULE_COUNT,
        [FINDING_HIDDEN] = REPAIR_RULE_COUNT};
    const struct import_repair rule = {.rule = rule_of[code], .value = value};
    bool offered = rule.rule != REPAIR_RULE_COUNT && repair_fits(rule.rule, c);
    if (!found->count)
        return;
    write_head(b, code, c, found, value, offered ? &rule : NULL);
    if (offered) {
        write_text(b, "offer", wording_repair_offer[rule.rule], more_than_one(found->count), value);
        write_repair(b, c, &rule);
    } else {
        buf_add(b, STR(",\"repair\":null"));
    }
    buf_add_char(b, '}');
}

/* The order is offered as far as the dates themselves do not speak against it. */
static void write_slashes(struct buf *b, const struct findings *f, const struct import_column *c,
                          const struct column *seen)
{
    const struct finding *found = &seen->found[FINDING_SLASHES];
    static const char *const order[] = {"dmy", "mdy"};
    const bool fits[] = {!seen->month_first || seen->day_first,
                         !seen->day_first || seen->month_first};
    if (!found->count)
        return;
    write_head(b, FINDING_SLASHES, c, found, (str){0}, NULL);
    write_text(b, "offer", wording_finding_offer[FINDING_SLASHES], more_than_one(found->count),
               (str){0});
    buf_add(b, STR(",\"repair\":null,\"accept_one_of\":["));
    for (size_t i = 0, n = 0; i < COUNT(order); i++)
        if (fits[i])
            buf_format(b, "%s{\"date_order\":\"%s\"}", n++ ? "," : "", order[i]);
    buf_format(b, "],\"accepted\":%s}",
               f->plan->settings.date_order != DATE_ORDER_UNSAID ? "true" : "false");
}

static void write_hidden(struct buf *b, const struct findings *f)
{
    const struct finding found = {.count = f->hidden};
    if (!f->hidden)
        return;
    write_head(b, FINDING_HIDDEN, NULL, &found, (str){0}, NULL);
    write_text(b, "offer", wording_finding_offer[FINDING_HIDDEN], more_than_one(f->hidden),
               (str){0});
    buf_format(b, ",\"repair\":null,\"accept\":{\"hidden_rows\":\"leave_out\"},\"accepted\":%s}",
               f->plan->settings.rows.hidden == ROWS_HIDDEN_LEAVE_OUT ? "true" : "false");
}

static void write_column(struct findings *f, size_t i, struct buf *b)
{
    struct column *seen = &f->column[i];
    const struct import_column *c = &f->plan->column[i];
    judge(seen);
    for (enum finding_code code = 0; code < FINDING_COUNT; code++) {
        str value = code == FINDING_BARE_NO ? STR("нет") : (str){0};
        if (code == FINDING_LOST_ZEROS)
            value = arena_format(&f->arena, "%zu", seen->zeros_length);
        if (code == FINDING_SHARED_EMAIL)
            continue;
        if (code == FINDING_SLASHES)
            write_slashes(b, f, c, seen);
        else
            write_finding(b, code, c, &seen->found[code], value);
    }
    const struct shared_email *shared;
    size_t count = seen->role == ROLE_EMAIL ? emails_seen_shared(&f->emails, &shared) : 0;
    for (size_t e = 0; e < count; e++)
        write_finding(b, FINDING_SHARED_EMAIL, c, &shared[e].found, shared[e].email);
}

void findings_write(struct findings *f, bool complete, struct buf *b)
{
    AUTO(buf_done) struct buf list = {0};
    write_hidden(&list, f);
    for (size_t i = 0; i < f->columns; i++)
        write_column(f, i, &list);
    buf_add(b, STR("\"findings\":["));
    buf_add(b, buf_str(&list));
    buf_format(b, "],\"findings_records\":%llu,\"findings_complete\":%s",
               (unsigned long long)f->records, complete ? "true" : "false");
}

/* --- its life --- */

static enum column_role role_of(const struct import_column *c)
{
    static const enum column_role roles[FIELD_COUNT] = {
        [FIELD_EXTERNAL_ID] = ROLE_ID,  [FIELD_LEGACY_ID] = ROLE_ID,
        [FIELD_EMAIL] = ROLE_EMAIL,     [FIELD_PHONE] = ROLE_PHONE,
        [FIELD_CREATED_AT] = ROLE_DATE, [FIELD_UNSUBSCRIBED] = ROLE_FLAG,
        [FIELD_COMPLAINED] = ROLE_FLAG, [FIELD_NAME] = ROLE_TEXT,
        [FIELD_FIRST_NAME] = ROLE_TEXT, [FIELD_AVATAR_URL] = ROLE_TEXT};
    if (c->name_part)
        return ROLE_TEXT;
    if (c->field != FIELD_COUNT)
        return roles[c->field];
    return c->attribute.ptr ? ROLE_CUSTOM : ROLE_NONE;
}

struct findings *findings_new(const struct import_plan *plan)
{
    struct findings *f = mem_new(1, sizeof *f);
    f->plan = plan;
    f->columns = plan->count;
    f->column = mem_new(f->columns + 1, sizeof *f->column); // JSON Lines have none
    for (unsigned c = 0; c < COUNT(f->kind); c++)
        f->kind[c] = kind_of(c);
    for (size_t i = 0; i < f->columns; i++)
        f->column[i].role = role_of(&plan->column[i]);
    return f;
}

void findings_free(struct findings *f)
{
    if (!f)
        return;
    emails_seen_done(&f->emails);
    arena_done(&f->arena);
    arena_done(&f->scratch);
    mem_free(f->column);
    mem_free(f);
}

const char *finding_code_name(enum finding_code code)
{
    static const char *const names[] = {
#define FINDING_NAME(name, text) text,
        FINDING_CODES(FINDING_NAME)
#undef FINDING_NAME
    };
    return names[code];
}
