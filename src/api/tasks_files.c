/* The files of an import task, sent from disk as they are.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "api/tasks_priv.h"

#include "base/mem.h"

#include <unistd.h>

enum { BASE_BYTES = 100 };

/* The imported file's name without folders and, if asked, without what follows its last dot. */
static str base_name(str name, bool whole)
{
    for (size_t i = name.len; i > 0; i--)
        if (name.ptr[i - 1] == '/' || name.ptr[i - 1] == '\\') {
            name = str_from(name, i);
            break;
        }
    for (size_t i = name.len; !whole && i > 1; i--)
        if (name.ptr[i - 1] == '.') {
            name = str_first(name, i - 1);
            break;
        }
    name = str_shown(name, BASE_BYTES);
    return name.len ? name : STR("import");
}

/* A plain name for old programs, the true one in UTF-8. */
void answer_file_name(struct http_request *r, str name)
{
    static const char digits[] = "0123456789ABCDEF";
    AUTO(buf_done) struct buf plain = {0}, coded = {0};
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        bool word = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '.' ||
                    c == '-' || c == '_';
        if ((c & 0xc0) != 0x80) // one for each character, not each byte
            buf_add_char(&plain, word ? (char)c : '_');
        if (word)
            buf_add_char(&coded, (char)c);
        else
            buf_format(&coded, "%%%c%c", digits[c >> 4], digits[c & 15]);
    }
    str value = arena_format(http_arena(r), "attachment; filename=\"%.*s\"; filename*=UTF-8''%.*s",
                             STR_ARG(buf_str(&plain)), STR_ARG(buf_str(&coded)));
    http_add_header(r, "Content-Disposition", value.ptr);
}

/* fd is the server's from now on. */
static void send_file(struct http_request *r, const struct store_task *t, const char *suffix,
                      const char *type, int fd)
{
    str base = base_name(t->file_name, !suffix[0]);
    answer_file_name(r, arena_format(http_arena(r), "%.*s%s", STR_ARG(base), suffix));
    http_add_header(r, "X-Content-Type-Options", "nosniff");
    http_add_header(r, "Cache-Control", "no-store");
    http_answer_file(r, 200, type, fd);
}

void tasks_trial_under_way(struct http_request *r)
{
    error_answer(r, 409, "Conflict",
                 SAY(r, "The dry run is under way; ask again when it is over",
                     "Проверка ещё идёт; повторите, когда она закончится"));
}

static void send_kept(struct http_request *r, enum jobs_file which, const char *suffix,
                      const char *type)
{
    struct api *api = http_app_context(r);
    struct store_company *company;
    struct store_reader *reader;
    struct store_task task;
    struct err err = {0};
    int fd;
    if (!task_find(r, &company, &reader, &task))
        return;
    bool being_made = task.trial == TRIAL_QUEUED || task.trial == TRIAL_RUNNING;
    if (which != JOBS_FILE_ITSELF && being_made) {
        tasks_trial_under_way(r);
        return;
    }
    if (jobs_file_open(api->config.jobs, &task, which, &fd, &err))
        send_file(r, &task, suffix, type, fd);
    else if (err.code == ERR_NOT_FOUND)
        error_answer(r, 404, "Not found",
                     SAY(r, "There is no such file: it was not made, or its time is over",
                         "Такого файла нет: его не делали, или срок его хранения истёк"));
    else
        error_store(r, &err);
}

void tasks_diff(struct http_request *r)
{
    send_kept(r, JOBS_FILE_DIFF, "-diff.csv", "text/csv; charset=utf-8");
}

void tasks_missing(struct http_request *r)
{
    send_kept(r, JOBS_FILE_MISSING, "-missing.csv", "text/csv; charset=utf-8");
}

/* Whatever it claims to be, no browser shall show it. */
void tasks_file(struct http_request *r)
{
    send_kept(r, JOBS_FILE_ITSELF, "", "application/octet-stream");
}

/* --- the failed rows: made when asked for, which takes a while --- */

struct making {
    struct errand errand;
    struct api *api;
    struct store_company *company;
    int64_t id;
    enum rows_format format;
    enum language language;
    struct store_task task;
    struct arena arena;
    int fd; /* -1: not made, or given away */
    struct err err;
};

