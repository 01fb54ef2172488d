import { Fragment, memo, type ReactNode } from "react";

/** The little Markdown sections are written in: paragraphs, lists, what is bold. Everything else is text. */
export const Markdown = memo(function Markdown({ text }: { text: string }) {
  return (
    <div className="prose">
      {blocksOf(text).map((lines, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a text only grows at its end
        <Block key={index} lines={lines} />
      ))}
    </div>
  );
});

function Block({ lines }: { lines: readonly string[] }) {
  if (!isItem(lines[0] ?? "")) return <p>{marked(lines.join(" "))}</p>;
  return (
    <ul>
      {lines.map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the same
        <li key={index}>{marked(line.replace(ITEM, ""))}</li>
      ))}
    </ul>
  );
}

const ITEM = /^[-*] /;
const isItem = (line: string) => ITEM.test(line);

/** Lines that belong together: those of a list, those of a paragraph. */
function blocksOf(text: string): string[][] {
  const blocks: string[][] = [];
  let open = false;
  for (const line of text.split("\n")) {
    const block = blocks.at(-1);
    if (!line.trim()) open = false;
    else if (open && block && isItem(block[0] ?? "") === isItem(line)) block.push(line);
    else {
      blocks.push([line]);
      open = true;
    }
  }
  return blocks;
}

/** Text with what stands between double stars in bold. */
export function marked(text: string): ReactNode {
  return text.split("**").map((part, index) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: a text only grows at its end
    index % 2 === 1 ? <strong key={index}>{part}</strong> : <Fragment key={index}>{part}</Fragment>,
  );
}
