/* What people read about findings, and what is offered to them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "importer/wording_priv.h"

const char *const wording_finding_sentence[FINDING_COUNT][LANGUAGE_COUNT] = {
    [FINDING_NO_DATA] =
        {"Cells that say there is no data: {limit}. They would be stored as values.",
         "Ячеек с пометкой «нет данных»: {limit}. Они сохранятся как значения."},
    [FINDING_BARE_NO] = {"Cells with \"{value}\" that may mean there is no data: {limit}.",
                         "Ячеек «{value}», которые могут означать «нет данных»: {limit}."},
    [FINDING_SHARED_EMAIL] =
        {"Rows with the same address {value}: {limit}. It is hardly a customer's own; only the first "
         "of them can have it.",
         "Строк с одним и тем же адресом {value}: {limit}. Вряд ли это адрес клиента; достанется он "
         "только первому из них."},
    [FINDING_SCIENTIFIC] =
        {"Numbers that a spreadsheet program shortened (7.9E+10): {limit}. Digits are lost; export "
         "the column as text.",
         "Чисел, которые сократила табличная программа (7,9E+10): {limit}. Цифры потеряны; выгрузите "
         "колонку как текст."},
    [FINDING_LOST_DIGITS] =
        {"Numbers whose digits after the 15th are zeros: {limit}. A spreadsheet program keeps no "
         "more than 15; export the column as text.",
         "Чисел, в которых после 15-й цифры одни нули: {limit}. Табличная программа хранит не больше "
         "15 цифр; выгрузите колонку как текст."},
    [FINDING_LOST_ZEROS] =
        {"Ids shorter than the usual {value} digits: {limit}. Zeros before them may be lost.",
         "Кодов короче обычных {value} цифр: {limit}. Возможно, потеряны нули в начале."},
    [FINDING_DECIMAL_COMMA] =
        {"Numbers with a decimal comma: {limit}. As they are, they cannot be compared as numbers.",
         "Чисел с запятой: {limit}. В таком виде их не сравнить как числа."},
    [FINDING_BOOLEAN_WORDS] =
        {"Cells that say yes or no in words: {limit}. As they are, they are texts.",
         "Ячеек с «да» или «нет» словами (ИСТИНА, ЛОЖЬ): {limit}. В таком виде это просто тексты."},
    [FINDING_LOOKALIKE] =
        {"Cells with Cyrillic or Greek letters that look like Latin ones: {limit}. Two that look the "
         "same are different.",
         "Ячеек с русскими или греческими буквами, похожими на латинские: {limit}. С виду одинаковые "
         "значения различаются."},
    [FINDING_EMAIL_COMMA] = {"Addresses with a comma for a point: {limit}. Their rows fail.",
                             "Адресов с запятой вместо точки: {limit}. Их строки не загрузятся."},
    [FINDING_PHONE_8] = {"Phones that begin with 8 where +7 is meant: {limit}.",
                         "Телефонов, которые начинаются с 8 вместо +7: {limit}."},
    [FINDING_MIXED] = {"Cells of another kind than most of the column (text among numbers, or "
                       "numbers among text): {limit}. Look whether they are right.",
                       "Ячеек не того вида, что остальные в колонке (текст среди чисел или числа "
                       "среди текста): {limit}. Проверьте, верны ли они."},
    [FINDING_SLASHES] =
        {"Dates with slashes: {limit}. Whether the day or the month stands first must be said.",
         "Дат с косой чертой: {limit}. Нужно указать, что стоит первым: день или месяц."},
    [FINDING_TRIMMED] = {"Values with spaces around them: {limit}. They are read without.",
                         "Значений с пробелами по краям: {limit}. Пробелы отброшены."},
    [FINDING_HIDDEN] = {"Rows that the workbook hides (by a filter or by hand): {limit}.",
                        "Строк, скрытых в книге (фильтром или вручную): {limit}."},
};

/* The count is left out of the offer for a single one. */
const char *const wording_repair_offer[REPAIR_RULE_COUNT][LANGUAGE_COUNT] = {
    [REPAIR_BLANK_NO_DATA] = {"Count[ all {limit}] as blank", "Считать пустыми[ все {limit}]"},
    [REPAIR_BLANK_VALUE] = {"Count[ all {limit}] as blank", "Считать пустыми[ все {limit}]"},
    [REPAIR_LEAVE_OUT_VALUE] = {"Leave the value out[ of all {limit}]",
                                "Не загружать это значение[, все {limit}]"},
    [REPAIR_LEAVE_OUT_DAMAGED] = {"Leave the values out[, all {limit}]",
                                  "Не загружать такие значения[, все {limit}]"},
    [REPAIR_PHONE_8_TO_7] = {"Repair[ all {limit}]", "Исправить[ все {limit}]"},
    [REPAIR_PAD_ZEROS] = {"Repair[ all {limit}]: zeros up to {value} digits",
                          "Исправить[ все {limit}]: дополнить нулями до {value} цифр"},
    [REPAIR_DECIMAL_POINT] = {"Repair[ all {limit}]", "Исправить[ все {limit}]"},
    [REPAIR_BOOLEAN] = {"Repair[ all {limit}]", "Исправить[ все {limit}]"},
    [REPAIR_LATIN_LETTERS] = {"Repair[ all {limit}]", "Исправить[ все {limit}]"},
    [REPAIR_EMAIL_POINT] = {"Repair[ all {limit}]", "Исправить[ все {limit}]"},
};

const char *const wording_finding_offer[FINDING_COUNT][LANGUAGE_COUNT] = {
    [FINDING_SLASHES] = {"Read[ all {limit}] in the order you say",
                         "Прочитать[ все {limit}] в указанном порядке"},
    [FINDING_HIDDEN] = {"Leave hidden rows out[, all {limit}]",
                        "Не загружать скрытые строки[, все {limit}]"},
};
