import { mount } from "svelte";
import "./app.css";
import App from "./app.svelte";
import { language } from "./lib/i18n.svelte.ts";

document.documentElement.lang = language();
mount(App, { target: document.getElementById("app")! });
