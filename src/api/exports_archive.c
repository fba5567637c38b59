/* The files of exports: links that need no token, and what they lead to.
 *
 * A link is good for an hour, for one file, whoever has it; the token of the company opens the
 * file, too, without a signature.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "api/errand.h"
#include "api/exports_priv.h"

#include "base/clock.h"
#include "base/mem.h"
#include "store/audit.h"

#include <time.h>

#define PURPOSE "export archive"

enum { LINK_S = 3600 };

static str signed_text(struct arena *a, int64_t company_id, int64_t id, uint64_t expires_s)
{
    return arena_format(a, "%lld/%lld/%llu", (long long)company_id, (long long)id,
                        (unsigned long long)expires_s);
}

void export_add_link(struct http_request *r, struct buf *b, int64_t company_id,
                     const struct store_export *task)
{
    struct api *api = http_app_context(r);
    char signature[STORE_SIGNATURE_BYTES];
    uint64_t expires_s = (uint64_t)(clock_now_us() / 1000000) + LINK_S;
    if (is_mounted(r)) { // whoever may read this may read the file
        buf_add(b, answer_prefix(r));
        buf_format(b, "/export_tasks/%lld/archive", (long long)task->id);
        return;
    }
    store_sign(api->config.store, PURPOSE,
               signed_text(http_arena(r), company_id, task->id, expires_s), signature);
    buf_add(b, answer_base(r));
    buf_format(b, "/v4/export_tasks/%lld/archive?company=%lld&expires=%llu&signature=%s",
               (long long)task->id, (long long)company_id, (unsigned long long)expires_s,
               signature);
}

static void forbid(struct http_request *r, const char *code, const char *text)
{
    error_say(
        r,
        &(struct error){
            .status = 403, .code = code, .source = SOURCE_PARAMETER, .where = STR("signature")},
        "%s", text);
}

/* The company that the link is of; answers and returns NULL when it must not be followed. */
static struct store_company *follow_link(struct http_request *r)
{
    struct api *api = http_app_context(r);
    uint64_t company_id, id, expires_s;
    struct store_company *company;
    struct err err = {0};
    if (!str_to_u64(http_query(r, "company"), &company_id) ||
        !str_to_u64(http_segment(r, "id"), &id) ||
        !str_to_u64(http_query(r, "expires"), &expires_s) ||
        !store_is_signed(api->config.store, PURPOSE,
                         signed_text(http_arena(r), (int64_t)company_id, (int64_t)id, expires_s),
                         http_query(r, "signature"))) {
        forbid(r, "link_invalid",
               SAY(r, "This link was not made by this server, or was changed",
                   "Эту ссылку выдал не этот сервер, или она изменена"));
        return NULL;
    }
    if (expires_s < (uint64_t)(clock_now_us() / 1000000)) {
        forbid(r, "link_expired",
               SAY(r, "This link's time is over: read the export task, which has a fresh one",
                   "Срок этой ссылки истёк: запросите экспорт, в нём будет новая"));
        return NULL;
    }
    if (store_company_open(api->config.store, (int64_t)company_id, &company, &err))
        return company;
    if (err.code == ERR_NOT_FOUND)
        error_answer(r, 404, "Not found",
                     SAY(r, "The company of this link is gone", "Компании этой ссылки больше нет"));
    else
        error_store(r, &err);
    return NULL;
}

/* consumers-COMPANY-2026-11-25.csv.gz */
static str file_name(struct http_request *r, struct store_company *company,
                     const struct store_export *t)
{
    struct zone_time day = zone_from_us(store_company_zone(company), t->started_at_us);
    return arena_format(http_arena(r), "consumers-%.*s-%04d-%02d-%02d.%.*s%s",
                        STR_ARG(str_shown(store_company_info(company)->name, 60)), day.year,
                        day.month, day.day, STR_ARG(t->format),
                        str_eq(t->format, STR("xlsx")) ? "" : ".gz");
}

/* Answers with the file. */
static void serve(struct http_request *r, struct store_company *company,
                  const struct store_export *task)
{
    struct api *api = http_app_context(r);
    struct err err = {0};
    int fd;
    if (jobs_export_open(api->config.jobs, company, task, &fd, &err)) {
        answer_file_name(r, file_name(r, company, task));
        http_add_header(r, "X-Content-Type-Options", "nosniff");
        http_add_header(r, "Cache-Control", "private, no-store");
        http_answer_download(r, export_type(task), fd,
                             arena_format(http_arena(r), "\"%lld-%lld-%llx\"",
                                          (long long)store_company_info(company)->id,
                                          (long long)task->id,
                                          (unsigned long long)task->finished_at_us)
                                 .ptr);
    } else if (err.code == ERR_NOT_FOUND) {
        error_say(r, &(struct error){.status = 410, .code = "export_expired", .title = "Gone"},
                  SAY(r, "The file's time is over: ask for a new export",
                      "Срок хранения файла истёк: запросите экспорт снова"));
    } else {
        error_store(r, &err);
    }
}

/* --- who takes customers away stands in the audit log before he has them --- */

struct fetching {
    struct errand errand;
    struct store_company *company;
    struct asker by;
    struct store_export task; /* what serve() reads of it is a copy */
    struct arena arena;
    struct err err;
};

static void note(struct errand *e)
{
    struct fetching *f = (struct fetching *)e;
    IGNORE(store_audit_note(f->company, &f->by, "export.downloaded", "export_tasks",
                            arena_format(&f->arena, "%lld", (long long)f->task.id), "{}", &f->err));
}

static void noted(struct http_request *r, struct errand *e)
{
    struct fetching *f = (struct fetching *)e;
    if (f->err.code != ERR_NONE)
        error_store(r, &f->err);
    else
        serve(r, f->company, &f->task);
}

static void free_fetching(struct errand *e)
{
    struct fetching *f = (struct fetching *)e;
    arena_done(&f->arena);
    mem_free(f);
}

/* Of a file that is fetched in parts the first one is noted. */
static bool begins(const struct http_request *r)
{
    str range = http_header(r, "Range");
    return http_method(r) == HTTP_GET &&
           (!str_starts(range, STR("bytes=")) || str_starts(range, STR("bytes=0-")));
}

void exports_archive(struct http_request *r)
{
    struct api *api = http_app_context(r);
    bool link = !is_mounted(r) && !str_is_null(http_query(r, "signature"));
    struct asker by = {.address = str_of(http_peer(r))};
    struct store_company *company = link ? follow_link(r) : auth_asker(r, SCOPE_EXPORTS, &by);
    struct store_reader *reader;
    struct store_export task;
    if (!export_find(r, company, &reader, &task))
        return;
    if (task.state != EXPORT_COMPLETED) {
        error_answer(r, 409, "Conflict",
                     SAY(r, "There is no file yet: the export is %s", "Файла ещё нет: экспорт %s"),
                     export_state_name(task.state));
        return;
    }
    if (!begins(r)) {
        serve(r, company, &task);
        return;
    }
    struct fetching *f = mem_new(1, sizeof *f);
    f->errand = (struct errand){.run = note, .answer = noted, .free = free_fetching};
    f->company = company;
    f->by = (struct asker){by.origin, arena_str(&f->arena, by.address)};
    f->task = (struct store_export){.id = task.id,
                                    .state = task.state,
                                    .format = arena_str(&f->arena, task.format),
                                    .file = arena_str(&f->arena, task.file),
                                    .started_at_us = task.started_at_us,
                                    .finished_at_us = task.finished_at_us};
    http_set_context(r, f);
    errand_send(api->quick, r, &f->errand);
}
