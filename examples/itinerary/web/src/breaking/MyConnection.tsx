import { useSyncExternalStore } from "react";
import { Lever } from "./Lever.tsx";
import { LeverButton } from "./LeverButton.tsx";
import type { Line } from "./line.ts";

interface MyConnectionProps {
  line: Line;
  /** Last event that is shown. */
  seq: number;
  /** Seconds between two heartbeats, or null when that is not known. */
  pingS: number | null;
}

/** The stream of this page, in the page itself. */
export function MyConnection({ line, seq, pingS }: MyConnectionProps) {
  const { stalled, open, made } = useSyncExternalStore(line.subscribe, line.getState);
  const heartbeats = pingS === null ? "missed heartbeats" : `${Math.round(2.5 * pingS)} s without a heartbeat`;
  return (
    <Lever
      title="My connection"
      does="Cutting gives up the request behind this page in mid-stream. Stalling leaves unread what arrives, and tells nobody."
      watch={
        <>
          cut, the page asks for what follows event {seq}, often sooner than you can see it. Stalled, it notices after{" "}
          {heartbeats}, says so and connects anew; when you end the stall, it catches up. Nothing is missed, nothing
          comes twice.
        </>
      }
    >
      <div className="actions">
        <LeverButton idle={open === 0} onPress={line.cut}>
          Cut it
        </LeverButton>
        <label className="switch">
          <input
            type="checkbox"
            role="switch"
            checked={stalled}
            aria-checked={stalled}
            onChange={({ target }) => (target.checked ? line.stall() : line.flow())}
          />
          <span>Stall it</span>
        </label>
      </div>
      <dl className="facts">
        <dt>Connections made</dt>
        <dd>{made}</dd>
        <dt>Being read now</dt>
        <dd>{stalled ? `none, ${open} stalled` : open}</dd>
      </dl>
    </Lever>
  );
}
