// Between a moment and what a calendar and a clock in the company's zone show.

interface Fields {
    date: string;
    time: string;
}

function parts(at: Date, zone: string): Record<string, string> {
    const format = new Intl.DateTimeFormat("en-CA", {
        timeZone: zone,
        year: "numeric",
        month: "2-digit",
        day: "2-digit",
        hour: "2-digit",
        minute: "2-digit",
        second: "2-digit",
        hourCycle: "h23",
    });
    return Object.fromEntries(format.formatToParts(at).map((part) => [part.type, part.value]));
}

/** What date and time inputs show of a moment: 2026-09-25 and 14:03:11. */
export function toInputs(at: string, zone: string): Fields {
    const then = new Date(at);
    if (Number.isNaN(then.getTime())) return { date: "", time: "" };
    const p = parts(then, zone);
    return {
        date: `${p["year"]!.padStart(4, "0")}-${p["month"]}-${p["day"]}`,
        time: `${p["hour"]}:${p["minute"]}:${p["second"]}`,
    };
}

function offsetMinutes(at: number, zone: string): number {
    const p = parts(new Date(at), zone);
    const shown = Date.UTC(
        +p["year"]!,
        +p["month"]! - 1,
        +p["day"]!,
        +p["hour"]!,
        +p["minute"]!,
        +p["second"]!,
    );
    return Math.round((shown - Math.floor(at / 1000) * 1000) / 60_000);
}

/**
 * The moment as RFC 3339 with the zone's offset: 2026-09-25T14:03:11+03:00; null when there is no such date.  What a
 * change of the clocks leaves out is taken as the time before it; what it repeats, as the first of the two.
 */
export function fromInputs(date: string, time: string, zone: string): string | null {
    const clock = /^\d{2}:\d{2}$/.test(time) ? `${time}:00` : time || "00:00:00";
    const local = Date.parse(`${date}T${clock}Z`);
    if (Number.isNaN(local)) return null;
    const day = 86_400_000;
    const candidates = [offsetMinutes(local - day, zone), offsetMinutes(local + day, zone)];
    const offset =
        candidates.find((one) => offsetMinutes(local - one * 60_000, zone) === one) ?? candidates[0]!;
    const sign = offset < 0 ? "-" : "+";
    const pad = (n: number) => String(n).padStart(2, "0");
    return `${date}T${clock}${sign}${pad(Math.floor(Math.abs(offset) / 60))}:${pad(Math.abs(offset) % 60)}`;
}
