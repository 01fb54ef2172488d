import { Notice } from "../parts/Notice.tsx";
import { useTitle } from "../shell/useTitle.ts";

/** How the server is. */
export function SystemPage() {
  useTitle("System");
  return (
    <>
      <h1 tabIndex={-1}>System</h1>
      <Notice title="Health and metrics">
        <a href="../healthz">/healthz</a>, <a href="../readyz">/readyz</a>, <a href="../metrics">/metrics</a>
      </Notice>
    </>
  );
}
