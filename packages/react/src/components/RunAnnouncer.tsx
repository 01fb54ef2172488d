import type { Snapshot } from "@headway-run/client";
import { type ReactNode, useEffect, useRef, useState } from "react";
import type { ConnectionStatus } from "../hooks/useConnectionStatus.ts";
import { createSpeaker, type Heard, type NewsWords, newsBetween, type Speaker } from "../words/announce.ts";

export interface RunAnnouncerProps extends NewsWords {
  run: Snapshot | null;
  /** Of `useConnectionStatus`. */
  status: Pick<ConnectionStatus, "outdated">;
}

/**
 * Tells those who do not see the page what is new since it was opened, at a pace one can listen to: a change of status or
 * phase, each quarter, a failure, a connection lost for ten seconds and back again; at most one message in five seconds.
 * One stands on a page, from the beginning: a status region that comes with its text is not heard.
 */
export function RunAnnouncer({ run, status: { outdated }, phases, statuses }: RunAnnouncerProps): ReactNode {
  const [text, setText] = useState("");
  const speaker = useRef<Speaker | null>(null);
  const before = useRef<Heard | null>(null);
  useEffect(() => {
    const current = createSpeaker(setText);
    speaker.current = current;
    return () => current.stop();
  }, []);
  useEffect(() => {
    if (!run) return;
    const after = { run, outdated };
    const same = before.current?.run.run_id === run.run_id;
    if (before.current && same) speaker.current?.tell(newsBetween(before.current, after, { phases, statuses }));
    before.current = after;
  }, [run, outdated, phases, statuses]);
  return (
    <p className="hw-hidden" role="status">
      {text}
    </p>
  );
}
