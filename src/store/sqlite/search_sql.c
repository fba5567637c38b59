/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/search_sql.h"

#include "base/json.h"
#include "base/limits.h"
#include "sql_search.h"

enum { FEW = 10000, FEW_BLOCKS = FEW / 128 };
#define NO_FIELD ((enum consumer_field)(FIELD_COUNT + 1)) /* which no condition is on */

#define SEARCH_POINTER "search" /* the type under which a struct consumer_search is bound */

/* The ways beside the one by id: the field they are in order of, and its column there. */
static const struct {
    enum consumer_field field;
    const char *column, *from;
    bool nullable;
} ways[WAY_COUNT] = {
    [WAY_ID] = {FIELD_COUNT, "c.id", SQL_SEARCH_BY_ID, false},
    [WAY_EXTERNAL] = {FIELD_EXTERNAL_ID, "k.external_id", SQL_SEARCH_BY_EXTERNAL, true},
    [WAY_EMAIL] = {FIELD_EMAIL, "k.email_key", SQL_SEARCH_BY_EMAIL, true},
    [WAY_LEGACY] = {FIELD_LEGACY_ID, "k.legacy_id", SQL_SEARCH_BY_LEGACY, true},
    [WAY_UPDATED] = {FIELD_UPDATED_AT, "u.stamp", SQL_SEARCH_BY_UPDATED, false},
    [WAY_CREATED] = {FIELD_CREATED_AT, "k.created_at", SQL_SEARCH_BY_CREATED, false},
    [WAY_HITS] = {NO_FIELD, "h.id", SQL_SEARCH_BY_HITS, false},
};
static const char *const columns[FIELD_COUNT + 1] = {
    [FIELD_EMAIL] = SQL_SEARCH_EMAIL,
    [FIELD_PHONE] = SQL_SEARCH_PHONE,
    [FIELD_NAME] = "c.name",
    [FIELD_FIRST_NAME] = "c.first_name",
    [FIELD_AVATAR_URL] = "c.avatar_url",
    [FIELD_EXTERNAL_ID] = "c.external_id",
    [FIELD_CREATED_AT] = "c.created_at",
    [FIELD_UPDATED_AT] = "c.updated_at",
    [FIELD_UNSUBSCRIBED] = "(c.flags & 1)",
    [FIELD_PERMANENT_FAILED] = "(c.flags >> 1 & 1)",
    [FIELD_COMPLAINED] = "(c.flags >> 2 & 1)",
    [FIELD_LEGACY_ID] = "c.legacy_id",
    [FIELD_COUNT] = "c.id",
};

/* --- choosing a way --- */

static enum search_way way_of(enum consumer_field field)
{
    enum search_way way = 0;
    while (way < WAY_COUNT && ways[way].field != field)
        way++;
    return way;
}

static bool is_point(const struct consumer_condition *c)
{
    return c->op == FILTER_EQ || c->op == FILTER_IN;
}

static bool is_range(const struct consumer_condition *c)
{
    return c->op >= FILTER_GT && c->op <= FILTER_LTE;
}

static size_t conditions(const struct store_query *q)
{
    return q->filter ? q->filter->count : 0;
}

static const struct consumer_sort *single_sort(const struct store_query *q)
{
    static const struct consumer_sort by_id = {FIELD_COUNT, false};
    const size_t count = q->order ? q->order->count : 0;
    return !count ? &by_id : count == 1 ? &q->order->sort[0] : NULL;
}

/* What the conditions on a moment leave of time. */
static void find_span(const struct store_query *q, enum consumer_field field, int64_t *ret_from,
                      int64_t *ret_to)
{
    *ret_from = INT64_MIN;
    *ret_to = INT64_MAX;
    for (size_t i = 0; i < conditions(q); i++) {
        const struct consumer_condition *c = &q->filter->condition[i];
        if (c->field != field || (!is_point(c) && !is_range(c)) || !c->count)
            continue;
        int64_t low = c->number[0], high = c->number[0];
        for (size_t n = 1; n < c->count; n++) {
            low = MIN(low, c->number[n]);
            high = MAX(high, c->number[n]);
        }
        if (is_point(c) || c->op == FILTER_GT || c->op == FILTER_GTE)
            *ret_from = MAX(*ret_from, low);
        if (is_point(c) || c->op == FILTER_LT || c->op == FILTER_LTE)
            *ret_to = MIN(*ret_to, high);
    }
}

