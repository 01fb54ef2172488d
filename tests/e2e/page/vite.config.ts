import react from "@vitejs/plugin-react";
import { defaultClientConditions, defineConfig } from "vite";

/** The tests build it into a folder of their own. In development mode: StrictMode does nothing in a production build of React. */
export default defineConfig({
  base: "./",
  mode: "development",
  plugins: [react()],
  define: { "process.env.NODE_ENV": '"development"' },
  resolve: { conditions: ["@headway-run/source", ...defaultClientConditions] },
  build: {
    target: "es2022",
    minify: false,
    rolldownOptions: { input: ["index.html", "many.html", "outbox.html", "react.html", "tabs.html"] },
  },
});
