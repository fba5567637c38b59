// Numbers, sizes, times and dates as people read them, in the language of the page and the zone of the company.
import { language } from "./i18n.svelte.ts";
import { pluralEn, pluralRu } from "./plural.ts";
import { zone } from "./zone.svelte.ts";

const NARROW = "\u202f"; // narrow no-break space

const locales = { ru: "ru-RU", en: "en-GB" };
const made = new Map<string, Intl.DateTimeFormat | Intl.NumberFormat>();

function numbers(options: Intl.NumberFormatOptions): Intl.NumberFormat {
    const key = language() + JSON.stringify(options);
    let format = made.get(key) as Intl.NumberFormat | undefined;
    if (!format) made.set(key, (format = new Intl.NumberFormat(locales[language()], options)));
    return format;
}

function dates(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
    const key = language() + zone() + JSON.stringify(options);
    let format = made.get(key) as Intl.DateTimeFormat | undefined;
    if (!format) {
        try {
            format = new Intl.DateTimeFormat(locales[language()], { ...options, timeZone: zone() });
        } catch {
            // The server knows a zone that this browser does not: UTC is at least said.
            format = new Intl.DateTimeFormat(locales[language()], {
                ...options,
                timeZone: "UTC",
                timeZoneName: "short",
            });
        }
        made.set(key, format);
    }
    return format;
}

/** 1 240 312; fractions to at most `digits` places. */
export function number(n: number, digits = 0): string {
    return numbers({ maximumFractionDigits: digits })
        .formatToParts(n)
        .map((part) => (part.type === "group" ? NARROW : part.value))
        .join("");
}

/** 12 %, of a share between 0 and 1; never rounded up to 100 % or down to 0 %. */
export function percent(share: number): string {
    const rounded = Math.round(share * 100);
    const shown = share < 1 && rounded === 100 ? 99 : share > 0 && rounded === 0 ? 1 : rounded;
    return `${shown}${language() === "ru" ? NARROW : ""}%`;
}

const units = { ru: ["Б", "КБ", "МБ", "ГБ", "ТБ"], en: ["B", "KB", "MB", "GB", "TB"] };

/** 2 ГБ, 14,5 МБ: powers of 1024. */
export function bytes(n: number): string {
    let power = 0;
    while (n >= 1024 && power < 4) {
        n /= 1024;
        power++;
    }
    return number(n, n < 10 && power > 0 ? 1 : 0) + NARROW + units[language()][power];
}

/** 0,9 с; 41 с; 3 мин 20 с; 2 ч 5 мин. */
export function duration(ms: number): string {
    const russian = language() === "ru";
    const [h, m, s, milli] = russian ? ["ч", "мин", "с", "мс"] : ["h", "min", "s", "ms"];
    if (ms < 100) return `${number(ms, ms < 10 ? 1 : 0)}${NARROW}${milli}`;
    if (ms < 10_000) return `${number(ms / 1000, 1)}${NARROW}${s}`;
    const seconds = Math.round(ms / 1000);
    if (seconds < 60) return `${seconds}${NARROW}${s}`;
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60)
        return `${minutes}${NARROW}${m}` + (seconds % 60 ? ` ${seconds % 60}${NARROW}${s}` : "");
    return (
        `${number(Math.floor(minutes / 60))}${NARROW}${h}` +
        (minutes % 60 ? ` ${minutes % 60}${NARROW}${m}` : "")
    );
}

type When = string | number | Date;

function dayKey(at: Date): string {
    return new Intl.DateTimeFormat("en-CA", { timeZone: safeZone(), dateStyle: "short" }).format(at);
}

function safeZone(): string {
    try {
        new Intl.DateTimeFormat("en", { timeZone: zone() });
        return zone();
    } catch {
        return "UTC";
    }
}

/** 2 ноября 2026 г. */
export function date(at: When): string {
    return dates({ day: "numeric", month: "long", year: "numeric" }).format(new Date(at));
}

/** 2 нояб.; with the year when it is not this one. */
export function shortDate(at: When): string {
    const then = new Date(at);
    const same = dayKey(then).slice(0, 4) === dayKey(new Date()).slice(0, 4);
    return dates({ day: "numeric", month: "short", ...(same ? {} : { year: "numeric" }) }).format(then);
}

/** 2 нояб., of a day of the calendar that the server names: "2026-11-02". */
export function calendarDay(day: string): string {
    const options = { day: "numeric", month: "short", timeZone: "UTC" } as const;
    return new Intl.DateTimeFormat(locales[language()], options).format(new Date(`${day}T00:00:00Z`));
}

/** 14:02 */
export function time(at: When): string {
    return dates({ hour: "2-digit", minute: "2-digit" }).format(new Date(at));
}

/** сегодня 14:02, вчера 9:15, 2 нояб. 10:15 */
export function when(at: When): string {
    const then = new Date(at);
    const russian = language() === "ru";
    if (dayKey(then) === dayKey(new Date())) return `${russian ? "сегодня" : "today"} ${time(then)}`;
    if (dayKey(then) === dayKey(new Date(Date.now() - 86_400_000)))
        return `${russian ? "вчера" : "yesterday"} ${time(then)}`;
    return `${shortDate(then)} ${time(then)}`;
}

/** To the second, with the zone's name: what a tooltip says. */
export function exact(at: When): string {
    return dates({
        day: "numeric",
        month: "long",
        year: "numeric",
        hour: "2-digit",
        minute: "2-digit",
        second: "2-digit",
        timeZoneName: "short",
    }).format(new Date(at));
}

/** 14:02:09 */
export function clock(at: When): string {
    return dates({ hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(new Date(at));
}

/** A number with its word: rows(2, …) is "2 строки". */
export function counted(n: number, ru: [string, string, string], en: [string, string]): string {
    return `${number(n)} ${language() === "ru" ? pluralRu(n, ...ru) : pluralEn(n, ...en)}`;
}