static bool count_few(struct store_reader *r, const char *sql, int64_t from, int64_t to,
                      int64_t limit, int64_t *ret_count, struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, sql, err);
    if (!s)
        return false;
    db_bind_int(s, 1, from);
    db_bind_int(s, 2, to);
    db_bind_int(s, 3, limit);
    if (!db_step(&r->db, s, err))
        return false;
    *ret_count = sqlite3_column_int64(s, 0);
    (void)sqlite3_reset(s);
    return true;
}

/* Whether only few customers lie within the span. */
static bool is_narrow(struct store_reader *r, enum search_way way, int64_t from, int64_t to,
                      bool *ret_narrow, struct err *err)
{
    static const char blocks[] = SQL_SEARCH_FEW_BLOCKS, created[] = SQL_SEARCH_FEW_CREATED;
    int64_t count, rest = 0;
    if (way == WAY_UPDATED) {
        if (!count_few(r, blocks, from, to, FEW_BLOCKS, &count, err))
            return false;
        *ret_narrow = count < FEW_BLOCKS;
        return true;
    }
    static const char meta[] = SQL_SEARCH_UNINDEXED;
    sqlite3_stmt *s = db_statement(&r->db, meta, err);
    if (!s || !db_step(&r->db, s, err))
        return false;
    rest = sqlite3_column_int64(s, 0);
    (void)sqlite3_reset(s);
    if (!count_few(r, created, from, to, FEW, &count, err))
        return false;
    *ret_narrow = count + rest < FEW;
    return true;
}

static bool has_some(const struct store_query *q, enum consumer_field field)
{
    for (size_t i = 0; i < conditions(q); i++) {
        const struct consumer_condition *c = &q->filter->condition[i];
        if (c->field == field &&
            (is_point(c) || is_range(c) || (c->op == FILTER_EXISTS && c->number[0])))
            return true;
    }
    return false;
}

static bool only_conditions_on(const struct store_query *q, enum consumer_field field)
{
    for (size_t i = 0; i < conditions(q); i++)
        if (q->filter->condition[i].field != field)
            return false;
    return true;
}

/* The way of the order itself, if there is one. */
static void plan_by_order(const struct store_query *q, struct search_plan *plan)
{
    const struct consumer_sort *sort = single_sort(q);
    enum search_way way = sort ? way_of(sort->field) : WAY_COUNT;
    if (way == WAY_COUNT || way == WAY_LEGACY) {
        *plan = (struct search_plan){.way = WAY_ID};
        return;
    }
    *plan = (struct search_plan){
        .way = way, .sorted = true, .rest = ways[way].nullable && !has_some(q, sort->field)};
    plan->narrow = only_conditions_on(q, sort->field);
}

static bool find_point(const struct store_query *q, struct search_plan *plan)
{
    for (size_t i = 0; i < conditions(q); i++) {
        const struct consumer_condition *c = &q->filter->condition[i];
        enum search_way way = way_of(c->field);
        if (is_point(c) && way != WAY_COUNT && way != WAY_CREATED && way != WAY_UPDATED) {
            *plan = (struct search_plan){.way = way, .narrow = true};
            return true;
        }
    }
    return false;
}

/* By the ids of those who are meant, if there are not too many. */
static bool plan_by_text(const struct store_query *q, bool counts, const struct search_found *found,
                         struct search_plan *plan)
{
    const struct consumer_sort *sort = single_sort(q);
    bool ranked = !counts && !conditions(q) && !(q->order && q->order->count);
    *plan = (struct search_plan){
        .way = found->wide ? WAY_ID : WAY_HITS, .sorted = true, .found = found, .ranked = ranked};
    plan->rest = ranked;
    plan->narrow = !found->wide;
    if (!ranked)
        plan->sorted = !counts && sort && sort->field == FIELD_COUNT;
    return ranked || !found->wide;
}

