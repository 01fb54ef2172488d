import react from "@vitejs/plugin-react";
import { defaultClientConditions, defineConfig, type Plugin } from "vite";

/** A running Headway, for `npm run dev`: its API is reached through the development server. */
const HEADWAY = process.env["HEADWAY_URL"] ?? "http://127.0.0.1:8000";
const DEVELOPED_AT = "/console/";

/** The server makes the page's `<base>` lead to the app's root; while the app is developed, nobody else does. */
const base: Plugin = {
  name: "headway-base",
  apply: "serve",
  transformIndexHtml: {
    order: "pre",
    handler: (html) => html.replace('<base href="./"', `<base href="${DEVELOPED_AT}"`),
  },
};

/** What every page needs, in one file of a known name, so that its size can have a limit. */
const BASE = [
  "/node_modules/(react|react-dom|scheduler|use-sync-external-store)/",
  "/node_modules/@tanstack/(history|react-router|react-store|router-core|store)/",
  "/packages/client/src/(?!outbox|status|faces|many|share|list|rows|folding)",
  "/packages/console/src/(shell/|search|place|client|clock)",
].map((pattern) => new RegExp(pattern));

function isBase(file: string): boolean {
  return BASE.some((pattern) => pattern.test(file));
}

/** Built into the Python package, which serves it at `/console/` of wherever Headway is mounted. */
export default defineConfig(({ command }) => ({
  base: command === "serve" ? DEVELOPED_AT : "./",
  plugins: [react(), base],
  resolve: { conditions: ["@headway-run/source", ...defaultClientConditions] },
  server: { proxy: { "/v1": HEADWAY } },
  build: {
    target: "es2022",
    outDir: "../../src/headway/static/console",
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "base", test: isBase }] } } },
  },
}));
