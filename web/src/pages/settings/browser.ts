/** "Firefox, Windows" of what a browser says about itself; "" when it says nothing known. */
export function browserName(header: string | null): string {
    if (!header) return "";
    const browsers: [RegExp, string][] = [
        [/YaBrowser\//, "Яндекс Браузер"],
        [/Edg(?:e|A|iOS)?\//, "Edge"],
        [/OPR\//, "Opera"],
        [/(?:Firefox|FxiOS)\//, "Firefox"],
        [/(?:Chrome|CriOS|Chromium)\//, "Chrome"],
        [/Safari\//, "Safari"],
    ];
    const systems: [RegExp, string][] = [
        [/iPhone|iPad/, "iOS"],
        [/Android/, "Android"],
        [/Windows/, "Windows"],
        [/Mac OS X|Macintosh/, "macOS"],
        [/CrOS/, "ChromeOS"],
        [/Linux/, "Linux"],
    ];
    const of = (list: [RegExp, string][]) => list.find(([pattern]) => pattern.test(header))?.[1];
    return [of(browsers), of(systems)].filter(Boolean).join(", ") || header.slice(0, 60);
}
