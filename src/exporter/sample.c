/* The sample file that people fill in.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "domain/cell.h"
#include "domain/header.h"
#include "exporter/export.h"
#include "formats/row_writer.h"

enum { SAMPLE_ROWS = 3, SAMPLE_KEYS = 12 };

bool export_sample(struct store_reader *reader, enum rows_format format, bool russian, int fd,
                   struct err *err)
{
    static const struct {
        const char *header, *note_en, *note_ru, *value[SAMPLE_ROWS];
    } column[] = {
        {"external_id",
         "Your own number of the customer. Needed; the cells are text, so that no zero is lost.",
         "Ваш номер клиента. Обязателен; формат ячеек — текст, чтобы не терялись нули.",
         {"primer-1", "primer-2", "primer-3"}},
        {"email",
         "One address. No two customers have the same one.",
         "Один адрес. У двух клиентов не бывает одинаковых.",
         {"anna@example.com", "boris@example.com", "vera@example.com"}},
        {"name",
         "The name as it is to be shown.",
         "Имя так, как его показывать.",
         {"Анна Петрова", "Борис Иванов", "Вера Смирнова"}},
        {"phone",
         "One number; the cells are text.",
         "Один номер; формат ячеек — текст.",
         {"+7 900 000-00-01", "8 (900) 000-00-02", "79000000003"}},
        {"created_at",
         "When he was created: 2018-01-01 00:11:22 or 01.01.2018 0:11.",
         "Дата создания: 2018-01-01 00:11:22 или 01.01.2018 0:11.",
         {"2018-01-01 00:11:22", "2019-05-20 12:00:00", "2020-12-31 23:59:59"}},
    };
    static const str usual[] = {{"orders_count", 12}, {"ltv", 3}, {"region", 6}};
    static const char *const usual_value[SAMPLE_ROWS][3] = {
        {"12", "27456", "74"}, {"3", "5400", "77"}, {"1", "990", "66"}};
    AUTO(arena_done) struct arena a = {0};
    AUTO(row_writer_free) struct row_writer *w = NULL;
    str *key = NULL, cell[COUNT(column) + SAMPLE_KEYS];
    size_t keys = 0;
    // The usual ones stand in where there are none.
    if (reader && !store_attribute_names(reader, &a, SAMPLE_KEYS, &key, &keys, err))
        return false;
    if (!row_writer_open(fd, format, &w, err))
        return false;
    for (size_t i = 0; i < COUNT(column); i++) {
        row_writer_note(w, i, russian ? column[i].note_ru : column[i].note_en);
        cell[i] = str_of(column[i].header);
    }
    size_t extra = keys ? keys : COUNT(usual);
    for (size_t i = 0; i < extra; i++)
        cell[COUNT(column) + i] =
            keys ? cell_guarded(&a, header_of_attribute(&a, key[i]), format == ROWS_XLSX)
                 : usual[i];
    bool ok = row_writer_add(w, cell, COUNT(column) + extra, err);
    for (size_t r = 0; ok && r < SAMPLE_ROWS; r++) {
        for (size_t i = 0; i < COUNT(column); i++)
            cell[i] = str_of(column[i].value[r]);
        for (size_t i = 0; i < extra; i++)
            cell[COUNT(column) + i] = keys ? STR("") : str_of(usual_value[r][i]);
        ok = row_writer_add(w, cell, COUNT(column) + extra, err);
    }
    return ok && row_writer_end(w, err);
}
