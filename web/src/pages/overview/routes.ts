import type { Route } from "../../lib/routes.ts";

export const overview: Route[] = [
    { pattern: "/", load: () => import("./overview.svelte"), section: "overview" },
];