bool search_plan_make(struct store_reader *r, const struct store_query *q, bool counts,
                      const struct search_found *found, struct search_plan *ret_plan,
                      struct err *err)
{
    static const enum search_way spans[] = {WAY_UPDATED, WAY_CREATED};
    struct search_plan plan = {.way = WAY_ID}, other = {.way = WAY_COUNT};
    if (found && plan_by_text(q, counts, found, &plan)) {
        *ret_plan = plan;
        return true;
    }
    plan = (struct search_plan){.way = WAY_ID};
    if (!counts)
        plan_by_order(q, &plan);
    if (find_point(q, &other)) {
        other.sorted = plan.sorted && other.way == plan.way;
        other.found = found;
        *ret_plan = other;
        return true;
    }
    for (size_t i = 0; i < COUNT(spans) && !other.narrow; i++) {
        int64_t from, to;
        bool narrow;
        find_span(q, ways[spans[i]].field, &from, &to);
        if ((from == INT64_MIN && to == INT64_MAX) || (plan.sorted && plan.way == spans[i]))
            continue;
        if (!is_narrow(r, spans[i], from, to, &narrow, err))
            return false;
        if (narrow || other.way == WAY_COUNT)
            other = (struct search_plan){.way = spans[i], .narrow = narrow};
    }
    // Few customers are sorted at once; many only when there is no way in the order asked for.
    if (other.way != WAY_COUNT && (other.narrow || !plan.sorted || counts))
        plan = other;
    for (size_t i = 0; i < conditions(q) && !plan.sorted && other.way == WAY_COUNT; i++) {
        const struct consumer_condition *c = &q->filter->condition[i];
        if (is_range(c) && way_of(c->field) != WAY_COUNT)
            plan = (struct search_plan){.way = way_of(c->field)};
    }
    find_span(q, ways[plan.way].field, &plan.from, &plan.to);
    plan.found = found;
    *ret_plan = plan;
    return true;
}

/* --- writing it down --- */

static void add(struct search_sql *sql, const char *text)
{
    buf_add(&sql->text, str_of(text));
}

static void add_value(struct search_sql *sql, struct search_value value)
{
    if (sql->values == sql->room) {
        size_t room = sql->room ? sql->room * 2 : 16;
        struct search_value *more = ARENA_NEW(sql->arena, struct search_value, room);
        if (sql->values)
            memcpy(more, sql->value, sql->values * sizeof *more);
        sql->value = more;
        sql->room = room;
    }
    sql->value[sql->values++] = value;
}

static void add_int(struct search_sql *sql, int64_t number)
{
    add_value(sql, (struct search_value){.kind = VALUE_INT, .number = number});
}

static void add_str(struct search_sql *sql, str text)
{
    add_value(sql, (struct search_value){.kind = VALUE_STR, .text = text});
}

static void add_pointer(struct search_sql *sql, int kind, const void *pointer)
{
    add_value(sql, (struct search_value){.kind = kind, .pointer = pointer});
}

static bool is_number_field(enum consumer_field field)
{
    return field == FIELD_COUNT || field == FIELD_CREATED_AT || field == FIELD_UPDATED_AT ||
           field == FIELD_UNSUBSCRIBED || field == FIELD_PERMANENT_FAILED ||
           field == FIELD_COMPLAINED;
}

static void add_column(struct search_sql *sql, const struct search_plan *plan,
                       const struct consumer_condition *c)
{
    if (c->field == FIELD_CUSTOM_ATTRIBUTES) {
        add(sql, c->is_real ? "number_of(attribute_of(c.custom_attributes, ?))"
                            : "attribute_of(c.custom_attributes, ?)");
        add_str(sql, json_string_text(sql->arena, c->key));
    } else if (plan && ways[plan->way].field == c->field) {
        add(sql, ways[plan->way].column);
    } else {
        add(sql, columns[c->field]);
    }
}

static void add_operand(struct search_sql *sql, const struct consumer_condition *c, size_t i)
{
    if (c->is_real)
        add_value(sql, (struct search_value){.kind = VALUE_REAL, .real = c->real});
    else if (is_number_field(c->field))
        add_int(sql, c->number[i]);
    else
        add_str(sql, c->text[i]);
}

/* plan: whose columns stand for the fields, where it has them; NULL: the customer's own. */
static void add_condition(struct search_sql *sql, const struct search_plan *plan,
                          const struct consumer_condition *c)
{
    static const char *const operators[FILTER_OP_COUNT] = {
        [FILTER_EQ] = " IN (", [FILTER_NEQ] = " IS NOT ", [FILTER_GT] = " > ",
        [FILTER_GTE] = " >= ", [FILTER_LT] = " < ",       [FILTER_LTE] = " <= ",
        [FILTER_IN] = " IN ("};
    add(sql, " AND ");
    if (c->op == FILTER_EXISTS) {
        add_column(sql, plan, c);
        add(sql, c->number[0] ? " IS NOT NULL" : " IS NULL");
    } else if (!c->count) {
        add(sql, c->op == FILTER_NEQ ? "1" : "0");
    } else {
        add_column(sql, plan, c);
        add(sql, operators[c->op]);
        for (size_t i = 0; i < c->count; i++) {
            add(sql, i ? ",?" : "?");
            add_operand(sql, c, i);
        }
        add(sql, is_point(c) ? ")" : "");
    }
}