static void make(struct errand *e)
{
    struct making *m = (struct making *)e;
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    int fd;
    if (store_reader_open(m->company, &reader, &m->err) &&
        store_task_get(reader, &m->arena, m->id, &m->task, &m->err) &&
        jobs_failed_rows(m->api->config.jobs, m->company, &m->task, m->format, m->language, &fd,
                         &m->err))
        m->fd = fd;
}

/* JSON Lines stay that, whatever was asked for. */
static enum rows_format made_format(struct making *m)
{
    struct json tree;
    struct json_place place;
    struct err ignored;
    if (!m->task.analysis.len || !json_parse(m->task.analysis, &m->arena, &tree, &place, &ignored))
        return m->format;
    const struct json *format = json_get(&tree, "format");
    bool lines = format && str_eq(format->text, str_of(rows_format_name(ROWS_JSONL)));
    return lines ? ROWS_JSONL : m->format;
}

static void answer(struct http_request *r, struct errand *e)
{
    static const struct {
        const char *suffix, *type;
    } kinds[] = {
        [ROWS_CSV] = {"-errors.csv", "text/csv; charset=utf-8"},
        [ROWS_XLSX] = {"-errors.xlsx",
                       "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
        [ROWS_JSONL] = {"-errors.jsonl", "application/x-ndjson"},
    };
    struct making *m = (struct making *)e;
    if (m->fd >= 0) {
        enum rows_format format = made_format(m);
        int fd = m->fd;
        m->fd = -1;
        send_file(r, &m->task, kinds[format].suffix, kinds[format].type, fd);
    } else if (m->err.code == ERR_NOT_FOUND) {
        error_answer(r, 404, "Not found",
                     SAY(r, "The imported file is gone: its time is over",
                         "Загруженного файла уже нет: срок его хранения истёк"));
    } else {
        error_store(r, &m->err);
    }
}

static void free_making(struct errand *e)
{
    struct making *m = (struct making *)e;
    if (m->fd >= 0)
        (void)close(m->fd);
    arena_done(&m->arena);
    mem_free(m);
}

static bool read_format(struct http_request *r, enum rows_format *ret_format)
{
    str text = http_query(r, "format");
    *ret_format = str_is_null(text) ? ROWS_CSV : rows_format_of(text);
    if (*ret_format == ROWS_CSV || *ret_format == ROWS_XLSX)
        return true;
    error_query(r, "format", SAY(r, "must be csv or xlsx", "должно быть csv или xlsx"));
    return false;
}

/* How many rows of the task's dry run failed. */
static uint64_t trial_failed(struct http_request *r, const struct store_task *t)
{
    struct json tree;
    struct json_place place;
    struct err ignored;
    uint64_t count = 0;
    const struct json *failed = json_parse(t->trial_result, http_arena(r), &tree, &place, &ignored)
                                    ? json_get(&tree, "failed")
                                    : NULL;
    return failed && str_to_u64(failed->text, &count) ? count : 0;
}

void tasks_failed_rows(struct http_request *r)
{
    struct api *api = http_app_context(r);
    struct store_company *company;
    struct store_reader *reader;
    struct store_task task;
    enum rows_format format;
    if (!task_find(r, &company, &reader, &task) || !read_format(r, &format))
        return;
    // What a dry run found can be mended before anything starts.
    bool tried = task.trial == TRIAL_DONE && !task.counts.records;
    if (task.trial == TRIAL_QUEUED || task.trial == TRIAL_RUNNING) {
        tasks_trial_under_way(r);
        return;
    }
    if (task.state < TASK_COMPLETED && !tried) {
        error_answer(r, 409, "Conflict",
                     SAY(r, "The import is not over (%s); ask again when it is",
                         "Импорт ещё не закончен (%s); повторите, когда он закончится"),
                     task_state_name(task.state));
        return;
    }
    if (!task.counts.failed && !(tried && trial_failed(r, &task))) {
        error_answer(r, 404, "Not found",
                     SAY(r, "No row of this import failed", "В этом импорте нет строк с ошибками"));
        return;
    }
    struct making *m = mem_new(1, sizeof *m);
    m->errand = (struct errand){.run = make, .answer = answer, .free = free_making};
    m->api = api;
    m->company = company;
    m->id = task.id;
    m->format = format;
    m->language = request_language(r);
    m->fd = -1;
    http_set_context(r, m);
    errand_send(api->slow, r, &m->errand);
}
