import type { Route } from "../../lib/routes.ts";

export const audit: Route[] = [
    { pattern: "/audit", load: () => import("./audit.svelte"), section: "audit", right: "company" },
];
