import { defineConfig } from "tsdown";

export default defineConfig([
  // The package, for bundlers.
  {
    entry: [
      "src/index.ts",
      "src/folding.ts",
      "src/list.ts",
      "src/outbox.ts",
      "src/status.ts",
      "src/many.ts",
      "src/share.ts",
      "src/faces.ts",
    ],
    format: "esm",
    platform: "neutral",
    target: "es2022",
    dts: true,
    unbundle: true,
    sourcemap: true,
    outExtensions: () => ({ js: ".js", dts: ".d.ts" }),
  },
  // The client and its parser as one module, for pages without a bundler: the server offers it as `/client.js`.
  {
    entry: { client: "src/index.ts" },
    format: "esm",
    platform: "browser",
    target: "es2022",
    dts: false,
    minify: true,
    outDir: "../../src/headway/static",
    clean: false,
    deps: { alwaysBundle: [/./] },
    outExtensions: () => ({ js: ".js" }),
  },
]);
