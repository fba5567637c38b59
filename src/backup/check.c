/* SPDX-License-Identifier: Apache-2.0 */
#include "backup/backup.h"

#include "store/export_task.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TASKS_AT_A_TIME = 100 };

struct look {
    struct store *store;
    const char *data_dir;
    store_complain *complain;
    void *context;
    struct check_totals totals;
    const struct company *company; /* NULL: control.db */
};

static void say(struct look *k, const char *format, ...) PRINTF(2, 3);

static void say(struct look *k, const char *format, ...)
{
    char text[1024];
    int len = k->company ? snprintf(text, sizeof text, "company %lld: ", (long long)k->company->id)
                         : snprintf(text, sizeof text, "control.db: ");
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text + len, sizeof text - (size_t)len, format, args);
    va_end(args);
    k->totals.wrong++;
    k->complain(k->context, text);
}

static void from_store(void *context, const char *text)
{
    say(context, "%s", text);
}

/* --- the files of imports --- */

static bool needs_file(enum task_state state)
{
    return state > TASK_UPLOADING && state < TASK_COMPLETED;
}

static bool task_file(struct look *k, struct arena *a, const struct store_task *t, struct err *err)
{
    unsigned char digest[SHA256_BYTES];
    char path[PATH_MAX];
    if (!t->upload.len || t->state == TASK_UPLOADING)
        return true;
    (void)snprintf(path, sizeof path, "%s/uploads/%.*s", k->data_dir, STR_ARG(t->upload));
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        if (needs_file(t->state))
            say(k, "the file of import %lld is not there: it cannot go on", (long long)t->id);
        return true;
    }
    bool ok = !t->sha256.len || sha256_of_file(fd, digest, err);
    if (ok && t->sha256.len && !str_eq(t->sha256, crypto_hex(a, digest, sizeof digest)))
        say(k, "the file of import %lld is not the one that was received", (long long)t->id);
    (void)close(fd);
    return ok;
}

static bool tasks(struct look *k, struct store_reader *r, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    struct store_task *task;
    size_t count = TASKS_AT_A_TIME;
    const struct store_history all = {.states = TASKS_ALL};
    for (uint64_t skip = 0; count == TASKS_AT_A_TIME; skip += count) {
        arena_reset(&a);
        if (!store_task_history(r, &a, &all, skip, TASKS_AT_A_TIME, &task, &count, err))
            return false;
        for (size_t i = 0; i < count; i++)
            if (!task_file(k, &a, &task[i], err))
                return false;
        k->totals.tasks += count;
    }
    return true;
}

/* --- the files of exports --- */

static bool exports(struct look *k, struct store_reader *r, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    struct store_export *task;
    size_t count, gone = 0;
    char path[PATH_MAX], note[128];
    struct stat st;
    if (!store_export_list(r, &a, EXPORTS_ALL, 0, SIZE_MAX, &task, &count, err))
        return false;
    k->totals.exports += count;
    for (size_t i = 0; i < count; i++) {
        if (task[i].state != EXPORT_COMPLETED || !task[i].file.len)
            continue;
        (void)snprintf(path, sizeof path, "%s/" STORE_EXPORTS "/%lld/%.*s", k->data_dir,
                       (long long)k->company->id, STR_ARG(task[i].file));
        if (stat(path, &st) != 0)
            gone++;
        else if ((uint64_t)st.st_size != task[i].bytes)
            say(k, "the file of export %lld is not the one that was made", (long long)task[i].id);
    }
    (void)snprintf(note, sizeof note,
                   "note: company %lld: the files of %zu exports are not there, as after a restore",
                   (long long)k->company->id, gone);
    if (gone)
        k->complain(k->context, note);
    return true;
}

static bool company(struct look *k, struct err *err)
{
    AUTO(store_reader_free) struct store_reader *r = NULL;
    struct store_company *c;
    uint64_t customers;
    if (!store_company_open(k->store, k->company->id, &c, err) ||
        !store_check(k->store, k->company->id, from_store, k, err) ||
        !store_reader_open(c, &r, err) || !store_count(r, &customers, err))
        return false;
    k->totals.companies++;
    k->totals.customers += customers;
    return tasks(k, r, err) && exports(k, r, err);
}

/* --- files that belong to nothing --- */

static bool is_known(const struct company *all, size_t count, long long id)
{
    for (size_t i = 0; i < count; i++)
        if (all[i].id == id)
            return true;
    return false;
}

static bool strays(struct look *k, const struct company *all, size_t count, struct err *err)
{
    char path[PATH_MAX];
    struct dirent *entry;
    (void)snprintf(path, sizeof path, "%s/companies", k->data_dir);
    DIR *dir = opendir(path);
    if (!dir)
        return err_errno(err, "cannot read '%s'", path);
    while ((entry = readdir(dir)) != NULL) {
        long long id;
        int used = 0;
        if (sscanf(entry->d_name, "%lld.db%n", &id, &used) == 1 && used > 0 &&
            !entry->d_name[used] && !is_known(all, count, id))
            say(k, "companies/%s belongs to no company", entry->d_name);
    }
    (void)closedir(dir);
    return true;
}

bool backup_check(struct store *store, const char *data_dir, store_complain *complain,
                  void *context, struct check_totals *ret_totals, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    struct look k = {
        .store = store, .data_dir = data_dir, .complain = complain, .context = context};
    struct company *all;
    size_t count;
    if (!store_check(store, 0, from_store, &k, err) ||
        !store_company_list(store, &a, &all, &count, err) || !strays(&k, all, count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct err why = {0};
        k.company = &all[i];
        if (!company(&k, &why))
            say(&k, "%s", why.msg); // the other companies may be sound
    }
    *ret_totals = k.totals;
    return true;
}
