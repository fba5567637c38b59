// What was typed and not yet sent outlives a reload, a look at another page and the back button: it is kept in the
// tab's own storage under the name of the form until it is sent or thrown away.  Never for passwords.

export interface Draft<T> {
    /** What the fields are bound to. */
    value: T;
    /** Whether it differs from what the server has. */
    readonly changed: boolean;
    /** It was sent: this is what the server has now, and the draft is gone. */
    saved(server: T): void;
    /** Back to what the server has. */
    reset(): void;
}

/**
 * A form's values: what was typed before, else `initial`, which is what the server has.  `name` names the form and what
 * it is about: "webhook:17".  Call it in a component that is made when `initial` is known.
 */
export function draft<T extends object>(name: string, initial: T): Draft<T> {
    const key = `draft:${name}`;
    let base = $state.raw($state.snapshot(initial) as T);
    let value = $state(structuredClone($state.snapshot(initial)) as T);
    const isChanged = () => JSON.stringify(value) !== JSON.stringify(base);

    try {
        const kept = sessionStorage.getItem(key);
        if (kept) value = { ...value, ...(JSON.parse(kept) as T) };
    } catch {
        // Nothing kept.
    }

    $effect(() => {
        const text = JSON.stringify(value);
        try {
            if (text === JSON.stringify(base)) sessionStorage.removeItem(key);
            else sessionStorage.setItem(key, text);
        } catch {
            // Full or forbidden: the page itself still has it.
        }
    });

    return {
        get value() {
            return value;
        },
        set value(to: T) {
            value = to;
        },
        get changed() {
            return isChanged();
        },
        saved(server: T) {
            base = structuredClone($state.snapshot(server)) as T;
            value = structuredClone($state.snapshot(server)) as T;
        },
        reset() {
            value = structuredClone(base);
        },
    };
}
