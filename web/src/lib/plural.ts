// Plural forms by the rules of the language: 1 строка, 2 строки, 5 строк.

const rules = { ru: new Intl.PluralRules("ru"), en: new Intl.PluralRules("en") };

/** The form of a Russian word that stands after n: one (1, 21), few (2-4, 22-24) or many (0, 5-20); fractions take few. */
export function pluralRu(n: number, one: string, few: string, many: string): string {
    switch (rules.ru.select(n)) {
        case "one":
            return one;
        case "many":
            return many;
        default:
            return few;
    }
}

/** The form of an English word that stands after n. */
export function pluralEn(n: number, one: string, other: string): string {
    return rules.en.select(n) === "one" ? one : other;
}
