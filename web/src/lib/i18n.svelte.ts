// The language of the page and its texts.  Texts are split by area: messages/ru/AREA.ts is the original,
// messages/en/AREA.ts has its type, so that a missing text does not compile.  A text with values in it is a function.

export type Language = "ru" | "en";

const KEY = "language";

function first(): Language {
    try {
        const kept = localStorage.getItem(KEY);
        if (kept === "ru" || kept === "en") return kept;
    } catch {
        // A browser that keeps nothing starts in Russian each time.
    }
    return "ru";
}

let current = $state<Language>(first());

/** The language of the page; reading it in markup or an effect follows its changes. */
export function language(): Language {
    return current;
}

/** Shows the page in another language from now on, here and at the next visit. */
export function setLanguage(to: Language): void {
    current = to;
    document.documentElement.lang = to;
    try {
        localStorage.setItem(KEY, to);
    } catch {
        // It holds until the page is left.
    }
}

/**
 * The texts of an area in the language of the page:
 *   const t = texts({ ru, en });   <h1>{t.title}</h1>  {t.rows(17)}
 * Read them where they are shown: a text kept in a constant does not follow the language.
 */
export function texts<M extends object>(both: Record<Language, M>): M {
    return new Proxy(both.ru, {
        get: (_, key) => Reflect.get(both[current], key),
    });
}