static void add_filter(struct search_sql *sql, const struct search_plan *plan,
                       const struct store_query *q)
{
    for (size_t i = 0; i < conditions(q); i++)
        add_condition(sql, plan, &q->filter->condition[i]);
    if (!q->search)
        return;
    add(sql, SQL_SEARCH_MATCHES);
    add_pointer(sql, VALUE_SEARCH, q->search);
}

/* Which blocks may hold stamps of the span: from the first that ends in it to the first that ends
 * after it. */
static void add_blocks(struct search_sql *sql, int64_t from, int64_t to)
{
    if (from != INT64_MIN) {
        add(sql, " AND b.last >= ?");
        add_int(sql, from);
    }
    if (to != INT64_MAX) {
        add(sql, " AND b.last <= ifnull(" SQL_SEARCH_BLOCK_END ", ?)");
        add_int(sql, to);
        add_int(sql, INT64_MAX);
    }
}

/* Past q->after in the order of the way. */
static void add_after_on_way(struct search_sql *sql, const struct search_plan *plan,
                             const struct store_query *q, bool key_columns)
{
    const bool down = single_sort(q)->descending;
    const char *than = down ? " < " : " > ";
    const struct store_place *at = q->after;
    if (plan->way == WAY_CREATED) {
        add(sql, key_columns ? " AND (k.created_at, k.id)" : " AND (c.created_at, c.id)");
        add(sql, than);
        add(sql, "(?, ?)");
        add_int(sql, at->number);
        add_int(sql, at->id);
        return;
    }
    add(sql, " AND ");
    add(sql, ways[plan->way].column);
    add(sql, than);
    add(sql, "?");
    if (plan->way == WAY_HITS)
        add_int(sql, at->id);
    else if (is_number_field(ways[plan->way].field))
        add_int(sql, at->number);
    else
        add_str(sql, at->text);
}

/* Past q->after in an order that is made by sorting. */
static void add_after_sorted(struct search_sql *sql, const struct store_query *q)
{
    const struct consumer_sort *sort = single_sort(q);
    const char *column = columns[sort->field], *than = sort->descending ? "<" : ">";
    const struct store_place *at = q->after;
    if (at->missing) {
        buf_format(&sql->text, " AND %s IS NULL AND c.id %s ?", column, than);
        add_int(sql, at->id);
        return;
    }
    buf_format(&sql->text, " AND (%s IS NULL OR %s %s ? OR (%s = ? AND c.id %s ?))", column, column,
               than, column, than);
    str text = sort->field == FIELD_PHONE ? consumer_phone_key(sql->arena, at->text) : at->text;
    for (int i = 0; i < 2; i++)
        if (is_number_field(sort->field))
            add_int(sql, at->number);
        else
            add_str(sql, text);
    add_int(sql, at->id);
}

static void add_sorted_order(struct search_sql *sql, const struct store_query *q)
{
    static const char *const direction[] = {"", " DESC"};
    size_t count = q->order ? q->order->count : 0;
    bool down = false;
    add(sql, " ORDER BY ");
    for (size_t i = 0; i < count; i++) {
        const struct consumer_sort *s = &q->order->sort[i];
        down = s->descending;
        buf_format(&sql->text, "%s IS NULL, %s%s, ", columns[s->field], columns[s->field],
                   direction[down]);
    }
    buf_format(&sql->text, "c.id%s", direction[down]);
}

static void add_limit(struct search_sql *sql, const struct store_query *q)
{
    const uint64_t most = INT64_MAX / 2;
    uint64_t skip = MIN(q->skip, most), limit = MIN(q->limit, most);
    if (!limit)
        return;
    add(sql, " LIMIT ?");
    add_int(sql, (int64_t)(skip + limit));
}

static bool is_down(const struct store_query *q)
{
    return single_sort(q)->descending;
}

/* FROM ... WHERE ... of the plan's way. */
static void add_way(struct search_sql *sql, const struct search_plan *plan,
                    const struct store_query *q)
{
    int64_t from = plan->from, to = plan->to;
    bool after = q->after && plan->sorted && !q->after->missing;
    add(sql, ways[plan->way].from);
    if (plan->way == WAY_HITS)
        add_pointer(sql, VALUE_HITS, &plan->found->all);
    if (plan->way == WAY_UPDATED) {
        if (after && is_down(q))
            to = MIN(to, q->after->number);
        else if (after)
            from = MAX(from, q->after->number);
        add_blocks(sql, from, to);
        if (plan->sorted && is_down(q))
            add(sql, " AND u.reversed = 1");
    }
    add_filter(sql, plan, q);
    if (after)
        add_after_on_way(sql, plan, q, true);
    else if (q->after && !plan->sorted)
        add_after_sorted(sql, q);
}

