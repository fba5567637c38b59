// The time zone that dates are shown in: the company's, once a company is known.

let current = $state(Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC");

export function zone(): string {
    return current;
}

export function setZone(to: string): void {
    current = to;
}
