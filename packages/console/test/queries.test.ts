import { onlineManager } from "@tanstack/react-query";
import { afterEach, expect, it } from "vitest";
import { queries } from "../src/queries.ts";

afterEach(() => onlineManager.setOnline(true));

it("the server is asked also where the browser believes that there is no network", async () => {
  onlineManager.setOnline(false);
  const answer = queries.fetchQuery({ queryKey: ["there"], queryFn: async () => "there" });
  expect(queries.getQueryState(["there"])?.fetchStatus).toBe("fetching");
  expect(await answer).toBe("there");
});