/* Customers by created_at whom created_key does not hold yet. */
static void add_created_rest(struct search_sql *sql, const struct search_plan *plan,
                             const struct store_query *q)
{
    add(sql, SQL_SEARCH_CREATED_REST);
    add_filter(sql, NULL, q);
    if (q->after && plan->sorted)
        add_after_on_way(sql, plan, q, false);
    else if (q->after)
        add_after_sorted(sql, q);
}

static void add_order(struct search_sql *sql, const struct search_plan *plan,
                      const struct store_query *q)
{
    if (!plan->sorted) {
        add_sorted_order(sql, q);
        return;
    }
    const char *down = is_down(q) ? " DESC" : "";
    add(sql, " ORDER BY ");
    if (plan->way == WAY_UPDATED)
        buf_format(&sql->text, "b.last%s", down); // within a block as it is unpacked
    else
        buf_format(&sql->text, "%s%s", ways[plan->way].column, down);
}

/* A search alone: the exact ones, or the others after them, each by id. */
static void make_ranked(struct search_sql *sql, const struct search_plan *plan,
                        const struct store_query *q, bool exact)
{
    const struct search_found *found = plan->found;
    bool by_hits = exact || !found->wide, after = q->after && q->after->missing == !exact;
    add(sql, "SELECT " SQL_SEARCH_COLUMNS);
    add(sql, by_hits ? SQL_SEARCH_BY_HITS : SQL_SEARCH_BY_ID);
    if (by_hits)
        add_pointer(sql, VALUE_HITS, exact ? &found->exact : &found->other);
    for (size_t i = 0; !by_hits && i < found->exact.count; i++) {
        add(sql, i ? ",?" : " AND c.id NOT IN (?");
        add_int(sql, found->exact.id[i]);
        add(sql, i + 1 == found->exact.count ? ")" : "");
    }
    add_filter(sql, NULL, q);
    if (after) {
        add(sql, by_hits ? " AND h.id > ?" : " AND c.id > ?");
        add_int(sql, q->after->id);
    }
    add(sql, by_hits ? " ORDER BY h.id" : " ORDER BY c.id");
    add_limit(sql, q);
}

/* SELECT of a count begins so, and ends so: */
static void begin_count(struct search_sql *sql)
{
    add(sql, "SELECT count(*) FROM (SELECT 1 ");
}

static void end_count(struct search_sql *sql, const struct store_query *q)
{
    if (q->count_most) {
        add(sql, " LIMIT ?");
        add_int(sql, (int64_t)MIN(q->count_most, (uint64_t)INT64_MAX));
    }
    add(sql, ")");
}

static void make_created(struct search_sql *sql, const struct search_plan *plan,
                         const struct store_query *q, bool count)
{
    if (count)
        begin_count(sql);
    else
        add(sql, plan->sorted ? "SELECT " SQL_SEARCH_CREATED_COLUMNS
                              : "SELECT * FROM (SELECT " SQL_SEARCH_CREATED_COLUMNS);
    add_way(sql, plan, q);
    add(sql, count ? " UNION ALL SELECT 1 " : " UNION ALL SELECT " SQL_SEARCH_COLUMNS);
    add_created_rest(sql, plan, q);
    if (count) {
        end_count(sql, q);
    } else if (plan->sorted) {
        const char *down = is_down(q) ? " DESC" : "";
        buf_format(&sql->text, " ORDER BY 11%s, 1%s", down, down);
        add_limit(sql, q);
    } else {
        add(sql, ") AS c");
        add_sorted_order(sql, q);
        add_limit(sql, q);
    }
}

static void make_rest(struct search_sql *sql, const struct search_plan *plan,
                      const struct store_query *q)
{
    const char *down = is_down(q) ? " DESC" : "";
    add(sql, "SELECT " SQL_SEARCH_COLUMNS SQL_SEARCH_BY_ID);
    buf_format(&sql->text, " AND %s IS NULL", columns[ways[plan->way].field]);
    add_filter(sql, NULL, q);
    if (q->after && q->after->missing) {
        add(sql, is_down(q) ? " AND c.id < ?" : " AND c.id > ?");
        add_int(sql, q->after->id);
    }
    buf_format(&sql->text, " ORDER BY c.id%s", down);
    add_limit(sql, q);
}

