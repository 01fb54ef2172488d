import { useKeptFocus } from "@headway-run/react";
import { Problem } from "@headway-run/react/components";
import { useState } from "react";
import { type Builder, type RequestError, upload } from "../api.ts";
import type { SideDraft } from "../model/draft.ts";

export interface UploadFieldProps {
  label: string;
  draft: SideDraft;
  limits: Builder["limits"];
  onChange: (change: (before: SideDraft) => SideDraft) => void;
}

/** Files are sent as they are chosen, one by one: each that cannot be read says why, and the others stay. */
export function UploadField({ label, draft, limits, onChange }: UploadFieldProps) {
  const [busy, setBusy] = useState(0);
  const [troubles, setTroubles] = useState<{ name: string; text: string; hint: string | null }[]>([]);
  const kept = useKeptFocus<HTMLDivElement>();

  const send = async (file: File) => {
    if (file.size > limits.bytes) throw tooLarge(file, limits.bytes);
    const document = await upload(file);
    onChange((before) => ({
      ...before,
      documents: [...before.documents.filter(({ id }) => id !== document.id), document],
    }));
  };

  const choose = async (files: File[]) => {
    setTroubles([]);
    setBusy((count) => count + files.length);
    for (const file of files) {
      await send(file).catch((error: RequestError) => {
        const trouble = { name: file.name, text: error.message, hint: error.hint ?? null };
        setTroubles((all) => [...all, trouble]);
      });
      setBusy((count) => count - 1);
    }
  };

  const remove = (id: string) =>
    onChange((before) => ({ ...before, documents: before.documents.filter((one) => one.id !== id) }));

  return (
    <div className="source stack" {...kept}>
      <label className="field">
        <span>Files with {label.toLowerCase()}</span>
        <input
          type="file"
          multiple
          accept=".txt,.md,.markdown,.rst,.html,.htm,.pdf"
          onChange={({ target }) => {
            void choose([...(target.files ?? [])]);
            target.value = "";
          }}
        />
        <small className="hw-muted">
          {limits.kinds}, at most {Math.round(limits.bytes / 1_048_576)} MB each.
        </small>
      </label>
      {draft.documents.length > 0 && (
        <ul className="files">
          {draft.documents.map(({ id, name, words }) => (
            <li key={id}>
              <span>
                {name} <small className="hw-muted">{words.toLocaleString("en")} words</small>
              </span>
              <button type="button" className="hw-button" aria-label={`Remove ${name}`} onClick={() => remove(id)}>
                Remove
              </button>
            </li>
          ))}
        </ul>
      )}
      <p className="hw-muted" role="status">
        {busy > 0 && "Reading…"}
      </p>
      {troubles.map(({ name, text, hint }) => (
        <Problem key={name} hint={hint} urgent>
          {text.startsWith(`${name}: `) ? `“${name}”: ${text.slice(name.length + 2)}` : text}
        </Problem>
      ))}
    </div>
  );
}

function tooLarge({ name, size }: File, most: number): Error & { hint: string } {
  const text = `${name}: it has ${size.toLocaleString("en")} bytes; at most ${most.toLocaleString("en")} are read`;
  return Object.assign(new Error(text), { hint: "upload its chapters one by one" });
}
