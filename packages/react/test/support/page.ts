import { act, cleanup, waitFor } from "@testing-library/react";
import type { TestEnvironment } from "../../../client/test/support/environment.ts";
import type { WireServer } from "../../../client/test/support/server.ts";

/** Wait until the page shows something, while time goes on. */
export function shown(environment: TestEnvironment, check: () => void): Promise<void> {
  return waitFor(() => {
    act(() => environment.advance(33));
    check();
  });
}

/** Leave the page, and let the moment pass after which connections close. */
export async function leave(environment: TestEnvironment, server: WireServer): Promise<void> {
  cleanup();
  environment.advance(1_000);
  await server.close();
}
