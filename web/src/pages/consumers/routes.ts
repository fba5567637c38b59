// The customers: the list and each one's page.
import type { Route } from "../../lib/routes.ts";

export const consumers: Route[] = [];
