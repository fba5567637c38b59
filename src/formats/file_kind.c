/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/file_kind.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD_BYTES = 4096, CFB_BYTES = 1024 * 1024 };

static const struct {
    const char *bytes;
    size_t len;
    enum file_problem_code code;
} magic[] = {
    {"\x1F\x8B", 2, FILE_GZIP},        {"%PDF-", 5, FILE_PDF},
    {"{\\rtf", 5, FILE_WORD},          {"7z\xBC\xAF\x27\x1C", 6, FILE_ZIP},
    {"Rar!\x1A\x07", 6, FILE_ZIP},     {"\x89PNG", 4, FILE_BINARY},
    {"\xFF\xD8\xFF", 3, FILE_BINARY},  {"GIF8", 4, FILE_BINARY},
    {"\x09\x08\x10\x00", 4, FILE_XLS}, {"\x09\x04\x06\x00", 4, FILE_XLS},
    {"\x09\x02\x06\x00", 4, FILE_XLS}, {"\x09\x00\x04\x00", 4, FILE_XLS},
};

static bool holds(str s, str part)
{
    return part.len <= s.len && memmem(s.ptr, s.len, part.ptr, part.len) != NULL;
}

/* A compound file (MS-CFB): an encrypted workbook names its package in the directory, in UTF-16. */
static enum file_problem_code cfb_code(int fd)
{
    static const char package[] = "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e";
    static const char word[] = "W\0o\0r\0d\0D\0o\0c\0u\0m\0e\0n\0t";
    AUTO(mem_free) char *bytes = mem_new(CFB_BYTES, 1);
    ssize_t n = pread(fd, bytes, CFB_BYTES, 0);
    str all = {bytes, n > 0 ? (size_t)n : 0};
    // The directory may lie anywhere: the file's end is looked at, too.
    struct stat st;
    bool encrypted = holds(all, (str){package, sizeof package - 1}),
         text = holds(all, (str){word, sizeof word - 1});
    if (!encrypted && fstat(fd, &st) == 0 && st.st_size > CFB_BYTES) {
        n = pread(fd, bytes, CFB_BYTES, st.st_size - CFB_BYTES);
        encrypted = n > 0 && holds((str){bytes, (size_t)n}, (str){package, sizeof package - 1});
    }
    return encrypted ? FILE_ENCRYPTED : text ? FILE_WORD : FILE_XLS;
}

static str skip_blanks(str head)
{
    if (str_starts(head, STR("\xEF\xBB\xBF")))
        head = str_from(head, 3);
    return str_trim(head);
}

static bool starts_nocase(str s, str prefix)
{
    return s.len >= prefix.len && str_eq_nocase(str_first(s, prefix.len), prefix);
}

static enum file_problem_code markup_code(str head)
{
    str text = skip_blanks(head);
    if (starts_nocase(text, STR("<!doctype html")) || starts_nocase(text, STR("<html")) ||
        starts_nocase(text, STR("<table")) || starts_nocase(text, STR("<head")) ||
        starts_nocase(text, STR("<meta")))
        return FILE_HTML;
    if (starts_nocase(text, STR("<?xml")))
        return holds(head, STR("<html")) ? FILE_HTML : FILE_XML;
    if (starts_nocase(text, STR("mime-version:")))
        return FILE_HTML;
    return FILE_OK;
}

/* JSON: an object a line is JSON Lines; an array, or one object over many lines, is not. */
static bool is_json(str head, bool *ret_lines)
{
    str text = skip_blanks(head);
    if (!text.len || (text.ptr[0] != '{' && text.ptr[0] != '['))
        return false;
    str rest = skip_blanks(str_from(text, 1));
    bool object = text.ptr[0] == '{' && rest.len && (rest.ptr[0] == '"' || rest.ptr[0] == '}');
    bool array = text.ptr[0] == '[' && rest.len &&
                 (rest.ptr[0] == '{' || rest.ptr[0] == ']' || rest.ptr[0] == '[');
    str first = text;
    first = str_trim(str_split(&first, '\n'));
    *ret_lines = object && (first.len == text.len || first.ptr[first.len - 1] == '}');
    return object || array;
}

static bool judge(int fd, str head, enum rows_format stated, bool encoding_stated,
                  enum rows_format *ret_format, struct file_problem *problem)
{
    bool lines;
    *ret_format = ROWS_CSV;
    if (str_starts(head, STR("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")))
        return file_problem_set(problem, cfb_code(fd), (str){0}, (str){0});
    if (str_starts(head, STR("PK\x03\x04")) || str_starts(head, STR("PK\x05\x06"))) {
        *ret_format = ROWS_XLSX;
        return true;
    }
    for (size_t i = 0; i < COUNT(magic); i++)
        if (str_starts(head, (str){magic[i].bytes, magic[i].len}))
            return file_problem_set(problem, magic[i].code, (str){0}, (str){0});
    if (stated == ROWS_XLSX)
        return file_problem_set(problem, FILE_WORKBOOK_DAMAGED, (str){0}, STR("not a zip archive"));
    if (stated == ROWS_CSV || encoding_stated)
        return true;
    enum file_problem_code code = markup_code(head);
    if (code != FILE_OK)
        return file_problem_set(problem, code, (str){0}, (str){0});
    if (stated == ROWS_UNKNOWN && is_json(head, &lines)) {
        if (!lines)
            return file_problem_set(problem, FILE_JSON, (str){0}, (str){0});
        *ret_format = ROWS_JSONL;
    }
    return true;
}

bool file_kind_of(const char *path, enum rows_format stated, bool encoding_stated,
                  enum rows_format *ret_format, uint64_t *ret_bytes,
                  struct file_problem *ret_problem, struct err *err)
{
    char head[HEAD_BYTES];
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : pread(fd, head, sizeof head, 0);
    bool ok = n >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    if (!ok) {
        if (n >= 0)
            errno = EINVAL;
        (void)file_problem_errno(ret_problem, n >= 0 ? "it is no regular file" : "cannot open it",
                                 err);
    } else {
        *ret_bytes = (uint64_t)st.st_size;
        ok = judge(fd, (str){head, (size_t)n}, stated, encoding_stated, ret_format, ret_problem);
    }
    if (fd >= 0)
        (void)close(fd);
    return ok;
}
