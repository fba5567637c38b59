import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, loadEnv } from "vite";

// Where a running server answers while the app is developed: ./dev web.
const server = loadEnv("", ".", "CLIENTELE_")["CLIENTELE_URL"] ?? "http://127.0.0.1:8080";

export default defineConfig({
    base: "/cabinet/",
    plugins: [svelte()],
    build: {
        target: "es2022",
        // The page's policy forbids inline scripts, and nothing may come from a data: address but images.
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        reportCompressedSize: false,
        chunkSizeWarningLimit: 200,
    },
    server: {
        proxy: { "/cabinet/api": server, "/v4": server, "/docs": server },
    },
});
