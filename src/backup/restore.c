/* SPDX-License-Identifier: Apache-2.0 */
#include "backup/backup_priv.h"

#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct file { /* that was restored */
    struct file *next;
    str name;
    uint64_t bytes;
    unsigned char digest[SHA256_BYTES];
};
struct restore {
    int dir_fd;
    struct arena arena;
    struct file *files;
    struct backup_totals totals;
    bool whole; /* the manifest came and speaks of these files */
};

static bool damaged(struct err *err, const char *why)
{
    return err_set(err, ERR_INVALID, "the backup is damaged: %s", why);
}

static bool is_plain(str name)
{
    if (!name.len || name.ptr[0] == '.' || name.len > 200)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '.' ||
              c == '-' || c == '_'))
            return false;
    }
    return true;
}

/* Only what a backup holds: a name is a path that will be written to. */
static bool is_ours(str name)
{
    if (str_starts(name, STR("companies/")))
        return str_ends(name, STR(".db")) && is_plain(str_from(name, 10));
    if (str_starts(name, STR("uploads/")))
        return is_plain(str_from(name, 8));
    return str_eq(name, STR("control.db")) || str_eq(name, STR("seal.key")) ||
           str_eq(name, STR(MANIFEST));
}

static bool save(struct restore *r, struct tar_reader *tar, str name, struct err *err)
{
    struct file *f = ARENA_NEW(&r->arena, struct file, 1);
    int fd = openat(r->dir_fd, name.ptr, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(err, "cannot create '%s'", name.ptr);
    *f = (struct file){.next = r->files, .name = name};
    r->files = f;
    bool ok = tar_reader_save(tar, fd, &f->bytes, f->digest, err) &&
              (fsync(fd) == 0 || err_errno(err, "cannot sync '%s'", name.ptr));
    (void)close(fd);
    return ok;
}

/* --- the manifest --- */

static const struct file *find(const struct restore *r, str name)
{
    const struct file *f = r->files;
    while (f && !str_eq(f->name, name))
        f = f->next;
    return f;
}

static bool agrees(struct restore *r, const struct json *said)
{
    const struct json *name = json_get(said, "name"), *bytes = json_get(said, "bytes"),
                      *sha256 = json_get(said, "sha256");
    const struct file *f = name ? find(r, name->text) : NULL;
    uint64_t n;
    return f && bytes && sha256 && str_to_u64(bytes->text, &n) && n == f->bytes &&
           str_eq(sha256->text, crypto_hex(&r->arena, f->digest, sizeof f->digest));
}

static bool compare(struct restore *r, const struct json *manifest, struct err *err)
{
    const struct json *format = json_get(manifest, "format"), *files = json_get(manifest, "files");
    uint64_t version, have = 0;
    if (!format || !str_to_u64(format->text, &version) || !files || files->kind != JSON_ARRAY)
        return damaged(err, "its list of files is not readable");
    if (version > MANIFEST_VERSION)
        return err_set(err, ERR_INVALID,
                       "the backup was made by a newer version of clientele: install that version");
    for (size_t i = 0; i < files->count; i++)
        if (!agrees(r, &files->member[i].value))
            return damaged(err, "a file in it is not as it was when the backup was made");
    for (const struct file *f = r->files; f; f = f->next) {
        have++;
        r->totals.bytes += f->bytes;
        r->totals.companies += str_starts(f->name, STR("companies/"));
    }
    if (have != files->count || !find(r, STR("control.db")))
        return damaged(err, "its files are not those in its list");
    r->totals.files = have;
    r->totals.sealing_key = find(r, STR("seal.key"));
    return true;
}

static bool read_manifest(struct restore *r, struct tar_reader *tar, struct err *err)
{
    AUTO(buf_done) struct buf text = {.max = LIMIT_MANIFEST_BYTES};
    const struct file *f;
    struct json manifest;
    struct json_place place;
    if (!save(r, tar, STR(MANIFEST), err))
        return false;
    f = r->files;
    r->files = f->next; // no file of the data directory
    bool ok =
        file_read(arena_format(&r->arena, "/proc/self/fd/%d/" MANIFEST, r->dir_fd).ptr, &text, err);
    (void)unlinkat(r->dir_fd, MANIFEST, 0);
    r->whole = ok &&
               (json_parse(buf_str(&text), &r->arena, &manifest, &place, err) ||
                damaged(err, "its list of files is not readable")) &&
               compare(r, &manifest, err);
    return r->whole;
}

/* --- the directory --- */

static bool read_all(struct restore *r, struct tar_reader *tar, struct err *err)
{
    enum tar_step step;
    str name;
    while ((step = tar_reader_next(tar, &r->arena, &name, err)) == TAR_FILE) {
        if (r->whole || !is_ours(name))
            return err_set(err, ERR_INVALID, "it is no backup: it holds '%.*s'",
                           STR_ARG(str_shown(name, 100)));
        if (!(str_eq(name, STR(MANIFEST)) ? read_manifest(r, tar, err) : save(r, tar, name, err)))
            return false;
    }
    return step == TAR_END && (r->whole || damaged(err, "it has no end; it was cut short"));
}

static bool is_empty(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    size_t entries = 0;
    while (dir && (entry = readdir(dir)) != NULL)
        entries += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    if (dir)
        (void)closedir(dir);
    return !entries;
}

static bool sync_folder(int dir_fd, const char *name, struct err *err)
{
    int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (!ok)
        err_errno(err, "cannot sync the data directory");
    if (fd >= 0)
        (void)close(fd);
    return ok;
}

static bool make(struct restore *r, int fd, const char *data_dir, struct err *err)
{
    AUTO(tar_reader_free) struct tar_reader *tar = NULL;
    if (!tar_reader_open(fd, &tar, err))
        return false;
    if (mkdirat(r->dir_fd, "companies", 0700) != 0 || mkdirat(r->dir_fd, "uploads", 0700) != 0)
        return err_errno(err, "cannot make folders in '%s'", data_dir);
    if (!read_all(r, tar, err) || !sync_folder(r->dir_fd, "companies", err) ||
        !sync_folder(r->dir_fd, "uploads", err))
        return false;
    // Last: with it the directory is one.
    return file_write(arena_format(&r->arena, "%s/LOCK", data_dir).ptr, STR(""), 0600, err);
}

static void remove_all(struct restore *r)
{
    for (const struct file *f = r->files; f; f = f->next)
        (void)unlinkat(r->dir_fd, f->name.ptr, 0);
    (void)unlinkat(r->dir_fd, MANIFEST, 0);
    (void)unlinkat(r->dir_fd, "companies", AT_REMOVEDIR);
    (void)unlinkat(r->dir_fd, "uploads", AT_REMOVEDIR);
}

bool backup_restore(int fd, const char *data_dir, struct backup_totals *ret_totals, struct err *err)
{
    struct restore r = {0};
    bool made = mkdir(data_dir, 0700) == 0;
    if (!made && errno != EEXIST)
        return err_errno(err, "cannot make '%s'", data_dir);
    if (!is_empty(data_dir))
        return err_set(err, ERR_CONFLICT,
                       "'%s' holds something: name a directory that is empty, or not there yet",
                       data_dir);
    r.dir_fd = open(data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r.dir_fd < 0)
        return err_errno(err, "cannot open '%s'", data_dir);
    bool ok = make(&r, fd, data_dir, err);
    if (!ok)
        remove_all(&r);
    (void)close(r.dir_fd);
    if (!ok && made)
        (void)rmdir(data_dir);
    if (ok)
        *ret_totals = r.totals;
    arena_done(&r.arena);
    return ok;
}
