import type { Notice, RunHandle } from "@headway-run/client";
import { useNow } from "@headway-run/react";
import { useEffect, useState } from "react";

/** One with an id stands until it is over, or its time has passed; one without is said once. */
interface Told extends Notice {
  readonly id?: string;
  readonly until?: string | null;
  readonly over?: boolean;
}

/** What operators of the server tell everybody who watches. It stays until one has read it, or it is over. */
export function OperatorNotices({ handle }: { handle: RunHandle }) {
  const [notices, setNotices] = useState<readonly Told[]>([]);
  const now = useNow(notices.length > 0 ? 5_000 : null);
  useEffect(() => {
    const told = new Set<string>(); // one that stands comes again with every stream
    return handle.on("notice", (notice: Told) => {
      const { id, over } = notice;
      if (over === true) setNotices((before) => before.filter((one) => one.id !== id));
      else if (id === undefined || !told.has(id)) setNotices((before) => [...before, notice]);
      if (id !== undefined) told.add(id);
    });
  }, [handle]);
  const standing = notices.filter(({ until }) => !until || Date.parse(until) > now);
  return (
    <div role="status" className="notices">
      {standing.map((notice) => (
        <div key={notice.id ?? notice.text} className="hw-banner" data-kind="notice">
          <p>
            <strong>From the operators: </strong>
            {notice.text}
          </p>
          <button
            type="button"
            className="hw-button"
            onClick={() => setNotices((before) => before.filter((one) => one !== notice))}
          >
            Close
          </button>
        </div>
      ))}
    </div>
  );
}
