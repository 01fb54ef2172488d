import type { Output, RunStatus } from "@headway-run/client";
import { hasEnded } from "../model/status.ts";

/** The text, as it is being written. */
export function Summary({ output, status }: { output: Output | undefined; status: RunStatus | null }) {
  const paragraphs = (output?.text ?? "").split(/\n\n+/).filter((text) => text.trim());
  const writing = output !== undefined && !output.finished && !hasEnded(status);
  if (!output && hasEnded(status)) return null;
  return (
    <section className="panel stack summary" aria-labelledby="summary" aria-busy={writing}>
      <h2 id="summary">The trip in words</h2>
      {paragraphs.length === 0 && <p className="muted">Written once the days are planned.</p>}
      {paragraphs.map((text, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a text only grows at its end
        <Paragraph key={index} text={text} />
      ))}
      {writing && <p className="muted writing">Writing…</p>}
    </section>
  );
}

/** `Saturday in Paris: …` */
function Paragraph({ text }: { text: string }) {
  const at = text.indexOf(": ");
  return at < 0 ? (
    <p>{text}</p>
  ) : (
    <p>
      <strong>{text.slice(0, at)}.</strong> {text.slice(at + 2)}
    </p>
  );
}
