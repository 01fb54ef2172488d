import { defineConfig } from "tsdown";

export default defineConfig({
  entry: ["src/index.ts", "src/components/index.ts", "src/words/index.ts"],
  format: "esm",
  platform: "neutral",
  target: "es2022",
  dts: true,
  unbundle: true,
  sourcemap: true,
  outExtensions: () => ({ js: ".js", dts: ".d.ts" }),
});
