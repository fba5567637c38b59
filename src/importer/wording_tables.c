/* Every sentence says what it is, where it is and what to do next.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "importer/wording_priv.h"

const char *const wording_file_sentence[FILE_PROBLEM_COUNT][LANGUAGE_COUNT] = {
    [FILE_OK] = {"The file is fine.", "Файл в порядке."},
    [FILE_UNREADABLE] =
        {"The file cannot be read[ ({detail})]. Copy it to another disk and try again.",
         "Файл не читается: диск или сеть, где он лежит, отвечает ошибкой. Скопируйте его на другой "
         "диск и повторите."},
    [FILE_ABSENT] = {"There is no such file. Check its name and folder.",
                     "Такого файла нет. Проверьте его имя и папку."},
    [FILE_NOT_ALLOWED] =
        {"You are not allowed to read this file. Ask its owner for the right to read it, or copy it "
         "to where you may.",
         "Этот файл вам нельзя читать. Попросите у его владельца право на чтение или скопируйте "
         "файл туда, где оно у вас есть."},
    [FILE_IS_FOLDER] = {"This is a folder, not a file. Name a file in it.",
                        "Это папка, а не файл. Укажите файл в ней."},
    [FILE_EMPTY] =
        {"The file is empty: there is not a single filled row in it. Check that you chose the "
         "right file and that it was saved.",
         "Файл пуст: в нём нет ни одной заполненной строки. Проверьте, тот ли это файл и был ли "
         "он сохранён."},
    [FILE_HEADER_ONLY] =
        {"The file has a header but no customers below it. Add at least one row.",
         "В файле есть заголовок, но под ним нет ни одного клиента. Добавьте хотя бы одну "
         "строку."},
    [FILE_ENCODING] =
        {"The file is not in UTF-8: line {line}, column {column} (byte {offset}) holds {byte}. "
         "Save it as "
         "\"CSV UTF-8\"[, or state its encoding; these fit: {detail}].",
         "Файл не в кодировке UTF-8: в строке {line}, позиции {column} (байт {offset}) стоит "
         "{byte}. "
         "Сохраните его как «CSV UTF-8»[ или укажите кодировку; подходят: {detail}]."},
    [FILE_ENCODING_UNKNOWN] =
        {"There is no encoding called \"{value}\". Use for example utf-8, windows-1251, koi8-r or "
         "utf-16.",
         "Кодировки «{value}» нет. Укажите, например, utf-8, windows-1251, koi8-r или utf-16."},
    [FILE_ENCODING_MISMATCH] =
        {"The file is not in {value}, as was stated: line {line}, column {column} (byte {offset}) "
         "holds "
         "{byte}. State another encoding or save the file as \"CSV UTF-8\".",
         "Файл не в указанной кодировке {value}: в строке {line}, позиции {column} (байт {offset}) "
         "стоит "
         "{byte}. Укажите другую кодировку или сохраните файл как «CSV UTF-8»."},
    [FILE_BINARY] =
        {"This is not a text file[: a zero byte stands at byte {offset}, line {line}]. Upload a "
         "CSV "
         "or XLSX file.",
         "Это не текстовый файл[: в байте {offset}, строке {line} стоит нулевой байт]. Загрузите "
         "файл CSV или XLSX."},
    [FILE_DELIMITER] =
        {"It is not clear which character separates the columns[; perhaps {detail}]. State the "
         "delimiter.",
         "Неясно, каким знаком разделены колонки[; возможно, {detail}]. Укажите разделитель."},
    [FILE_ONE_COLUMN] =
        {"The file has only one column[: \"{value}\"]. Separate the columns with a semicolon, a "
         "comma or a tab, or state the delimiter.",
         "В файле только одна колонка[: «{value}»]. Разделите колонки точкой с запятой, "
         "запятой или табуляцией или укажите разделитель."},
    [FILE_QUOTE_OPEN] =
        {"A quotation mark opened in line {line} is never closed, so the rest of the file would "
         "be one cell. Close it, or double the quotation marks inside the cell; "
         "where quotation marks are plain text, set quote=none.",
         "Кавычка, открытая в строке {line}, нигде не закрыта, и весь остаток файла стал бы "
         "одной ячейкой. Закройте её или удвойте кавычки внутри ячейки; если "
         "кавычки здесь обычный текст, укажите quote=none."},
    [FILE_ROW_TOO_LARGE] =
        {"The record that starts in line {line} is larger than {size}. Shorten it; an "
         "unclosed quotation mark above it is a common cause.",
         "Запись, которая начинается в строке {line}, больше {size}. Сократите её; частая "
         "причина — незакрытая кавычка выше."},
    [FILE_CELL_TOO_LARGE] =
        {"A cell[ in line {line}, column {column},] is larger than {size}. Shorten it, or remove "
         "its column.",
         "Ячейка[ в строке {line}, колонке {column}] больше {size}. Сократите её или удалите её "
         "колонку."},
    [FILE_TOO_MANY_COLUMNS] =
        {"Line {line} has more than {limit} columns. Remove columns that are not needed.",
         "В строке {line} больше {limit} колонок. Удалите лишние колонки."},
    [FILE_XLS] =
        {"This is an old Excel workbook (.xls, 97-2003). Open it in Excel and save it as an "
         "\"Excel "
         "workbook (.xlsx)\".",
         "Это старая книга Excel (.xls, 97–2003). Откройте её в Excel и сохраните как «Книга Excel "
         "(.xlsx)»."},
    [FILE_XLSB] =
        {"This is a binary Excel workbook (.xlsb). Open it in Excel and save it as an \"Excel "
         "workbook "
         "(.xlsx)\".",
         "Это двоичная книга Excel (.xlsb). Откройте её в Excel и сохраните как «Книга Excel "
         "(.xlsx)»."},
    [FILE_ODS] =
        {"This is an OpenDocument table (.ods). Open it in its program and save it as .xlsx or "
         "CSV.",
         "Это таблица OpenDocument (.ods). Откройте её в своей программе и сохраните как .xlsx или "
         "CSV."},
    [FILE_NUMBERS] =
        {"This is an Apple Numbers document. Export it: File, Export To, Excel or CSV.",
         "Это документ Apple Numbers. Экспортируйте его: Файл → Экспортировать в → Excel или CSV."},
    [FILE_ENCRYPTED] =
        {"The workbook is protected with a password. Remove the password (File, Info, Protect "
         "Workbook) and upload it again.",
         "Книга защищена паролем. Снимите пароль (Файл → Сведения → Защита книги) и загрузите "
         "её снова."},
    [FILE_ZIP] =
        {"This is an archive and not a workbook. Unpack it and upload the table that is inside.",
         "Это архив, а не книга Excel. Распакуйте его и загрузите таблицу, которая внутри."},
    [FILE_GZIP] =
        {"This is a compressed file (gzip). Unpack it and upload the table that is inside.",
         "Это сжатый файл (gzip). Распакуйте его и загрузите таблицу, которая внутри."},
    [FILE_GZIP_DAMAGED] =
        {"This compressed file (gzip) cannot be unpacked: it is damaged or cut off. Nothing was "
         "imported. Pack it again, or upload it unpacked.",
         "Этот сжатый файл (gzip) не распаковывается: он повреждён или обрывается. Ничего не "
         "загружено. Сожмите его заново или загрузите несжатым."},
    [FILE_PDF] =
        {"This is a PDF document. Export the table as XLSX or CSV from the program that made it.",
         "Это документ PDF. Выгрузите таблицу как XLSX или CSV из программы, в которой он сделан."},
    [FILE_HTML] =
        {"This is a web page, even if its name ends with .xls. Open it in Excel and save it as an "
         "\"Excel workbook (.xlsx)\".",
         "Это веб-страница, даже если её имя кончается на .xls. Откройте её в Excel и сохраните "
         "как "
         "«Книга Excel (.xlsx)»."},
    [FILE_XML] =
        {"This is an XML file. Open it in Excel and save it as an \"Excel workbook (.xlsx)\".",
         "Это файл XML. Откройте его в Excel и сохраните как «Книга Excel (.xlsx)»."},
    [FILE_JSON] = {"This is one JSON document. Send JSON Lines instead: one object per line, "
                   "without an array "
                   "around them.",
                   "Это один документ JSON. Нужен JSON Lines: по одному объекту в строке, без "
                   "массива вокруг."},
    [FILE_WORD] = {"This is a text document. Copy the table into Excel and save it as .xlsx.",
                   "Это текстовый документ. Скопируйте таблицу в Excel и сохраните как .xlsx."},
    [FILE_WORKBOOK_DAMAGED] =
        {"The workbook is damaged[ ({detail})][, line {line} of its XML]. "
         "Open it in Excel, let Excel repair it, and save it "
         "again.",
         "Книга повреждена[ ({detail})][, строка {line} её XML]. Откройте её в "
         "Excel, дайте Excel её восстановить и "
         "сохраните заново."},
    [FILE_WORKBOOK_SIZE] = {"A part of the workbook ({detail}) unpacks to more than {size}. Save "
                            "it again with only the sheet that is needed, or save that sheet as "
                            "CSV.",
                            "Часть книги ({detail}) при распаковке больше {size}. Сохраните её "
                            "заново только с нужным листом или сохраните этот лист как CSV."},
    [FILE_WORKBOOK_RATIO] =
        {"A part of the workbook ({detail}) unpacks to more than {limit} times its size, which "
         "hardly any table does and which can hide an attack. Save the sheet that is needed as "
         "CSV.",
         "Часть книги ({detail}) при распаковке растёт больше чем в {limit} раз: таблицы так почти "
         "не сжимаются, а вред возможен. Сохраните нужный лист как CSV."},
    [FILE_WORKBOOK_ENTRIES] =
        {"The workbook consists of more than {limit} files. Copy the sheet that is needed into a "
         "new workbook, without its pictures, and upload that.",
         "Книга состоит больше чем из {limit} файлов. Скопируйте нужный лист в новую книгу без "
         "картинок и загрузите её."},
    [FILE_WORKBOOK_DIRECTORY] =
        {"The list of the files that the workbook consists of is larger than {size}. Copy the "
         "sheet that is needed into a new workbook, without its pictures, and upload that.",
         "Список файлов, из которых состоит книга, больше {size}. Скопируйте нужный лист в новую "
         "книгу без картинок и загрузите её."},
    [FILE_WORKBOOK_COMPRESSION] =
        {"A part of the workbook ({detail}) is compressed in a way that table programs do not use. "
         "Open it in Excel and save it again.",
         "Часть книги ({detail}) сжата способом, которым табличные программы не пользуются. "
         "Откройте её в Excel и сохраните заново."},
    [FILE_WORKBOOK_DOCTYPE] =
        {"A part of the workbook ({detail}) begins with a document type (DOCTYPE), which no table "
         "program writes and which can hide an attack. Open it in Excel and save it again.",
         "Часть книги ({detail}) начинается с объявления DOCTYPE: табличные программы так не "
         "пишут, а вред возможен. Откройте её в Excel и сохраните заново."},
    [FILE_WORKBOOK_DEPTH] =
        {"In a part of the workbook ({detail}, line {line}) more than {limit} XML elements stand "
         "inside each other. Open it in Excel and save it again.",
         "В части книги ({detail}, строка {line}) вложено друг в друга больше {limit} элементов "
         "XML. Откройте её в Excel и сохраните заново."},
    [FILE_WORKBOOK_TAG] = {"In a part of the workbook ({detail}, line {line}) one tag or comment "
                           "is larger than {size}. Open it in Excel and save it again.",
                           "В части книги ({detail}, строка {line}) один тег или комментарий "
                           "больше {size}. Откройте её в Excel и сохраните заново."},
    [FILE_WORKBOOK_FORMATS] =
        {"The workbook has more than {limit} cell formats. Copy the sheet that is needed into a "
         "new workbook as values (Paste Special, Values), or save it as CSV.",
         "В книге больше {limit} форматов ячеек. Скопируйте нужный лист в новую книгу как значения "
         "(Специальная вставка → Значения) или сохраните его как CSV."},
    [FILE_WORKBOOK_SPACE] =
        {"There is no room for the workbook's texts in the folder for temporary files. Make room "
         "there (or ask who runs the server to), or save the sheet as CSV.",
         "В папке временных файлов нет места для текстов книги. Освободите его (или попросите "
         "администратора сервера) либо сохраните лист как CSV."},
    [FILE_NO_SHEET] =
        {"The workbook has no visible sheet with a table. Unhide the sheet with the customers.",
         "В книге нет видимого листа с таблицей. Покажите лист с клиентами."},
    [FILE_SHEET_NOT_FOUND] =
        {"The workbook has no sheet \"{value}\".[ Its sheets: {detail}.] State one of them.",
         "В книге нет листа «{value}».[ В ней есть: {detail}.] Укажите один из них."},
    [FILE_COLUMNS_MISSING] = {"These columns are missing: {value}.[ Perhaps these were meant: "
                              "{detail}.] Add them or correct the "
                              "header; or import with \"update_only\" (external_id is enough), or "
                              "with \"blank_missing\" to count "
                              "them as blank.",
                              "Не хватает колонок: {value}.[ Возможно, имелись в виду: {detail}.] "
                              "Добавьте их или исправьте "
                              "заголовок; либо загрузите с настройкой update_only (только обновить "
                              "существующих, достаточно "
                              "external_id) или blank_missing (считать их пустыми)."},
    [FILE_HEADER_LATER] =
        {"The header stands in row {line}, not in the first one. Remove the rows above it, or "
         "state header row {line}.",
         "Заголовок стоит в строке {line}, а не в первой. Удалите строки над ним или укажите "
         "строку заголовка {line}."},
    [FILE_HEADER_ID] =
        {"The column \"{value}\" (number {column}) could be external_id, but this is not certain. "
         "If it is your own id of the customer, rename it to external_id, or say so by \"mapping\".",
         "Колонка «{value}» (номер {column}) может быть external_id, но это не точно. Если это "
         "ваш номер клиента, переименуйте её в external_id или укажите это в mapping."},
    [FILE_HEADER_REPEATED] =
        {"Two columns mean the same: \"{value}\"[ (columns {detail})]. Keep one of them or "
         "rename the other.",
         "Две колонки означают одно и то же: «{value}»[ (колонки {detail})]. Оставьте одну "
         "из них или переименуйте другую."},
    [FILE_HEADER_EMPTY] =
        {"Column {column} has values (line {line}) but no header. Name it or remove it.",
         "В колонке {column} есть значения (строка {line}), но нет заголовка. Назовите её или "
         "удалите."},
    [FILE_HEADER_TOO_LONG] =
        {"The header of column {column} is longer than {limit} bytes. Shorten it.",
         "Заголовок колонки {column} длиннее {limit} байт. Сократите его."},
    [FILE_TOO_LARGE] =
        {"The file is larger than {size}. Split it and upload the parts one after another.",
         "Файл больше {size}. Разделите его и загрузите части одну за другой."},
    [FILE_CHANGED] = {"The stored file is not the one that was uploaded. Upload it again.",
                      "Сохранённый файл отличается от загруженного. Загрузите его ещё раз."},
    [FILE_CRASHED] =
        {"This was stopped: the program ended three times at record {line}. What was committed "
         "before it stays, as the counters say. Take that row out of the file and import it again.",
         "Остановлено: программа трижды завершилась на записи {line}. Что сохранено до неё, "
         "остаётся: см. счётчики. Уберите эту строку из файла и загрузите его снова."},
    [FILE_MAPPING] = {"The column \"{detail}\" cannot become \"{value}\". Use an attribute's name, "
                      "custom_attributes.NAME, or ignore.",
                      "Колонка «{detail}» не может стать «{value}». Укажите имя поля, "
                      "custom_attributes.ИМЯ или ignore."},
    [FILE_HEADER_RESERVED] =
        {"The column \"{value}\" (number {column}) is named like an attribute of the customer, but by "
         "its name alone it becomes a custom attribute. Say what it is by \"mapping\": the "
         "attribute's name, custom_attributes.NAME, or ignore.",
         "Колонка «{value}» (номер {column}) называется как поле клиента, но по одному имени она "
         "станет дополнительным атрибутом. Укажите в mapping, что это: имя поля, "
         "custom_attributes.ИМЯ или ignore."},
    [FILE_NAME_PARTS] =
        {"The name stands in several columns. To join them (in their order in the file), set "
         "\"mapping\": {detail}; or name one of them \"name\".",
         "Имя разнесено по нескольким колонкам. Чтобы соединить их (в порядке колонок файла), "
         "задайте mapping: {detail}; или назовите одну из них name."},
    [FILE_REPAIR_COLUMN] =
        {"The repair \"{value}\" is for the column \"{detail}\", but the file has no such column. "
         "Name the column as its header does, or take the repair out of the setting \"repairs\".",
         "Исправление «{value}» задано для колонки «{detail}», но такой колонки в файле нет. "
         "Укажите колонку так, как она названа в заголовке, или уберите исправление из настройки "
         "repairs."},
    [FILE_REPAIR_UNFIT] =
        {"The repair \"{value}\" is not for a column like \"{detail}\". Take it out of the setting "
         "\"repairs\", or name another column.",
         "Исправление «{value}» не подходит для колонки «{detail}». Уберите его из настройки "
         "repairs или укажите другую колонку."},
    [FILE_HOPELESS] =
        {"{limit} of the first {line} rows fail for one reason: {value} {detail}. "
         "Nothing was imported. Check that the columns are the right ones; to import "
         "the rest anyway, set \"bad_values\" or correct the file.",
         "{limit} из первых {line} строк не подходят по одной причине: {value} "
         "{detail}. Ничего не загружено. Проверьте, те ли это колонки; исправьте файл "
         "или измените настройку bad_values."},
    [FILE_SAMPLE] = {"This is the sample file, with its invented customers. Replace its rows with "
                     "your own and upload it again.",
                     "Это файл-пример с вымышленными клиентами. Замените его строки своими и "
                     "загрузите снова."},
    [FILE_SAME_CONTENT] =
        {"A file with the same content was imported before, as import {value}. To "
         "import it again, set \"go_on\" to true.",
         "Файл с таким же содержимым уже загружен, это импорт {value}. Чтобы "
         "загрузить его ещё раз, подтвердите это настройкой go_on."},
    [FILE_ALL_OR_NOTHING] = {"Nothing was imported, as was asked for. Rows that fail: "
                             "{limit}. Correct them, or import without \"all_or_nothing\".",
                             "Ничего не загружено, как и было задано: строк с ошибками {limit}. "
                             "Исправьте их или снимите настройку «всё или ничего»."},
    [FILE_BASE_CHANGED] =
        {"Nothing was written: since the dry run customers have changed; "
         "rows that would end in another way: {limit}. Look at the new dry run and "
         "start again.",
         "Ничего не записано: после проверки клиенты изменились, и строк с другим "
         "исходом {limit}. Посмотрите новую проверку и запустите снова."},
    [FILE_BASE_CHANGED_MEANWHILE] =
        {"While the rows were written, customers were changed by others, and line {line} would "
         "have ended in another way than the dry run said. What was written before it is taken "
         "back. Upload the file again, look at its dry run and start again.",
         "Пока строки записывались, клиентов изменили другие, и строка {line} закончилась бы не "
         "так, как показала проверка. Записанное до неё возвращено. Загрузите файл снова, "
         "посмотрите его проверку и запустите."},
    [FILE_NO_SPACE] =
        {"There is not enough space on the disk: about {about} are needed, {free} are "
         "free. Nothing was imported. Make room and start again.",
         "Не хватает места на диске: нужно ~{about}, свободно {free}. Ничего не "
         "загружено. Освободите место и запустите снова."},
    [FILE_UPLOAD_EXPIRED] =
        {"The upload was not finished in time: {free} of {about} came, and are deleted. Nothing was "
         "imported. Upload the file again.",
         "Загрузку не закончили вовремя: пришло {free} из {about}, они удалены. Ничего не "
         "загружено. Загрузите файл снова."},
    [FILE_STORE] = {"The import stopped: the database could not take the rows ({detail}). What was "
                    "imported before stays; the same file goes on from there.",
                    "Импорт остановлен: база не приняла строки ({detail}). Загруженное остаётся; "
                    "тот же файл продолжит с этого места."},
};

const char *const wording_undo_note_sentence[LANGUAGE_COUNT] = {
    "Who was changed after the import keeps those values. A later write of a value that was there "
    "already left no trace: it does not count as a change, and the undo takes the value back.",
    "Кого изменили после импорта, у того эти значения останутся. Если потом записали то же самое "
    "значение, следа от этого нет: изменением это не считается, и отмена вернёт прежнее."};

const char *const wording_problem_sentence[PROBLEM_COUNT][LANGUAGE_COUNT] = {
    [PROBLEM_TAKEN] = {"is already taken", "уже принадлежит другому клиенту"},
    [PROBLEM_EMAIL_SWAP] =
        {"swaps e-mails with another row: put a row before both that clears, with [clear], the "
         "e-mail of the customer whose row comes second",
         "меняется почтой с другой строкой: поставьте перед обеими строку, которая словом "
         "[очистить] очищает почту того клиента, чья строка из двух вторая"},
    [PROBLEM_BLANK] = {"must not be blank", "не может быть пустым"},
    [PROBLEM_TOO_LONG] = {"is too long", "слишком длинное значение"},
    [PROBLEM_CONTROL_CHARACTER] = {"holds a control character", "содержит управляющий символ"},
    [PROBLEM_WRONG_TYPE] = {"is of the wrong JSON type", "имеет неподходящий тип JSON"},
    [PROBLEM_NOT_AN_INTEGER] = {"must be a string or an integer",
                                "должно быть строкой или целым числом"},
    [PROBLEM_EMAIL_INVALID] = {"is not an e-mail address", "не является адресом e-mail"},
    [PROBLEM_DATE_INVALID] = {"is not a date; write it as 2018-01-01 00:11:22",
                              "не является датой; пишите так: 2018-01-01 00:11:22"},
    [PROBLEM_DATE_AMBIGUOUS] = {"could be day first or month first; write it as 2018-01-31",
                                "непонятно, где день, а где месяц; пишите так: 2018-01-31"},
    [PROBLEM_DATE_OUT_OF_RANGE] = {"is before 1900 or after tomorrow",
                                   "раньше 1900 года или позже завтрашнего дня"},
    [PROBLEM_BOOLEAN_INVALID] = {"must be true or false",
                                 "должно быть true или false (да или нет)"},
    [PROBLEM_SCIENTIFIC_NUMBER] =
        {"was shortened by a spreadsheet program and lost digits; export the column as text",
         "сокращено табличной программой, цифры потеряны; выгрузите колонку как текст"},
    [PROBLEM_FORMULA_ERROR] =
        {"is the error of a formula; correct it in the workbook, or empty the cell",
         "ошибка формулы; исправьте её в книге или очистите ячейку"},
    [PROBLEM_TOO_MANY_ATTRIBUTES] = {"would have more than 256 keys",
                                     "получилось бы больше 256 ключей"},
    [PROBLEM_ATTRIBUTES_TOO_LARGE] = {"would be larger than 64 KiB", "получилось бы больше 64 КиБ"},
    [PROBLEM_NOT_FOUND] = {"there is no such customer", "такого клиента нет"},
    [PROBLEM_TOO_MANY_CELLS] = {"the row has more cells than the header",
                                "в строке больше ячеек, чем в заголовке"},
    [PROBLEM_ROW_TOO_LARGE] = {"the row is too large", "строка слишком велика"},
    [PROBLEM_ROW_UNREADABLE] = {"the line is not a JSON object",
                                "строка не является объектом JSON"},
    [PROBLEM_REPEATED_KEY] = {"stands in the file more than once",
                              "встречается в файле больше одного раза"},
    [PROBLEM_PHONE_AS_GIVEN] = {"is not one phone number; kept as given",
                                "не один номер телефона; сохранён как есть"},
    [PROBLEM_DATE_ZERO] = {"a date of zeros counts as blank", "дата из нулей считается пустой"},
    [PROBLEM_TIME_IN_GAP] =
        {"this local time did not exist (clocks went forward); moved forward",
         "такого местного времени не было (часы переводили вперёд); сдвинуто вперёд"},
    [PROBLEM_EMPTY_IGNORED] =
        {"an empty value counts as not sent; send null to clear",
         "пустое значение считается непереданным; чтобы очистить, передайте null"},
    [PROBLEM_UNKNOWN_ATTRIBUTE] = {"there is no such attribute; ignored",
                                   "такого атрибута нет; пропущен"},
    [PROBLEM_READ_ONLY] = {"cannot be set; ignored", "нельзя изменить; пропущено"},
    [PROBLEM_KEY_REPEATED] = {"was given more than once; the last value was used",
                              "передан несколько раз; взято последнее значение"},
    [PROBLEM_EXTERNAL_ID_KEPT] = {"of a customer never changes; ignored",
                                  "у клиента не меняется; пропущен"},
    [PROBLEM_EMAIL_LEFT_OUT] = {"is another customer's; left out",
                                "принадлежит другому клиенту; пропущен"},
    [PROBLEM_CONTACT_KEPT] = {"is not updated by the company's settings; ignored",
                              "не обновляется по настройкам компании; пропущено"},
    [PROBLEM_OPT_OUT_KEPT] = {"was not turned from true to false; allow this to do so",
                              "не изменено с true на false; разрешите это в настройках импорта"},
    [PROBLEM_REPAIRED] = {"was repaired, as was accepted", "исправлено по принятому правилу"},
    [PROBLEM_PRECONDITION] =
        {"is not in the state that If-Match or If-None-Match asks for: read it "
         "again",
         "не в том состоянии, которого требует If-Match или If-None-Match: "
         "прочитайте его снова"},
    [PROBLEM_LOOKS_INTERNAL] = {"looks like an id of a server, and there was no such customer: one "
                                "was made with it as external_id",
                                "похоже на id сервера, но такого клиента не было: создан новый, "
                                "это его external_id"},
    [PROBLEM_TRIMMED] = {"came with spaces around it, which are left out",
                         "пробелы вокруг значения убраны"},
    [PROBLEM_CHANGED_SINCE] = {"was changed since the import and stays",
                               "изменено после импорта и остаётся как есть"},
    [PROBLEM_TOUCHED_SINCE] = {"was made by the import but changed since, and stays",
                               "создан импортом, но изменён после него и остаётся"},
    [PROBLEM_DELETED_SINCE] = {"was deleted since the import and does not come back",
                               "удалён после импорта и не возвращается"},
};
