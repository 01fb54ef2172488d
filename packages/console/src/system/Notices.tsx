import { Badge } from "@headway-run/react/components";
import type { Sign } from "@headway-run/react/words";
import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { fullTime } from "../model/words.ts";
import { Dialog } from "../parts/Dialog.tsx";
import { Icon } from "../parts/Icon.tsx";
import { Ago } from "../parts/Time.tsx";
import { Trouble } from "../parts/Trouble.tsx";
import { queries } from "../queries.ts";
import { endNotice, type Level, noticesQuery, putNotice, type StandingNotice, sayOnce, type Whom } from "./query.ts";
import { Words, wordsIn } from "./Words.tsx";

const SIGNS: Record<Level, Sign> = {
  info: { word: "For information", icon: "circle", tone: "busy" },
  warning: { word: "Warning", icon: "alert", tone: "warn" },
  critical: { word: "Critical", icon: "alert", tone: "bad" },
};
const LASTS: readonly [name: string, seconds: number | null][] = [
  ["Until it is taken away", null],
  ["15 minutes", 900],
  ["1 hour", 3600],
  ["8 hours", 28_800],
  ["1 day", 86_400],
];
const WHOM = ["run", "viewer", "client", "group"] as const;
const NAMES = { run: "Run", viewer: "User", client: "Client", group: "Group" };

/** What stands before viewers, and putting something there. */
export function Notices() {
  const { data: notices, error, refetch } = useQuery(noticesQuery, queries);
  const [writing, setWriting] = useState(false);
  const [ending, setEnding] = useState<StandingNotice | null>(null);
  const [done, setDone] = useState("");
  const title = useId();
  const say = (text: string) => {
    setDone(text);
    void refetch();
  };
  return (
    <section className="stack" aria-labelledby={title}>
      <div className="section-head">
        <h2 id={title}>Notices</h2>
        <button type="button" className="hw-button" aria-haspopup="dialog" onClick={() => setWriting(true)}>
          <Icon name="plus" />
          New notice
        </button>
      </div>
      <p role="status" className="done small">
        {done}
      </p>
      {!notices && error && <Trouble error={error} what="the notices" onAgain={() => void refetch()} />}
      {notices?.length === 0 && <p className="empty">No notice stands before viewers.</p>}
      {notices && notices.length > 0 && (
        <ul className="standing-notices">
          {notices.map((notice) => (
            <li key={notice.id} className="hw-panel standing" data-notice={notice.id}>
              <Badge {...SIGNS[notice.level]} />
              <div className="standing-words">
                <p>{notice.text}</p>
                <p className="muted small">
                  <Ago time={notice.at} /> ·{" "}
                  {notice.until ? `until ${fullTime(notice.until)}` : "until it is taken away"} · {toWhom(notice.to)}
                </p>
              </div>
              <button
                type="button"
                className="hw-button"
                data-small
                aria-haspopup="dialog"
                aria-label={`Take away: ${notice.text}`}
                onClick={() => setEnding(notice)}
              >
                Take away
              </button>
            </li>
          ))}
        </ul>
      )}
      {writing && <NewNotice onDone={say} onClose={() => setWriting(false)} />}
      {ending && (
        <Dialog
          title="Take this notice away?"
          action="Take it away"
          danger
          onSubmit={() => endNotice(ending.id).then(() => say("The notice was taken away."))}
          onClose={() => setEnding(null)}
        >
          <p>“{ending.text}” goes from before everybody who has it.</p>
        </Dialog>
      )}
    </section>
  );
}

function NewNotice({ onDone, onClose }: { onDone: (text: string) => void; onClose: () => void }) {
  const id = useId();
  const send = async (form: FormData) => {
    const { text, level } = wordsIn(form);
    const to = whomIn(form);
    if (form.get("lasts") === "once") {
      const { reached, unreached } = await sayOnce(text, level, to);
      onDone(`Said to ${reached}${unreached ? `; ${unreached} could not be reached: they poll, or do not read` : ""}.`);
      return;
    }
    const [, seconds = null] = LASTS.find(([name]) => name === form.get("lasts")) ?? [];
    await putNotice(text, level, seconds, to);
    onDone("The notice stands before viewers.");
  };
  return (
    <Dialog title="New notice" action="Put it before viewers" onSubmit={send} onClose={onClose}>
      <Words />
      <div className="field">
        <label htmlFor={`${id}-lasts`}>How long it stands</label>
        <select id={`${id}-lasts`} name="lasts">
          {LASTS.map(([name]) => (
            <option key={name}>{name}</option>
          ))}
          <option value="once">Only for who watches now</option>
        </select>
      </div>
      <details className="more">
        <summary>Only for some</summary>
        <div className="fields">
          {WHOM.map((name) => (
            <div key={name} className="field">
              <label htmlFor={`${id}-${name}`}>{NAMES[name]}</label>
              <input id={`${id}-${name}`} name={name} maxLength={200} autoComplete="off" placeholder="Any" />
            </div>
          ))}
        </div>
      </details>
    </Dialog>
  );
}

function whomIn(form: FormData): Whom {
  const given = WHOM.map((name) => [name, `${form.get(name) ?? ""}`.trim()]).filter(([, value]) => value !== "");
  return Object.fromEntries(given);
}

function toWhom(to: Whom): string {
  const named = WHOM.filter((name) => to[name]).map((name) => `${NAMES[name].toLowerCase()} ${to[name]}`);
  return named.length > 0 ? `to ${named.join(", ")}` : "to everybody";
}
