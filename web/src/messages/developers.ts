import { texts } from "../lib/i18n.svelte.ts";
import { en } from "./en/developers.ts";
import { ru } from "./ru/developers.ts";

export const developers = texts({ ru, en });
