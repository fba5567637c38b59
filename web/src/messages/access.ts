import { texts } from "../lib/i18n.svelte.ts";
import { en } from "./en/access.ts";
import { ru } from "./ru/access.ts";

export const access = texts({ ru, en });
