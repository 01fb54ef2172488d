import type { Output } from "@headway-run/client";
import { memo, type ReactNode } from "react";

export interface OutputTextProps {
  /** As it stands in the snapshot: `run.outputs[key]`. */
  output: Output | undefined;
  /** It is still being written: the run goes on. @defaultValue as long as the output is not finished */
  writing?: boolean | undefined;
  /** Shown before the first word. */
  placeholder?: ReactNode;
  /** Draws a paragraph; has to be the same function every time. @defaultValue as it is */
  paragraph?: ((text: string) => ReactNode) | undefined;
}

/**
 * Text as it is being written. Paragraphs that are complete are not drawn again. It is no live region: hardly anybody wants
 * to hear it word by word; who reads with a screen reader reads it like any other text.
 */
export function OutputText({
  output,
  writing = output?.finished === false,
  placeholder,
  paragraph,
}: OutputTextProps): ReactNode {
  const paragraphs = (output?.text ?? "").split(/\n\n+/).filter((text) => text.trim());
  const dropped = output?.from_offset ?? 0;
  return (
    <div className="hw-text" aria-busy={writing}>
      {dropped > 0 && <p className="hw-muted">The first {dropped.toLocaleString("en")} characters are not shown.</p>}
      {paragraphs.length === 0 && placeholder}
      {paragraphs.map((text, index) => (
        <Paragraph
          // biome-ignore lint/suspicious/noArrayIndexKey: a text only grows at its end
          key={index}
          text={text}
          draw={paragraph}
          last={writing && index === paragraphs.length - 1}
        />
      ))}
      {writing && <p className="hw-muted">Writing…</p>}
    </div>
  );
}

interface ParagraphProps {
  text: string;
  draw: ((text: string) => ReactNode) | undefined;
  /** The one that grows. */
  last: boolean;
}

const Paragraph = memo(function Paragraph({ text, draw, last }: ParagraphProps) {
  return (
    <p>
      {draw ? draw(text) : text}
      {last && <span className="hw-caret" aria-hidden="true" />}
    </p>
  );
});
