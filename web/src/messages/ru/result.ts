import { number } from "../../lib/format.ts";
import { pluralRu } from "../../lib/plural.ts";

const rows = (n: number) => `${number(n)} ${pluralRu(n, "строка", "строки", "строк")}`;
/** «скачать 1 строку» */
const rowsAcc = (n: number) => `${number(n)} ${pluralRu(n, "строку", "строки", "строк")}`;
const customers = (n: number) => `${number(n)} ${pluralRu(n, "клиент", "клиента", "клиентов")}`;

export const ru = {
    queued: "Импорт ждёт своей очереди",
    queuedText: (n: number) =>
        n > 0
            ? `Перед ним в очереди: ${number(n)}. Начнётся сам.`
            : "Начнётся сам, как только освободится место.",
    running: "Импорт идёт",
    reverting: "Возвращаем, как было",
    leave: "Страницу можно закрыть: работа идёт на сервере, и сюда можно вернуться.",
    recordsDone: (n: number) => `обработано ${rowsAcc(n)}`,
    undone: (n: number) => `пройдено ${number(n)}`,
    speed: (n: number) => `${number(n)} строк/с`,
    left: (time: string) => `ещё ${time}`,
    stop: "Остановить",
    stopTitle: "Остановить импорт?",
    stopText: (n: number) =>
        `Загруженное останется в базе: сейчас это ${rows(n)}. Остальное не загрузится. Потом всё можно вернуть, как было.`,
    stopAll: "Выбрано «не загружать ничего при ошибках»: загруженное будет возвращено, как было.",

    done: "Готово",
    doneAll: (n: number) => `Готово: ${rows(n)} ${pluralRu(n, "загружена", "загружены", "загружены")}.`,
    doneFailed: (n: number) =>
        `Готово, но ${rows(n)} не ${pluralRu(n, "загружена", "загружены", "загружены")}.`,
    breath: (c: {
        records: number;
        created: number;
        updated: number;
        unchanged: number;
        skipped: number;
        failed: number;
    }) =>
        `В файле ${rows(c.records)}: ${number(c.created)} добавлено, ${number(c.updated)} обновлено, ${number(c.unchanged)} без изменений, ${number(c.skipped)} пропущено, ${number(c.failed)} не загружено.`,
    rest: (n: number) => `Остальные ${number(n)} уже в базе, весь файл заново загружать не нужно.`,
    nothingIn: "Ни одна строка не загружена.",
    took: (time: string) => `Заняло ${time}.`,
    warnings: (n: number) => `${rows(n)} с замечаниями`,
    cancelled: "Импорт остановлен",
    cancelledText: (n: number) =>
        n
            ? `До остановки загружено: ${rows(n)}. Они в базе; их можно вернуть, как было, или загрузить файл ещё раз: загруженное второй раз не удвоится.`
            : "В базу ничего не записано.",
    failed: "Импорт не удался",
    failedKept: (n: number) =>
        `До этого загружено: ${rows(n)}. Они в базе; файл можно загрузить ещё раз: загруженное второй раз не удвоится.`,
    failedNothing: "В базу ничего не записано.",
    reverted: "Возвращено, как было",
    revertedText: (removed: number, restored: number) =>
        `Убрано ${customers(removed)} из добавленных, прежние значения вернулись у ${number(restored)} ${pluralRu(restored, "клиента", "клиентов", "клиентов")}.`,
    seeKept: "Показать, что осталось и почему",
    uploadAgain: "Загрузить файл",

    tabs: "Об импорте",
    tab: { summary: "Итог", errors: "Ошибки", rows: "Строки", undo: "Вернуть как было", about: "Сведения" },

    groups: "Что исправить",
    groupsText: "Сначала то, чего больше.",
    groupRows: (n: number) => rows(n),
    inColumn: (name: string) => `колонка «${name}»`,
    example: (line: number, value: string, who: string) =>
        `строка ${number(line)}${who ? `, ${who}` : ""}: ${value}`,
    emptyValue: "пусто",
    other: "клиент, у которого это уже есть",
    showGroup: "Все такие строки",
    allGroups: "Все причины",
    noErrors: "Ошибок нет: загружены все строки.",
    noWarnings: "Замечаний нет.",
    warningsTitle: "Замечания",
    warningsText: "Эти строки загружены.",
    download: (n: number) => `Скачать ${rowsAcc(n)} с пояснениями (XLSX)`,
    downloadPlain: "Скачать CSV",
    downloadLines: (n: number) => `Скачать ${rowsAcc(n)} с пояснениями`,
    dropFixed: "Исправьте их в Excel, сохраните и перетащите этот же файл сюда",
    dropFixedText: "Он будет узнан как исправление этого импорта: загрузятся только эти строки.",
    fix: "Исправить здесь",
    fixLimit: (n: number) =>
        `На странице можно исправить до ${number(n)} строк; их больше, поэтому скачайте файл.`,
    fixText:
        "Неверные ячейки выделены. Стрелки и Enter ходят по строкам, ячейки можно вставить из Excel. Набранное не пропадёт, пока вы его не отправите.",
    fixShown: (from: number, to: number, all: number) =>
        `строки ${number(from)}–${number(to)} из ${number(all)}`,
    fixSend: (n: number) => (n ? `Проверить ${rowsAcc(n)}` : "Проверить исправленное"),
    fixEarlier: "Строки выше",
    fixLater: "Строки ниже",
    fixNote: "Загрузятся только исправленные строки; сначала вы увидите, что изменится.",
    fixReset: "Вернуть, как было в файле",
    fixedName: "исправление",
    filesGone:
        "Файл уже удалён с сервера по сроку хранения, поэтому строки не скачать. Список ошибок остаётся.",
    corrected: (accepted: number, failed: number) => `Исправлено ${number(accepted)} из ${number(failed)}.`,
    corrections: "Исправления:",
    corrects: (id: string) => `Это исправление импорта № ${id}.`,
    openImport: (id: string) => `импорт № ${id}`,

    rowsTitle: "Строки файла по итогу",
    rowsOf: {
        created: "Новые",
        updated: "Обновлены",
        unchanged: "Без изменений",
        skipped: "Пропущены",
        failed: "С ошибками",
    } as Record<string, string>,
    line: "Строка",
    record: "Запись",
    customer: "Клиент",
    change: "Что изменилось",
    cells: "В файле",
    column: "Колонка",
    value: "Значение",
    problem: "Что не так",
    noRows: "Таких строк нет.",

    undo: "Вернуть как было",
    undoUntil: (date: string) => `Вернуть как было (до ${date})`,
    undoText: "Клиенты, добавленные этим импортом, исчезнут, а у обновлённых вернутся прежние значения.",
    undoTold: "Сначала посмотрите, что именно произойдёт: это ничего не меняет.",
    undoPreview: "Посмотреть, что вернётся",
    undoLooking: "Смотрим, что вернётся…",
    undoOver: "Вернуть уже нельзя: срок хранения прежних значений прошёл.",
    undoNone: "Возвращать нечего: этот импорт ничего не изменил.",
    willRemove: (n: number) =>
        `${customers(n)} ${pluralRu(n, "исчезнет", "исчезнут", "исчезнут")}: их добавил этот импорт`,
    willRestore: (n: number) =>
        `у ${number(n)} ${pluralRu(n, "клиента вернутся", "клиентов вернутся", "клиентов вернутся")} прежние значения`,
    willPartly: (n: number) =>
        `у ${number(n)} ${pluralRu(n, "клиента вернётся", "клиентов вернётся", "клиентов вернётся")} не всё: часть значений с тех пор изменили`,
    willKeep: (n: number) =>
        `${customers(n)} ${pluralRu(n, "останется", "останутся", "останутся")} как есть: их с тех пор изменили`,
    willGone: (n: number) =>
        `${customers(n)} уже ${pluralRu(n, "удалён", "удалены", "удалены")}: вернуть некого`,
    previewFirst: "Что останется как есть",
    previewMore: "и другие: полный список будет после возврата",
    withCorrections: (ids: string) => `Вернуть и исправления этого импорта (${ids})`,
    undoDo: "Вернуть как было",
    undoSure: "После возврата импорт можно загрузить заново.",
    kept: "Что осталось и почему",
    keptColumn: {
        who: "Клиент",
        field: "Поле",
        undone: "Из импорта",
        now: "Сейчас",
        why: "Почему",
        by: "Кто и когда",
    },
    whole: "клиент целиком",
    keptNone: "Ничего: всё возвращено.",

    about: {
        file: "Файл",
        size: "Размер",
        download: "Скачать файл, как он пришёл",
        filesUntil: (date: string) => `Файлы хранятся до ${date}.`,
        sha: "SHA-256",
        by: "Кто загрузил",
        created: "Загружен",
        started: "Начат",
        finished: "Закончен",
        settings: "Правила и сопоставление",
        settingsNone: "обычные",
        deeds: "Кто что делал",
        same: (id: string) => `Этот же файл уже загружали: импорт № ${id}.`,
    },
    deed: {
        create: "загрузил файл",
        settings: "изменил настройки",
        dry_run: "проверил без записи",
        start: "запустил импорт",
        cancel: "остановил",
        revert_dry_run: "посмотрел, что вернётся",
        revert: "вернул, как было",
    } as Record<string, string>,
};
