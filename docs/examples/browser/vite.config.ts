import react from "@vitejs/plugin-react";
import type { ProxyOptions, UserConfig } from "vite";

/** What `headway serve` serves. */
const server: ProxyOptions = {
  target: "http://127.0.0.1:8000",
  configure: (proxy) => {
    // Vite does not pass on that the server died: the page would notice by heartbeats that do not come.
    proxy.on("proxyRes", (answer, _request, toPage) => {
      answer.on("error", () => toPage.destroy());
    });
  },
};

const config: UserConfig = {
  plugins: [react()],
  server: { proxy: { "/headway": server, "/api": server } }, // Headway's routes, and those of your own
};
export default config;
