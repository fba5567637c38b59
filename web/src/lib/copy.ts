// Putting text into the clipboard, and saying so.
import { common } from "../messages/common.ts";
import { say } from "./say.svelte.ts";

/** True when it is there.  A page without TLS has no clipboard of its own: the old way does it then. */
export async function copy(text: string): Promise<boolean> {
    let done = false;
    try {
        await navigator.clipboard.writeText(text);
        done = true;
    } catch {
        const area = document.createElement("textarea");
        area.value = text;
        area.className = "unseen";
        area.readOnly = true;
        // Inside an open dialog nothing else can be selected.
        (document.querySelector("dialog[open]") ?? document.body).append(area);
        const focused = document.activeElement as HTMLElement | null;
        area.select();
        done = document.execCommand("copy");
        area.remove();
        focused?.focus();
    }
    say(done ? common.copied : common.copyFailed, done ? "plain" : "error");
    return done;
}
