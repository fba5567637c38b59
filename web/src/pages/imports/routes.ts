// Everything about imports: the place to drop a file, the history, each import, the help page.
import type { Route } from "../../lib/routes.ts";

export const imports: Route[] = [
    { pattern: "/settings/import", load: () => import("./start.svelte"), section: "imports" },
    { pattern: "/settings/import/consumers", load: () => import("./start.svelte"), section: "imports" },
    { pattern: "/imports", load: () => import("./history.svelte"), section: "imports", wide: true },
    { pattern: "/imports/{id}", load: () => import("./task.svelte"), section: "imports" },
    { pattern: "/help/import", load: () => import("./help.svelte"), section: "imports" },
];
