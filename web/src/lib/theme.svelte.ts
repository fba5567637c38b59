// The theme: the system's, or one that was chosen here.  public/before.js sets it before the first paint.

export type Theme = "auto" | "light" | "dark";

const KEY = "theme";

function first(): Theme {
    const set = document.documentElement.dataset["theme"];
    return set === "dark" || set === "light" ? set : "auto";
}

let current = $state<Theme>(first());

export function theme(): Theme {
    return current;
}

export function setTheme(to: Theme): void {
    current = to;
    if (to === "auto") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = to;
    try {
        if (to === "auto") localStorage.removeItem(KEY);
        else localStorage.setItem(KEY, to);
    } catch {
        // It holds until the page is left.
    }
}
