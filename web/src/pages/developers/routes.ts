// What programs need: tokens, examples, the requests that came.
import type { Route } from "../../lib/routes.ts";

export const developers: Route[] = [
    { pattern: "/developers", load: () => import("./index.svelte"), section: "developers", right: "write" },
    {
        pattern: "/developers/tokens",
        load: () => import("./tokens.svelte"),
        section: "developers",
        right: "company",
    },
    {
        pattern: "/developers/examples",
        load: () => import("./examples.svelte"),
        section: "developers",
        right: "write",
    },
    {
        pattern: "/developers/requests",
        load: () => import("./requests.svelte"),
        section: "developers",
        right: "write",
    },
];
