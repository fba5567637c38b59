/* Exports, told about: one, and all of them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "api/exports_priv.h"

#include "base/clock.h"

const char *export_type(const struct store_export *task)
{
    return str_eq(task->format, STR("xlsx"))
               ? "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
               : "application/gzip";
}

bool export_find(struct http_request *r, struct store_company *company,
                 struct store_reader **ret_reader, struct store_export *ret_task)
{
    str id = http_segment(r, "id");
    uint64_t number;
    struct err err = {ERR_NOT_FOUND, ""};
    if (!company || !(*ret_reader = api_reader(r, company)))
        return false;
    if (str_to_u64(id, &number) && number <= INT64_MAX &&
        store_export_get(*ret_reader, http_arena(r), (int64_t)number, ret_task, &err))
        return true;
    if (err.code == ERR_NOT_FOUND)
        error_answer(r, 404, "Document not found",
                     SAY(r, "There is no export task %.*s", "Экспорта %.*s нет"),
                     STR_ARG(str_shown(id, 40)));
    else
        error_store(r, &err);
    return false;
}

/* --- one --- */

static void add_stamp(struct buf *b, struct store_company *company, const char *name, int64_t at_us)
{
    char text[ZONE_STAMP_BYTES];
    json_add_string(b, name,
                    at_us ? (str){text, zone_stamp(store_company_zone(company), at_us, text)}
                          : (str){0});
}

static str why_rejected(struct http_request *r, const struct store_export *t)
{
    static const struct {
        const char *code, *english, *russian;
    } sentences[] = {
        {EXPORT_DISK_FULL, "The server's disk is full: make room, and ask again",
         "На диске сервера нет места: освободите его и запросите экспорт снова"},
        {EXPORT_DOES_NOT_FIT, "The customers do not fit into a file of this format: ",
         "Клиенты не помещаются в файл этого формата: "},
        {EXPORT_PROGRAM, "export_format: ", "export_format: "},
        {EXPORT_CRASHED, "The server ended three times while it made this file",
         "Сервер трижды прервался, делая этот файл"},
        {EXPORT_STORE,
         "The server could not read the customers or write the file; its log says why",
         "Сервер не смог прочитать клиентов или записать файл; причина в его журнале"},
    };
    if (!t->code.len)
        return (str){0};
    for (size_t i = 0; i < COUNT(sentences); i++)
        if (str_eq(t->code, str_of(sentences[i].code)))
            return arena_format(http_arena(r), "%s%.*s",
                                SAY(r, sentences[i].english, sentences[i].russian),
                                STR_ARG(t->detail));
    return t->code;
}

static void add_progress(struct buf *b, const struct store_export *t, uint64_t records)
{
    buf_format(b, ",\"records\":%llu,\"progress\":{\"records\":%llu,\"total\":",
               (unsigned long long)records, (unsigned long long)records);
    if (t->total)
        buf_format(b, "%llu,\"percent\":%llu}", (unsigned long long)t->total,
                   (unsigned long long)(t->state == EXPORT_COMPLETED
                                            ? 100
                                            : MIN(records * 100 / t->total, (uint64_t)99)));
    else
        buf_format(b, "null,\"percent\":%s}", t->state == EXPORT_COMPLETED ? "100" : "null");
}

static void add_archive(struct http_request *r, struct buf *b, struct store_company *company,
                        const struct store_export *t)
{
    struct api *api = http_app_context(r);
    int64_t until = jobs_export_until(api->config.jobs, t);
    if (t->file.len && until > clock_now_us()) {
        AUTO(buf_done) struct buf link = {0};
        export_add_link(r, &link, store_company_info(company)->id, t);
        json_add_string(b, "archive_url", buf_str(&link));
        buf_format(b, ",\"archive_size\":%llu,\"archive_content_type\":\"%s\"",
                   (unsigned long long)t->bytes, export_type(t));
    } else {
        buf_add(b, STR(",\"archive_url\":null,\"archive_size\":null,"
                       "\"archive_content_type\":null"));
    }
    add_stamp(b, company, "expires_at", until);
}

void export_add(struct http_request *r, struct buf *b, struct store_company *company,
                const struct store_export *t)
{
    struct api *api = http_app_context(r);
    buf_format(b,
               "{\"id\":\"%lld\",\"type\":\"export_tasks\",\"attributes\":{\"records_type\":"
               "\"consumers\",\"format\":\"%.*s\"",
               (long long)t->id, STR_ARG(t->format));
    json_add_string(b, "export_format", t->program);
    json_add_raw(b, "search_options", t->options);
    buf_format(b, ",\"state\":\"%s\"", export_state_name(t->state));
    add_archive(r, b, company, t);
    add_stamp(b, company, "created_at", t->created_at_us);
    add_stamp(b, company, "started_at", t->started_at_us);
    add_stamp(b, company, "finished_at", t->finished_at_us);
    json_add_string(b, "error_message", why_rejected(r, t));
    json_add_string(b, "error_code", t->code);
    buf_add(b, STR(",\"refuse_reason\":null"));
    add_progress(b, t, jobs_export_records(api->config.jobs, company, t));
    buf_format(b, "},\"links\":{\"self\":\"%.*s/export_tasks/%lld\"}}", STR_ARG(answer_prefix(r)),
               (long long)t->id);
}

void export_answer(struct http_request *r, int status, struct store_company *company,
                   const struct store_export *task)
{
    AUTO(buf_done) struct buf b = {0};
    buf_add(&b, STR("{\"data\":"));
    export_add(r, &b, company, task);
    buf_add(&b, STR("}\n"));
    http_answer(r, status, answer_type(r), buf_str(&b));
}

void exports_get(struct http_request *r)
{
    struct store_company *company = auth_company(r, SCOPE_EXPORTS);
    struct store_reader *reader;
    struct store_export task;
    if (export_find(r, company, &reader, &task))
        export_answer(r, 200, company, &task);
}

/* --- all, newest first --- */

void exports_list(struct http_request *r)
{
    struct store_company *company = auth_company(r, SCOPE_EXPORTS);
    struct store_reader *reader = company ? api_reader(r, company) : NULL;
    AUTO(buf_done) struct buf b = {0};
    struct store_export *task;
    uint64_t page, per_page;
    size_t count;
    struct err err = {0};
    if (!reader || !api_page(r, &page, &per_page))
        return;
    // One more than asked for tells whether there is a next page.
    if (!store_export_list(reader, http_arena(r), EXPORTS_ALL, (page - 1) * per_page, per_page + 1,
                           &task, &count, &err)) {
        error_store(r, &err);
        return;
    }
    buf_add(&b, STR("{\"data\":["));
    for (size_t i = 0; i < MIN(count, (size_t)per_page); i++) {
        if (i)
            buf_add_char(&b, ',');
        export_add(r, &b, company, &task[i]);
    }
    buf_add(&b, STR("],\"links\":{\"next\":"));
    if (count > per_page)
        buf_format(&b, "\"%.*s/export_tasks?page=%llu&per_page=%llu\"", STR_ARG(answer_prefix(r)),
                   (unsigned long long)page + 1, (unsigned long long)per_page);
    else
        buf_add(&b, STR("null"));
    buf_add(&b, STR("}}\n"));
    http_answer(r, 200, answer_type(r), buf_str(&b));
}
