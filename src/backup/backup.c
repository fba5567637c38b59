/* SPDX-License-Identifier: Apache-2.0 */
#include "backup/backup_priv.h"

#include "base/clock.h"
#include "base/json.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct backup {
    const struct backup_options *options;
    struct tar_writer *tar;
    struct buf manifest; /* its files so far */
    struct arena arena;
    struct backup_totals totals;
};

static void note(struct backup *b, str name, uint64_t bytes,
                 const unsigned char digest[SHA256_BYTES])
{
    buf_add(&b->manifest, b->totals.files ? STR(",\n{\"name\":") : STR("{\"name\":"));
    json_write_string(&b->manifest, name);
    buf_format(&b->manifest, ",\"bytes\":%llu,\"sha256\":\"%s\"}", (unsigned long long)bytes,
               crypto_hex(&b->arena, digest, SHA256_BYTES).ptr);
    b->totals.files++;
    b->totals.bytes += bytes;
}

static bool add_fd(struct backup *b, str name, int fd, struct err *err)
{
    const struct backup_options *o = b->options;
    unsigned char digest[SHA256_BYTES];
    struct stat st;
    if (fstat(fd, &st) != 0)
        return err_errno(err, "cannot read '%.*s'", STR_ARG(name));
    if (!tar_writer_add(b->tar, name, fd, (uint64_t)st.st_size, o->keep_on, o->context, digest,
                        err))
        return false;
    note(b, name, (uint64_t)st.st_size, digest);
    return true;
}

/* ERR_NOT_FOUND when there is no such file. */
static bool add_file(struct backup *b, str name, const char *path, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return err_errno(err, "cannot open '%.*s'", STR_ARG(name));
    bool ok = add_fd(b, name, fd, err);
    (void)close(fd);
    return ok;
}

static bool add_database(struct backup *b, int64_t company_id, struct err *err)
{
    const struct backup_options *o = b->options;
    char path[PATH_MAX];
    str name = company_id ? arena_format(&b->arena, "companies/%lld.db", (long long)company_id)
                          : STR("control.db");
    (void)snprintf(path, sizeof path, "%s/clientele-backup-%ld.db", o->work_dir, (long)getpid());
    (void)unlink(path);
    if (!store_snapshot(o->store, company_id, path, err))
        return err_context(err, "%.*s: ", STR_ARG(name));
    bool ok = add_file(b, name, path, err);
    (void)unlink(path);
    return ok;
}

/* The companies first: who is named in them as the author of a change is in control.db then.  One
 * that goes while this runs is left out of both. */
static bool add_databases(struct backup *b, struct err *err)
{
    struct company *company;
    size_t count;
    if (!store_company_list(b->options->store, &b->arena, &company, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (add_database(b, company[i].id, err))
            b->totals.companies++;
        else if (err->code != ERR_NOT_FOUND)
            return false;
    }
    return add_database(b, 0, err);
}

/* After the databases: what these speak of is there, and stays for days. */
static bool add_uploads(struct backup *b, struct err *err)
{
    char path[PATH_MAX];
    struct dirent *entry;
    bool ok = true;
    (void)snprintf(path, sizeof path, "%s/uploads", b->options->data_dir);
    DIR *dir = opendir(path);
    if (!dir)
        return errno == ENOENT || err_errno(err, "cannot read the uploads");
    while (ok && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof path, "%s/uploads/%s", b->options->data_dir, entry->d_name);
        ok = add_file(b, arena_format(&b->arena, "uploads/%s", entry->d_name), path, err) ||
             err->code == ERR_NOT_FOUND; // its time was over
    }
    (void)closedir(dir);
    return ok;
}

static bool add_key(struct backup *b, struct err *err)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/seal.key", b->options->data_dir);
    b->totals.sealing_key = add_file(b, STR("seal.key"), path, err);
    return b->totals.sealing_key || err->code == ERR_NOT_FOUND;
}

static bool add_manifest(struct backup *b, struct err *err)
{
    AUTO(buf_done) struct buf text = {0};
    buf_format(&text, "{\"format\":%d,\"program\":\"%s\",\"made_at\":%lld,\"files\":[\n",
               MANIFEST_VERSION, b->options->version, (long long)(clock_now_us() / 1000000));
    buf_add(&text, buf_str(&b->manifest));
    buf_add(&text, STR("]}\n"));
    return tar_writer_add_text(b->tar, STR(MANIFEST), buf_str(&text), err) &&
           tar_writer_end(b->tar, err);
}

bool backup_write(const struct backup_options *options, int fd, struct backup_totals *ret_totals,
                  struct err *err)
{
    struct backup b = {.options = options};
    bool ok = tar_writer_open(fd, options->packing, &b.tar, err) && add_key(&b, err) &&
              add_databases(&b, err) && add_uploads(&b, err) && add_manifest(&b, err);
    if (ok)
        *ret_totals = b.totals;
    tar_writer_free(b.tar);
    buf_done(&b.manifest);
    arena_done(&b.arena);
    return ok;
}
