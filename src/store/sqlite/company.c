/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/company.h"
#include "base/log.h"
#include "base/mem.h"
#include "sql_schema.h"
#include "store/export_task.h"
#include "store/sqlite/store_priv.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

static const char *const migrations[] = {SQL_COMPANY_1};

static void free_info(struct company_info *info)
{
    zone_free(info->zone);
    arena_done(&info->arena);
    mem_free(info);
}

static struct company_info *read_info(struct store *s, int64_t id, struct err *err)
{
    struct company_info *info = mem_new(1, sizeof *info);
    if (store_company_by_id(s, &info->arena, id, &info->company, err) &&
        zone_open(info->company.zone.ptr, &info->zone, err))
        return info;
    free_info(info);
    return NULL;
}

static void company_free(struct store_company *c)
{
    writer_stop(c);
    for (struct company_info *i = c->info, *older; i; i = older) {
        older = i->older;
        free_info(i);
    }
    (void)pthread_mutex_destroy(&c->lock);
    (void)pthread_cond_destroy(&c->changed);
    mem_free(c->path);
    mem_free(c);
}

static struct store_company *company_new(struct store *s, int64_t id)
{
    char path[PATH_MAX];
    struct store_company *c = mem_new(1, sizeof *c);
    c->store = s;
    c->id = id;
    (void)snprintf(path, sizeof path, "%s/companies/%lld.db", s->data_dir, (long long)id);
    c->path = mem_strdup(path);
    (void)pthread_mutex_init(&c->lock, NULL);
    (void)pthread_cond_init(&c->changed, NULL);
    return c;
}

static bool open_parts(struct store_company *c, struct err *err)
{
    struct company_info *info = read_info(c->store, c->id, err);
    if (!info)
        return false;
    c->info = info;
    return webhooks_load(c, err) && db_open(&c->db, c->path, true, c->store->cache_bytes, err) &&
           db_migrate(&c->db, migrations, COUNT(migrations), err) &&
           trail_from_load(c, &c->db, err) && writer_start(c, err);
}

static struct store_company *find_open(struct store *s, int64_t id)
{
    struct store_company *c = s->companies;
    while (c && (c->id != id || c->stopping))
        c = c->next;
    return c;
}

bool store_company_open(struct store *s, int64_t company_id, struct store_company **ret_company,
                        struct err *err)
{
    pthread_mutex_lock(&s->open_lock);
    struct store_company *c = find_open(s, company_id);
    if (!c) {
        c = company_new(s, company_id);
        if (open_parts(c, err)) {
            c->next = s->companies;
            s->companies = c;
        } else {
            company_free(c);
            c = NULL;
        }
    }
    pthread_mutex_unlock(&s->open_lock);
    if (c)
        *ret_company = c;
    return c != NULL;
}

const struct zone *store_company_zone(const struct store_company *c)
{
    return ((struct store_company *)c)->info->zone;
}

const struct company *store_company_info(const struct store_company *c)
{
    return &((struct store_company *)c)->info->company;
}

/* What was renamed or set shows at the next look; an older copy stays for those who hold it. */
void company_refresh(struct store *s, int64_t id)
{
    struct err err = {0};
    pthread_mutex_lock(&s->open_lock);
    struct store_company *c = find_open(s, id);
    struct company_info *info = c ? read_info(s, id, &err) : NULL;
    if (info) {
        info->older = c->info;
        c->info = info;
    }
    pthread_mutex_unlock(&s->open_lock);
}

/* Files made of the company's customers; one that is being made has no name any more, by which its
 * maker learns of it. */
static void remove_exports(struct store *s, int64_t id)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/" STORE_EXPORTS "/%lld", s->data_dir, (long long)id);
    DIR *dir = opendir(path);
    struct dirent *entry;
    while (dir && (entry = readdir(dir)) != NULL)
        if (entry->d_name[0] != '.')
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir)
        (void)closedir(dir);
    (void)rmdir(path);
}

void company_close_for_good(struct store *s, int64_t id)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    char path[PATH_MAX];
    // The object itself lives on until the store closes: others may hold it; its submits are
    // refused from now on.
    pthread_mutex_lock(&s->open_lock);
    struct store_company *c = find_open(s, id);
    if (c)
        writer_stop(c);
    pthread_mutex_unlock(&s->open_lock);
    for (size_t i = 0; i < COUNT(endings); i++) {
        (void)snprintf(path, sizeof path, "%s/companies/%lld.db%s", s->data_dir, (long long)id,
                       endings[i]);
        (void)unlink(path);
    }
    remove_exports(s, id);
}

void companies_close(struct store *s)
{
    while (s->companies) {
        struct store_company *next = s->companies->next;
        company_free(s->companies);
        s->companies = next;
    }
}
