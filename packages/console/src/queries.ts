/** What was asked of the server, kept while its pages are looked at. It comes with the first page that asks. */

import { HeadwayError } from "@headway-run/client";
import { QueryClient } from "@tanstack/react-query";

/** How often something is asked for again before its trouble is shown. */
const RETRIES = 2;

// Also where the browser believes that it has no network: it may be wrong, and a server on the same machine needs none.
export const queries = new QueryClient({
  defaultOptions: { queries: { networkMode: "always", retry: shouldRetry, staleTime: 5_000 } },
});
queries.mount(); // for as long as the page is there

function shouldRetry(failures: number, error: Error): boolean {
  return failures < RETRIES && error instanceof HeadwayError && error.retryable;
}
