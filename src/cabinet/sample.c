/* The sample file that people fill in, with their company's own attributes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "cabinet/cabinet_priv.h"
#include "exporter/export.h"

#include <sys/mman.h>
#include <unistd.h>

struct ask {
    enum rows_format format;
};

static bool read_all(int fd, struct buf *to, struct err *err)
{
    char piece[16384];
    ssize_t n;
    if (lseek(fd, 0, SEEK_SET) != 0)
        return err_errno(err, "cannot read the sample");
    while ((n = read(fd, piece, sizeof piece)) > 0)
        buf_add(to, (str){piece, (size_t)n});
    return n == 0 || err_errno(err, "cannot read the sample");
}

static bool make(struct visit *v)
{
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    const struct ask *ask = v->ask;
    struct store_company *company;
    bool russian = v->language == LANGUAGE_RU, xlsx = ask->format == ROWS_XLSX;
    if (!visit_company(v, &company) || !store_reader_open(company, &reader, &v->err))
        return false;
    int fd = memfd_create("sample", MFD_CLOEXEC);
    if (fd < 0)
        return err_errno(&v->err, "cannot make the sample");
    bool ok =
        export_sample(reader, ask->format, russian, fd, &v->err) && read_all(fd, &v->body, &v->err);
    (void)close(fd);
    v->content_type = xlsx ? "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
                           : "text/csv; charset=utf-8";
    v->file_name = arena_format(&v->arena, "%s.%s", russian ? "primer-klienty" : "customers-sample",
                                rows_format_name(ask->format));
    return ok;
}

void sample_get(struct http_request *r)
{
    str format = http_query(r, "format");
    struct visit *v = visit_new(r, NULL, make);
    if (!v)
        return;
    struct ask *ask = ARENA_NEW(&v->arena, struct ask, 1);
    ask->format = str_is_null(format) ? ROWS_XLSX : rows_format_of(format);
    v->ask = ask;
    if (ask->format == ROWS_XLSX || ask->format == ROWS_CSV)
        visit_send(r, v);
    else
        query_refuse(r, "format", SAY(r, "is xlsx or csv", "xlsx или csv"));
}