void search_sql_make(struct search_sql *sql, const struct search_plan *plan,
                     const struct store_query *q, enum search_part part)
{
    if (plan->ranked) {
        make_ranked(sql, plan, q, part == PART_ALL);
    } else if (part == PART_REST) {
        make_rest(sql, plan, q);
    } else if (plan->way == WAY_CREATED) {
        make_created(sql, plan, q, part == PART_COUNT);
    } else {
        if (part == PART_COUNT)
            begin_count(sql);
        else
            add(sql, "SELECT " SQL_SEARCH_COLUMNS);
        add_way(sql, plan, q);
        if (part == PART_COUNT) {
            end_count(sql, q);
            return;
        }
        add_order(sql, plan, q);
        add_limit(sql, q);
    }
}

sqlite3_stmt *search_sql_prepare(struct db *db, const struct search_sql *sql, struct err *err)
{
    sqlite3_stmt *s;
    if (sqlite3_prepare_v2(db->handle, sql->text.ptr, (int)sql->text.len, &s, NULL) != SQLITE_OK) {
        db_error(db, err, "a search");
        return NULL;
    }
    for (size_t i = 0; i < sql->values; i++) {
        const struct search_value *v = &sql->value[i];
        if (v->kind == VALUE_STR)
            db_bind_str(s, (int)i + 1, v->text.ptr ? v->text : STR(""));
        else if (v->kind == VALUE_REAL)
            (void)sqlite3_bind_double(s, (int)i + 1, v->real);
        else if (v->kind == VALUE_HITS || v->kind == VALUE_SEARCH)
            (void)sqlite3_bind_pointer(s, (int)i + 1, (void *)(uintptr_t)v->pointer,
                                       v->kind == VALUE_HITS ? HITS_POINTER : SEARCH_POINTER, NULL);
        else
            db_bind_int(s, (int)i + 1, v->number);
    }
    return s;
}

/* --- functions --- */

static str text_of(sqlite3_value *v)
{
    const void *bytes = sqlite3_value_text(v);
    return (str){bytes, bytes ? (size_t)sqlite3_value_bytes(v) : 0};
}

static void attribute_of(sqlite3_context *out, int argc, sqlite3_value **argv)
{
    AUTO(arena_done) struct arena a = {0};
    assert(argc == 2);
    str value = consumer_attribute_text(&a, text_of(argv[0]), text_of(argv[1]));
    if (!str_is_null(value))
        sqlite3_result_text64(out, value.ptr, value.len, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static void number_of(sqlite3_context *out, int argc, sqlite3_value **argv)
{
    double number;
    assert(argc == 1);
    if (sqlite3_value_type(argv[0]) != SQLITE_NULL && consumer_number(text_of(argv[0]), &number))
        sqlite3_result_double(out, number);
}

/* Whether the customer whose columns these are is meant. */
static void matches(sqlite3_context *out, int argc, sqlite3_value **argv)
{
    AUTO(arena_done) struct arena a = {0};
    const struct consumer_search *search = sqlite3_value_pointer(argv[0], SEARCH_POINTER);
    assert(argc == 9);
    struct consumer c = {.id = sqlite3_value_int64(argv[1]),
                         .external_id = text_of(argv[2]),
                         .legacy_id = text_of(argv[3]),
                         .email = text_of(argv[4]),
                         .email_key = text_of(argv[5]),
                         .phone = text_of(argv[6]),
                         .name = text_of(argv[7]),
                         .first_name = text_of(argv[8])};
    if (str_is_null(c.email_key))
        c.email_key = c.email;
    sqlite3_result_int(out, search && consumer_search_matches(search, &a, &c));
}

bool search_functions_register(struct db *db, struct err *err)
{
    enum { FLAGS = SQLITE_UTF8 | SQLITE_DETERMINISTIC };
    return (hits_register(db, err) &&
            sqlite3_create_function(db->handle, "search_matches", 9, FLAGS, NULL, matches, NULL,
                                    NULL) == SQLITE_OK &&
            sqlite3_create_function(db->handle, "attribute_of", 2, FLAGS, NULL, attribute_of, NULL,
                                    NULL) == SQLITE_OK &&
            sqlite3_create_function(db->handle, "number_of", 1, FLAGS, NULL, number_of, NULL,
                                    NULL) == SQLITE_OK) ||
           db_error(db, err, "the database");
}
