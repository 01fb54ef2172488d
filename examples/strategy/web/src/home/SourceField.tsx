import type { Builder } from "../api.ts";
import type { SideDraft, SourceKind } from "../model/draft.ts";
import { Choice } from "../parts/Choice.tsx";
import { UploadField } from "./UploadField.tsx";

const KINDS: Record<SourceKind, string> = {
  none: "None",
  sample: "Sample",
  site: "Site",
  paste: "Paste",
  upload: "Upload",
};

const SIDES = {
  own: {
    legend: "Your text",
    about: "What you have written so far.",
    kinds: ["sample", "site", "paste", "upload"],
    sample: "Headway's own documentation",
  },
  competitors: {
    legend: "Competitors' text",
    about: "For the gaps: what they write about and you do not.",
    kinds: ["none", "sample", "site", "paste", "upload"],
    sample: "Documentation of two other projects about background jobs, under the MIT licence",
  },
} as const;

export interface SourceFieldProps {
  side: keyof typeof SIDES;
  draft: SideDraft;
  builder: Builder;
  onChange: (change: (before: SideDraft) => SideDraft) => void;
}

/** Where one side's text comes from. What was written under another choice stays, for those who come back to it. */
export function SourceField({ side, draft, builder, onChange }: SourceFieldProps) {
  const { legend, about, kinds } = SIDES[side];
  return (
    <fieldset className="side">
      <legend>{legend}</legend>
      <p className="hw-muted">{about}</p>
      <div className="choices">
        {kinds.map((kind) => (
          <Choice
            key={kind}
            name={`${side}-kind`}
            checked={draft.kind === kind}
            onChoose={() => onChange((before) => ({ ...before, kind }))}
          >
            {KINDS[kind]}
          </Choice>
        ))}
      </div>
      <Source side={side} draft={draft} builder={builder} onChange={onChange} />
    </fieldset>
  );
}

function Source({ side, draft, builder, onChange }: SourceFieldProps) {
  const { legend, sample } = SIDES[side];
  switch (draft.kind) {
    case "sample": {
      const { documents, words } = builder.sample[side];
      return (
        <p className="source">
          {sample}: {documents} texts, {words.toLocaleString("en")} words.
        </p>
      );
    }
    case "site":
      return (
        <label className="field source">
          <span>Address of the site ({legend.toLowerCase()})</span>
          <input
            type="url"
            inputMode="url"
            required
            placeholder="https://example.com/"
            list={`${side}-sites`}
            value={draft.site}
            onChange={({ target }) => onChange((before) => ({ ...before, site: target.value }))}
          />
          <datalist id={`${side}-sites`}>
            {Object.entries(builder.sites).map(([name, url]) => (
              <option key={url} value={url}>
                {name}
              </option>
            ))}
          </datalist>
          <small className="hw-muted">Its first page and those it links to are read, as its robots.txt allows.</small>
        </label>
      );
    case "paste":
      return (
        <label className="field source">
          <span>{legend}, as plain text or Markdown</span>
          <textarea
            rows={6}
            required
            value={draft.text}
            onChange={({ target }) => onChange((before) => ({ ...before, text: target.value }))}
          />
        </label>
      );
    case "upload":
      return <UploadField label={legend} draft={draft} limits={builder.limits} onChange={onChange} />;
    default:
      return <p className="source hw-muted">Nothing is compared; there are no gaps then.</p>;
  }
}
