// The key that the examples are filled in with.

let key = $state.raw<{ id: string; name: string; key: string } | null>(null);

export function shownKey(): { id: string; name: string; key: string } | null {
    return key;
}

export function showKey(to: { id: string; name: string; key: string } | null): void {
    key = to;
}
