export interface BarsProps {
  ours: number;
  /** Null: there is nobody to compare with. */
  theirs: number | null;
  /** What a whole bar stands for. */
  most: number;
  text: (value: number) => string;
}

/** Both sides as bars, each with its value in words: nobody has to measure. */
export function Bars({ ours, theirs, most, text }: BarsProps) {
  return (
    <dl className="bars">
      <Bar label="Yours" side="ours" value={ours} most={most} text={text} />
      {theirs !== null && <Bar label="Theirs" side="theirs" value={theirs} most={most} text={text} />}
    </dl>
  );
}

interface BarProps extends Pick<BarsProps, "most" | "text"> {
  label: string;
  side: "ours" | "theirs";
  value: number;
}

function Bar({ label, side, value, most, text }: BarProps) {
  const share = most > 0 ? Math.min(100, (100 * value) / most) : 0;
  return (
    <div data-side={side}>
      <dt>{label}</dt>
      <dd>
        <span className="track" aria-hidden="true">
          <i style={{ inlineSize: `${share}%` }} />
        </span>
        {text(value)}
      </dd>
    </div>
  );
}
