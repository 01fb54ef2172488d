/** Requests the client package has no words for. Whatever goes wrong is a `HeadwayError`. */

import { HeadwayError } from "@headway-run/client";
import { headway } from "./client.ts";

/**
 * Ask this page's Headway for JSON.
 *
 * @param path Below Headway's prefix, as `/v1/jobs`.
 */
export async function ask<Answer>(path: string, signal: AbortSignal): Promise<Answer> {
  const response = await headway.shared.request(`${headway.shared.baseUrl}${path}`, { signal });
  return response.json().catch(() => {
    throw new HeadwayError("protocol");
  });
}
