// Everything about imports: the place to drop a file, the history, each import, the help page.
import type { Route } from "../../lib/routes.ts";

export const imports: Route[] = [];
