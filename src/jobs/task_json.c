/* A task as JSON: the same by API and by command line.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "importer/analysis.h"
#include "jobs/jobs_priv.h"

enum { DEEDS_SHOWN = 100 };

static void add_stamp(struct buf *b, const char *name, const struct zone *zone, int64_t at_us)
{
    char stamp[ZONE_STAMP_BYTES];
    buf_format(b, ",\"%s\":", name);
    if (!at_us) {
        buf_add(b, STR("null"));
        return;
    }
    (void)zone_stamp(zone, at_us, stamp);
    buf_format(b, "\"%s\"", stamp);
}

static void add_id(struct buf *b, const char *name, int64_t id)
{
    if (id)
        buf_format(b, ",\"%s\":\"%lld\"", name, (long long)id);
    else
        buf_format(b, ",\"%s\":null", name);
}

void jobs_origin_json(struct buf *b, int64_t origin)
{
    static const char *const kinds[] = {[ORIGIN_NONE] = "unknown",
                                        [ORIGIN_TOKEN] = "token",
                                        [ORIGIN_IMPORT] = "import_task",
                                        [ORIGIN_USER] = "user",
                                        [ORIGIN_COMMAND_LINE] = "command_line",
                                        [ORIGIN_INBOX] = "inbox"};
    enum origin_kind kind = origin_kind(origin);
    buf_format(b, "{\"type\":\"%s\"", kind < COUNT(kinds) ? kinds[kind] : "unknown");
    if (origin_id(origin))
        buf_format(b, ",\"id\":\"%lld\"", (long long)origin_id(origin));
    buf_add_char(b, '}');
}

static void add_failure(struct buf *b, struct arena *a, enum language language,
                        const struct store_task *t)
{
    const str failure = t->failure;
    buf_add(b, STR(",\"failure\":"));
    if (!failure.len) {
        buf_add(b, STR("null"));
        return;
    }
    struct file_problem problem = wording_failure_parse(failure);
    // What is asked of a workbook whose sheet is empty is which other one is meant.
    const char *answer =
        analysis_answer_of(problem.code, t->state == TASK_NEEDS_ANSWER ? SIZE_MAX : 0);
    buf_add(b, str_first(failure, failure.len - 1));
    json_add_string(b, "message", wording_file_problem(a, language, &problem));
    if (answer)
        json_add_string(b, "setting", str_of(answer));
    buf_add_char(b, '}');
}

static void add_progress(struct buf *b, struct jobs *j, struct store_company *company,
                         const struct store_task *t)
{
    struct jobs_live live;
    const int64_t company_id = store_company_info(company)->id;
    if (t->state == TASK_UPLOADING) {
        buf_format(b, ",\"progress\":{\"phase\":\"upload\",\"bytes_done\":%llu,\"bytes\":%llu}",
                   (unsigned long long)part_received(j, t), (unsigned long long)t->bytes);
        return;
    }
    jobs_task_live(j, company_id, t->id, &live);
    buf_format(b, ",\"progress\":{\"phase\":\"%s\"", jobs_phase_name(live.phase));
    if (live.phase == JOBS_IDLE) {
        bool waits = t->state == TASK_QUEUED || t->state == TASK_ANALYSED ||
                     t->trial == TRIAL_QUEUED || t->state == TASK_REVERTING;
        if (waits)
            buf_format(b, ",\"queue_position\":%zu", jobs_queue_position(j, company_id, t->id));
    } else {
        // What an earlier process imported counts too.
        uint64_t records = live.phase == JOBS_IMPORT ? t->counts.records : live.counts.records;
        buf_format(
            b, ",\"records\":%llu,\"bytes_done\":%llu,\"bytes\":%llu,\"records_per_second\":%.0f",
            (unsigned long long)records, (unsigned long long)live.bytes_done,
            (unsigned long long)live.bytes, live.records_per_s);
        if (live.seconds_left >= 0)
            buf_format(b, ",\"seconds_left\":%lld", (long long)live.seconds_left);
        if (live.phase == JOBS_UNDO)
            buf_format(b, ",\"undone\":%llu",
                       (unsigned long long)(live.undo.removed + live.undo.restored +
                                            live.undo.partly + live.undo.kept));
    }
    buf_add_char(b, '}');
}

void jobs_undo_preview_json(struct buf *b, const struct store_task *t, enum language language)
{
    buf_add(b, str_first(t->undo_preview, t->undo_preview.len - 1));
    json_add_string(b, "note", wording_undo_note(language));
    buf_add_char(b, '}');
}

static void add_undo(struct buf *b, const struct store_task *t, enum language language)
{
    const struct store_undo_counts *n = &t->undo;
    if (t->state == TASK_REVERTING || t->state == TASK_REVERTED || (t->wanted & WANT_FAILED))
        buf_format(b,
                   ",\"undo\":{\"removed\":%llu,\"restored\":%llu,\"partly\":%llu,\"kept\":%llu,"
                   "\"gone\":%llu,\"waiting\":%llu}",
                   (unsigned long long)n->removed, (unsigned long long)n->restored,
                   (unsigned long long)n->partly, (unsigned long long)n->kept,
                   (unsigned long long)n->gone, (unsigned long long)n->pending);
    else
        json_add_raw(b, "undo", (str){0});
    if (!t->undo_preview.len) {
        json_add_raw(b, "undo_preview", (str){0});
        return;
    }
    buf_add(b, STR(",\"undo_preview\":"));
    jobs_undo_preview_json(b, t, language);
}

bool jobs_history_get(struct store_reader *reader, struct arena *a, const struct store_task *t,
                      struct jobs_history *ret, struct err *err)
{
    *ret = (struct jobs_history){0};
    return store_task_deeds(reader, a, t->id, DEEDS_SHOWN, &ret->deed, &ret->deeds, err) &&
           (!t->counts.failed ||
            (store_task_corrections(reader, a, t->id, &ret->correction, &ret->corrections, err) &&
             store_task_corrected(reader, t->id, &ret->accepted, err)));
}

static void add_corrections(struct buf *b, const struct store_task *t, const struct jobs_history *h)
{
    if (!h->corrections)
        return;
    buf_format(b, ",\"corrected\":{\"failed\":%llu,\"accepted\":%lld,\"by\":[",
               (unsigned long long)t->counts.failed, (long long)h->accepted);
    for (size_t i = 0; i < h->corrections; i++)
        buf_format(b, "%s\"%lld\"", i ? "," : "", (long long)h->correction[i]);
    buf_add(b, STR("]}"));
}

static void add_deeds(struct buf *b, const struct jobs *j, const struct zone *zone,
                      const struct jobs_history *h)
{
    char stamp[ZONE_STAMP_BYTES];
    buf_add(b, STR(",\"deeds\":["));
    for (size_t i = 0; i < h->deeds; i++) {
        const struct store_deed *d = &h->deed[i];
        (void)zone_stamp(zone, d->at_us, stamp);
        buf_format(b, "%s{\"what\":\"%.*s\",\"at\":\"%s\",\"by\":", i ? "," : "", STR_ARG(d->what),
                   stamp);
        jobs_who_json(b, j, d->origin);
        json_add_string(b, "address", d->address);
        buf_add_char(b, '}');
    }
    buf_add_char(b, ']');
}

static void add_possible(struct buf *b, const struct jobs *j, const struct store_company *company,
                         const struct store_task *t)
{
    unsigned possible = jobs_possible(j, company, t);
    bool first = true;
    buf_add(b, STR(",\"possible\":["));
    for (size_t i = 0; i < TASK_ACTION_COUNT; i++) {
        if (!(possible >> i & 1))
            continue;
        buf_format(b, "%s\"%s\"", first ? "" : ",", task_action_name((enum task_action)i));
        first = false;
    }
    buf_add_char(b, ']');
}

void jobs_progress_json(struct buf *b, struct jobs *j, struct store_company *company,
                        const struct store_task *t)
{
    buf_format(b, "{\"state\":\"%s\"", task_state_name(t->state));
    add_possible(b, j, company, t);
    buf_add_char(b, ',');
    import_counts_write(b, &t->counts);
    buf_format(b, ",\"bytes_done\":%llu,\"dry_run\":{\"state\":\"%s\"}",
               (unsigned long long)t->bytes_done, trial_state_name(t->trial));
    add_progress(b, j, company, t);
    buf_add_char(b, '}');
}

void jobs_task_json(struct buf *b, struct jobs *j, struct store_company *company,
                    const struct store_task *t, const struct jobs_history *history,
                    enum language language, struct arena *a)
{
    const struct zone *zone = store_company_zone(company);
    buf_format(b, "{\"state\":\"%s\"", task_state_name(t->state));
    add_possible(b, j, company, t);
    json_add_string(b, "file_name", t->file_name);
    buf_format(b, ",\"size\":%llu", (unsigned long long)t->bytes);
    json_add_string(b, "sha256", t->sha256);
    buf_add(b, STR(",\"created_by\":"));
    jobs_who_json(b, j, t->origin);
    buf_format(b, ",\"start\":\"%s\"", t->manual ? "manual" : "auto");
    json_add_raw(b, "settings", t->settings.len ? t->settings : STR("{}"));
    buf_add_char(b, ',');
    import_counts_write(b, &t->counts);
    buf_format(b, ",\"bytes_done\":%llu", (unsigned long long)t->bytes_done);
    add_progress(b, j, company, t);
    json_add_raw(b, "analysis", t->analysis);
    json_add_string(b, "header_fingerprint", t->header.len ? t->header : (str){0});
    buf_format(b, ",\"dry_run\":{\"state\":\"%s\"", trial_state_name(t->trial));
    json_add_raw(b, "result", t->trial_result);
    buf_add_char(b, '}');
    add_undo(b, t, language);
    add_id(b, "same_content_as", t->same_as);
    add_id(b, "corrects", t->parent);
    add_corrections(b, t, history);
    add_deeds(b, j, zone, history);
    add_stamp(b, "created_at", zone, t->created_at_us);
    add_stamp(b, "started_at", zone, t->started_at_us);
    add_stamp(b, "finished_at", zone, t->finished_at_us);
    add_stamp(b, "undo_until", zone, jobs_undo_until(j, company, t));
    add_stamp(b, "files_until", zone, jobs_files_until(j, company, t));
    add_failure(b, a, language, t);
    buf_add_char(b, '}');
}
