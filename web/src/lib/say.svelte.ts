// What is said in passing: "Скопировано".  Shown for a few seconds, and read aloud by a screen reader.

export interface Said {
    id: number;
    text: string;
    kind: "plain" | "error";
}

let list = $state.raw<Said[]>([]);
let next = 1;

export function said(): Said[] {
    return list;
}

/** An error stays until it is closed. */
export function say(text: string, kind: Said["kind"] = "plain"): void {
    const id = next++;
    list = [...list.filter((one) => one.text !== text), { id, text, kind }];
    if (kind === "plain") setTimeout(() => unsay(id), 5000);
}

export function unsay(id: number): void {
    list = list.filter((one) => one.id !== id);
}
