/* The least that reading a workbook can cost with its libraries: the named parts are inflated by
 * libzip and parsed by Expat, namespaces and all, with handlers that do nothing.
 * usage: xlsx_floor BOOK PART...; xlsx_floor --strings BOOK holds the part of shared strings in
 * memory, tags left out, to see what its texts take
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

enum { CHUNK_BYTES = 64 * 1024 };

static char *texts; /* with --strings */
static size_t texts_len, texts_room;

static void XMLCALL on_start(void *context, const char *name, const char **attributes)
{
    (void)context, (void)name, (void)attributes;
}

static void XMLCALL on_end(void *context, const char *name)
{
    (void)context, (void)name;
}

static void XMLCALL on_text(void *context, const char *text, int len)
{
    if (!context)
        return;
    if (texts_len + (size_t)len > texts_room) {
        texts_room = (texts_len + (size_t)len) * 3 / 2;
        texts = realloc(texts, texts_room);
        if (!texts)
            exit(1);
    }
    memcpy(texts + texts_len, text, (size_t)len);
    texts_len += (size_t)len;
}

static int read_part(zip_t *zip, const char *name, int keep)
{
    zip_file_t *file = zip_fopen(zip, name, 0);
    XML_Parser parser = XML_ParserCreateNS(NULL, '|');
    zip_int64_t n;
    if (!file || !parser) {
        fprintf(stderr, "xlsx_floor: no part '%s'\n", name);
        return 1;
    }
    XML_SetUserData(parser, keep ? parser : NULL);
    XML_SetElementHandler(parser, on_start, on_end);
    XML_SetCharacterDataHandler(parser, on_text);
    do {
        void *chunk = XML_GetBuffer(parser, CHUNK_BYTES);
        n = chunk ? zip_fread(file, chunk, CHUNK_BYTES) : -1;
        if (n < 0 || XML_ParseBuffer(parser, (int)n, n == 0) != XML_STATUS_OK) {
            fprintf(stderr, "xlsx_floor: '%s' cannot be read\n", name);
            return 1;
        }
    } while (n > 0);
    XML_ParserFree(parser);
    (void)zip_fclose(file);
    return 0;
}

int main(int argc, char **argv)
{
    int keep = argc > 1 && strcmp(argv[1], "--strings") == 0, code = 0, failed = 0;
    zip_t *zip = argc > 2 ? zip_open(argv[keep ? 2 : 1], ZIP_RDONLY, &code) : NULL;
    if (!zip) {
        fprintf(stderr, "usage: xlsx_floor BOOK PART... | --strings BOOK\n");
        return 2;
    }
    if (keep)
        failed = read_part(zip, "xl/sharedStrings.xml", 1);
    for (int i = 2; i < argc && !keep && !failed; i++)
        failed = read_part(zip, argv[i], 0);
    zip_discard(zip);
    free(texts);
    return failed;
}
