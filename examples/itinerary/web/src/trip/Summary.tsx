import type { Output, RunStatus } from "@headway-run/client";
import { OutputText } from "@headway-run/react/components";
import { hasEnded } from "@headway-run/react/words";

/** The text, as it is being written. */
export function Summary({ output, status }: { output: Output | undefined; status: RunStatus | null }) {
  if (!output && hasEnded(status)) return null;
  return (
    <section className="hw-panel stack summary" aria-labelledby="summary">
      <h2 id="summary">The trip in words</h2>
      <OutputText
        output={output}
        writing={output !== undefined && !output.finished && !hasEnded(status)}
        placeholder={<p className="hw-muted">Written once the days are planned.</p>}
        paragraph={headed}
      />
    </section>
  );
}

/** `Saturday in Paris: …` */
function headed(text: string) {
  const at = text.indexOf(": ");
  if (at < 0) return text;
  return (
    <>
      <strong>{text.slice(0, at)}.</strong> {text.slice(at + 2)}
    </>
  );
}
