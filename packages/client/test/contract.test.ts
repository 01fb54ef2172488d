// @vitest-environment node
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { contract } from "../scripts/contract.ts";

test("the generated types are those of the contract: else `npm run generate -w @headway-run/client`", async () => {
  const committed = await readFile(fileURLToPath(new URL("../src/contract.gen.ts", import.meta.url)), "utf8");
  expect(committed).toBe(await contract());
});
