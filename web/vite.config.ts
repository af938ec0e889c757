import react from "@vitejs/plugin-react";
import { defineConfig, loadEnv } from "vite";

// Paths of the server that are not files of the portal; `npm run dev` passes them on.
const SERVER = loadEnv("", ".", "VEDETTE_")["VEDETTE_URL"] ?? "https://127.0.0.1:8443";
const proxied = ["/portal/api", "/portal/oidc", "/v1", "/vedette", "/subscriptions", "/providers"];

export default defineConfig({
  base: "/portal/",
  plugins: [react()],
  server: {
    proxy: Object.fromEntries(proxied.map((path) => [path, { target: SERVER, secure: false }])),
  },
  build: {
    outDir: "../build/portal",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 12000,
    reportCompressedSize: false,
  },
  worker: { format: "es" },
});
